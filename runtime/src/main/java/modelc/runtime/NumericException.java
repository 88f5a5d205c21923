package modelc.runtime;

/** The loss or a gradient is no longer a finite number; the weights are those before the step. */
public final class NumericException extends ModelcException {
  private static final long serialVersionUID = 1;
  private final long step;
  private final String cause;

  public NumericException(String code, String message, String cure, long step) {
    this(code, message, "", cure, step);
  }

  /**
   * An exception that knows the cause.
   *
   * @param cause lines for people, as {@link Diagnosis} found them; may be empty
   */
  NumericException(String code, String message, String cause, String cure, long step) {
    super(code, message, cure, null);
    this.step = step;
    this.cause = cause;
  }

  /** The step that was not applied, from 1. */
  public long step() {
    return step;
  }

  /** What was found out about the cause, in lines for people; empty if nothing. */
  public String found() {
    return cause;
  }

  @Override
  String details() {
    return cause.isEmpty() ? "" : "\n" + cause.stripTrailing();
  }
}
