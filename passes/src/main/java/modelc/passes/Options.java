package modelc.passes;

/**
 * What a caller may choose about the passes. Defaults are for users; it holds nothing about the
 * target machine.
 *
 * @param fuse false: every op becomes a kernel of its own (to compare with, and to find faults)
 * @param vectorize false: loops stay scalar
 * @param verify run the verifiers after every pass
 */
public record Options(boolean fuse, boolean vectorize, boolean verify) {
  /** What users get. */
  public static final Options DEFAULT = new Options(true, true, false);

  public Options withFuse(boolean fuse) {
    return new Options(fuse, vectorize, verify);
  }

  public Options withVectorize(boolean vectorize) {
    return new Options(fuse, vectorize, verify);
  }

  public Options withVerify(boolean verify) {
    return new Options(fuse, vectorize, verify);
  }
}
