package modelc.backend.cpu;

/**
 * A compiled program: a relocatable object for the machine it was compiled on. It is not loaded: {@link Jit} does that.
 *
 * @param object the object file's bytes
 * @param llvmIr the module as it was written, before LLVM's passes
 * @param times how long the stages took
 */
public record CompiledObject(byte[] object, String llvmIr, Times times) {

  /** Milliseconds spent writing LLVM IR, parsing and verifying it, in LLVM's passes, and generating code. */
  public record Times(double write, double parse, double passes, double generate) {
    public double total() {
      return write + parse + passes + generate;
    }
  }

  /** The module after LLVM's passes. */
  public String optimisedLlvmIr() {
    return LlvmCompiler.optimised(llvmIr);
  }

  /** Assembly text of the same code, generated anew. */
  public String assembly() {
    return LlvmCompiler.assembly(llvmIr);
  }
}
