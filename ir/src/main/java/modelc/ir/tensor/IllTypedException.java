package modelc.ir.tensor;

/** An op whose operands do not fit; the message shows the op and its operands' types. */
public final class IllTypedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public IllTypedException(String message) {
    super(message);
  }
}
