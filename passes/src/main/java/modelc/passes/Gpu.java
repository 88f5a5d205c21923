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
 */
public record Gpu(long residentThreads, long sharedBytes, Precision precision) implements Hardware {
  /** NVIDIA's devices of compute capability 8.0 and up. */
  public static final Gpu SM_80 = new Gpu(128 * 1024, 48 << 10, Precision.FLOAT32);

  public Gpu withPrecision(Precision precision) {
    return new Gpu(residentThreads, sharedBytes, precision);
  }
}
