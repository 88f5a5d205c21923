package modelc.passes.lower;

/** An element was asked for that only loops of its own can compute. */
public final class NotPullableException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  NotPullableException(String message) {
    super(message);
  }
}
