package modelc.data;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The built-in set: digits as if written by hand, 28 by 28, made when they are first read; no file
 * is needed. Sample i is a function of seed and i alone, its label i modulo 10.
 */
final class Digits implements Pictures {
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
  public int count() {
    return count;
  }

  @Override
  public int label(int i) {
    return (int) ((first + i) % 10);
  }

  @Override
  public String name(int i) {
    return "digits[" + (first + i) + "]";
  }

  @Override
  public boolean costly() {
    return false; // made once, then kept
  }

  @Override
  public Example read(int i, long epoch) {
    byte[] pixels = i < made.length() ? made.getAcquire(i) : null;
    if (pixels == null) {
      pixels = DigitPen.write(label(i), new Draws(seed, first + i));
      if (i < made.length()) {
        // Two threads may make the same one: it does not matter whose is kept.
        made.setRelease(i, pixels);
      }
    }
    return Example.labelled(new Picture(1, DigitSource.SIZE, pixels), label(i));
  }
}
