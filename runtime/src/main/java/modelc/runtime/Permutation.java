package modelc.runtime;

/**
 * Orders drawn from a seed: the same arguments give the same order on every machine, now and later.
 */
public final class Permutation {
  private Permutation() {}

  /**
   * The numbers 0 to {@code size - 1} in an order drawn from {@code seed} and {@code stream}.
   *
   * @throws LimitException if {@code size} is more than an array holds
   */
  public static int[] of(long size, long seed, long stream) {
    if (size > Integer.MAX_VALUE - 8) {
      throw new LimitException(
          "R0502",
          size + " samples cannot be shuffled",
          "at most " + (Integer.MAX_VALUE - 8) + " can: split the set");
    }
    int[] order = new int[(int) size];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    long key = mix(mix(seed) + stream);
    for (int i = order.length - 1; i > 0; i--) {
      // 32 random bits scaled to 0..i: a bias below 2^-32 per sample is of no consequence here.
      int j = (int) (((mix(key + i) >>> 32) * (i + 1)) >>> 32);
      int t = order[i];
      order[i] = order[j];
      order[j] = t;
    }
    return order;
  }

  /**
   * Stafford's mix 13 after a Weyl step, as in SplitMix64: counters become independent-looking
   * bits.
   */
  private static long mix(long counter) {
    long z = counter * 0x9E3779B97F4A7C15L + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
