package modelc.data;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Keeps decoded pictures in memory, a byte a value, until its bound is reached; what is kept then
 * stays. As each epoch reads every picture once, no choice of what to drop would hit more often.
 */
final class PictureCache extends Transform.Each {
  /** Bytes kept unless a source says otherwise: 1 GiB, or a quarter of the heap if that is less. */
  static final long DEFAULT_BYTES = Math.min(1L << 30, Runtime.getRuntime().maxMemory() / 4);

  private final long bound;
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicReferenceArray<Example> kept;

  PictureCache(Pictures base, long bound) {
    super(base);
    this.bound = bound;
    this.kept = new AtomicReferenceArray<>(base.count());
  }

  @Override
  public Example read(int i, long epoch) {
    Example e = kept.getAcquire(i);
    if (e != null) {
      return e;
    }
    e = base.read(i, 0);
    long more = e.bytes();
    if (bytes.addAndGet(more) > bound || !kept.compareAndSet(i, null, e)) {
      bytes.addAndGet(-more); // no room, or another thread has put it there meanwhile
    }
    return e;
  }

  /** Bytes kept so far. */
  long bytes() {
    return bytes.get();
  }
}
