package modelc.data;

/**
 * Random numbers of one sample: SplitMix64 from a key, and arithmetic that IEEE 754 defines to the
 * bit, so that a sample is the same on every machine. Not for cryptography.
 */
final class Draws {
  private long state;

  Draws(long seed, long sample) {
    state = mix(mix(seed) ^ sample);
  }

  /** Those of {@code what} for a sample in an epoch. */
  Draws(long seed, String what, long epoch, long sample) {
    this(mix(mix(seed ^ what.hashCode()) ^ epoch), sample);
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  private long next() {
    state += 0x9E3779B97F4A7C15L;
    return mix(state);
  }

  /** From 0 to below 1. */
  double unit() {
    return (next() >>> 11) * 0x1p-53;
  }

  double between(double low, double high) {
    return low + (high - low) * unit();
  }

  boolean chance(double probability) {
    return unit() < probability;
  }

  /** From 0 to {@code bound - 1}. */
  int below(int bound) {
    return (int) (unit() * bound);
  }

  /** Nearly normal, mean 0, deviation 1, never beyond 3.5: the sum of four uniform draws. */
  double normal() {
    long bits = next();
    long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
    return (sum - 131070.0) * (1.7320508075688772 / 65536);
  }
}
