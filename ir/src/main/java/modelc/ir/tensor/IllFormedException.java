package modelc.ir.tensor;

/**
 * A program, entry or function that breaks an invariant of Tensor IR; the message names the place
 * and the invariant.
 */
public final class IllFormedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public IllFormedException(String message) {
    super(message);
  }
}
