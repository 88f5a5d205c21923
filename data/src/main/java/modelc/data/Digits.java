package modelc.data;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import modelc.runtime.Column;

/**
 * The built-in set: digits as if written by hand, 28 by 28, made when they are first read; no file
 * is needed. Sample i is a function of seed and i alone, its label i modulo 10.
 */
final class Digits implements DataSet {
  /** Kept in memory up to so many; beyond it they are made again each time. */
  private static final int KEPT = 500_000;

  private final long seed;
  private final long first;
  private final int count;
  private final AtomicReferenceArray<byte[]> made;

  /**
   * Samples {@code first} to {@code first + count - 1} of the endless row that {@code seed} names.
   */
  Digits(long seed, long first, int count) {
    this.seed = seed;
    this.first = first;
    this.count = count;
    this.made = new AtomicReferenceArray<>(Math.min(count, KEPT));
  }

  @Override
  public List<Column> columns() {
    return GrayImages.COLUMNS;
  }

  @Override
  public long size() {
    return count;
  }

  @Override
  public void read(long sample, long epoch, MemorySegment[] rows) {
    int i = Math.toIntExact(java.util.Objects.checkIndex(sample, (long) count));
    byte[] pixels = i < made.length() ? made.getAcquire(i) : null;
    int label = (int) ((first + i) % 10);
    if (pixels == null) {
      pixels = DigitPen.write(label, new Draws(seed, first + i));
      if (i < made.length()) {
        made.setRelease(
            i, pixels); // two threads may make the same one: it does not matter whose is kept
      }
    }
    GrayImages.write(pixels, 0, label, rows);
  }
}
