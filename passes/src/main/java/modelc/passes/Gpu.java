package modelc.passes;

import modelc.ir.Precision;

/**
 * What the passes know about the GPU they schedule for; it names no instruction set. One schedule
 * serves all devices: what it computes depends on sizes alone.
 *
 * @param residentThreads threads that a device of the kind has at work at a time: with fewer than
 *     that there is more to gain from cutting work into pieces
 * @param sharedBytes shared memory a block may have without asking for more
 * @param precision of the factors of matrix products and convolutions
 * @param leastForWarpgroups results that a product in a lower precision has at least for four warps
 *     to multiply together, where the device can; 0: always
 * @param leastForPacking multiply-adds that a product has at least for a factor whose neighbours
 *     lie apart to be packed first: below, a launch costs more than it saves; 0: always
 */
public record Gpu(
    long residentThreads,
    long sharedBytes,
    Precision precision,
    long leastForWarpgroups,
    long leastForPacking)
    implements Hardware {
  private static final long LEAST_FOR_PACKING = 1_000_000_000;

  /** NVIDIA's devices of compute capability 8.0 and up. */
  public static final Gpu SM_80 =
      new Gpu(128 * 1024, 48 << 10, Precision.FLOAT32, Long.MAX_VALUE, LEAST_FOR_PACKING);

  /** Of capability 9.0 alone, whose tensor cores take matrices of four warps from shared memory. */
  public static final Gpu SM_90A =
      new Gpu(128 * 1024, 48 << 10, Precision.FLOAT32, 1 << 19, LEAST_FOR_PACKING);

  public Gpu withPrecision(Precision precision) {
    return new Gpu(residentThreads, sharedBytes, precision, leastForWarpgroups, leastForPacking);
  }

  public Gpu withLeastForWarpgroups(long results) {
    return new Gpu(residentThreads, sharedBytes, precision, results, leastForPacking);
  }

  public Gpu withLeastForPacking(long products) {
    return new Gpu(residentThreads, sharedBytes, precision, leastForWarpgroups, products);
  }
}
