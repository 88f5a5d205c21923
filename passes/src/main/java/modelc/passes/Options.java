package modelc.passes;

import modelc.ir.Precision;

/**
 * What a caller may choose about the passes. Defaults are for users; it holds nothing about the
 * target machine.
 *
 * @param fuse false: every op becomes a kernel of its own (to compare with, and to find faults)
 * @param vectorize false: loops stay scalar
 * @param verify run the verifiers after every pass
 * @param precision of the factors of matrix products and convolutions, where the machine has it:
 *     GPUs do, CPUs compute in float32
 */
public record Options(boolean fuse, boolean vectorize, boolean verify, Precision precision) {
  /** What users get. */
  public static final Options DEFAULT = new Options(true, true, false, Precision.FLOAT32);

  /** In float32. */
  public Options(boolean fuse, boolean vectorize, boolean verify) {
    this(fuse, vectorize, verify, Precision.FLOAT32);
  }

  public Options withFuse(boolean fuse) {
    return new Options(fuse, vectorize, verify, precision);
  }

  public Options withVectorize(boolean vectorize) {
    return new Options(fuse, vectorize, verify, precision);
  }

  public Options withVerify(boolean verify) {
    return new Options(fuse, vectorize, verify, precision);
  }

  public Options withPrecision(Precision precision) {
    return new Options(fuse, vectorize, verify, precision);
  }
}
