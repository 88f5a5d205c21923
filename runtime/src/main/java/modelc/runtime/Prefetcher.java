package modelc.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Assembles the next batches on a thread of its own while the present one is computed with. Batches
 * come in order; the last of an epoch may be smaller. It does not run anything on them.
 */
final class Prefetcher implements AutoCloseable {
  private static final int DEPTH = 3;

  /** Which sample is the {@code position}th of an epoch. */
  interface Order {
    long sample(long position);
  }

  /** The order of each epoch. */
  interface Orders {
    Order of(long epoch);
  }

  /** A batch ready to be computed with, until {@link #release}. */
  static final class Batch {
    private final MemorySegment[] columns;
    private int count;
    private @Nullable Throwable failure;

    private Batch(MemorySegment[] columns) {
      this.columns = columns;
    }

    /** How many samples. */
    int count() {
      return count;
    }

    /** The memory of column {@code i}: its samples one after the other. */
    MemorySegment column(int i) {
      return columns[i];
    }
  }

  private final BatchSource source;
  private final List<Column> columns;
  private final int batchSize;
  private final Orders orders;
  private final Arena arena = Arena.ofShared();
  private final BlockingQueue<Batch> free = new ArrayBlockingQueue<>(DEPTH + 1);
  private final BlockingQueue<Batch> ready = new ArrayBlockingQueue<>(DEPTH + 1);
  private final Thread thread;
  private volatile boolean stopped;
  private long waitedNanos;

  /**
   * Starts assembling.
   *
   * @param epoch the first epoch; 0: the only one
   * @param firstBatch of that epoch, from 0
   */
  Prefetcher(BatchSource source, int batchSize, Orders orders, long epoch, long firstBatch) {
    this.source = source;
    this.columns = source.columns();
    this.batchSize = batchSize;
    this.orders = orders;
    try {
      for (int i = 0; i < DEPTH; i++) {
        free.add(new Batch(allocate()));
      }
    } catch (ModelcException e) {
      arena.close();
      throw e;
    }
    thread =
        Thread.ofPlatform().daemon().name("modelc-data").start(() -> produce(epoch, firstBatch));
  }

  private MemorySegment[] allocate() {
    return columns.stream()
        .map(
            c ->
                NativeMemory.allocate(
                    arena, Math.multiplyExact(c.bytes(), batchSize), c.toString()))
        .toArray(MemorySegment[]::new);
  }

  /** How many batches an epoch of {@code source} has. */
  static long batches(BatchSource source, int batchSize) {
    return Math.ceilDiv(source.size(), (long) batchSize);
  }

  private void produce(long firstEpoch, long firstBatch) {
    Batch last = null;
    try {
      long perEpoch = batches(source, batchSize);
      long start = firstBatch;
      for (long epoch = firstEpoch; epoch == firstEpoch || firstEpoch > 0; epoch++) {
        Order order = orders.of(epoch);
        for (long b = start; b < perEpoch; b++) {
          last = free.take();
          if (stopped) {
            return;
          }
          fill(last, order, epoch, b);
          ready.put(last);
        }
        start = 0;
      }
    } catch (InterruptedException e) {
      // Nobody but close() ends this thread, and it does so by `stopped`.
    } catch (Throwable e) {
      if (last == null) {
        last = new Batch(new MemorySegment[0]);
      }
      last.failure = e;
      ready.add(last);
    }
  }

  private void fill(Batch batch, Order order, long epoch, long number) {
    long first = number * batchSize;
    batch.count = (int) Math.min(batchSize, source.size() - first);
    var rows = new MemorySegment[columns.size()];
    for (int i = 0; i < batch.count && !stopped; i++) {
      for (int c = 0; c < rows.length; c++) {
        long bytes = columns.get(c).bytes();
        rows[c] = batch.columns[c].asSlice(i * bytes, bytes);
      }
      source.read(order.sample(first + i), epoch, rows);
    }
  }

  /**
   * The next batch; waits for it if it must.
   *
   * @throws InterruptedException if the calling thread is interrupted while it waits
   */
  Batch next() throws InterruptedException {
    Batch batch = ready.poll();
    if (batch == null) {
      long start = System.nanoTime();
      batch = ready.take();
      waitedNanos += System.nanoTime() - start;
    }
    return switch (batch.failure) {
      case null -> batch;
      case ModelcException e -> throw e;
      case Throwable e -> throw new IllegalStateException("a data set failed", e);
    };
  }

  /** Gives a batch's memory back for a later one. */
  void release(Batch batch) {
    free.add(batch);
  }

  /** How long {@link #next} has waited in all. */
  long waitedNanos() {
    return waitedNanos;
  }

  @Override
  public void close() {
    stopped = true;
    free.offer(new Batch(new MemorySegment[0])); // wakes the thread; queues have room for it
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    arena.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
