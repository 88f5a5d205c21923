package modelc.backend.llvm;

/** LLVM refused what this backend gave it: a fault of the compiler, never of the user's model. */
public final class CodeGenerationException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public CodeGenerationException(String message) {
    super(message);
  }
}
