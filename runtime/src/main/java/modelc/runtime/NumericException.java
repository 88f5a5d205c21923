package modelc.runtime;

/** The loss or a gradient is no longer a finite number; the weights are those before the step. */
public final class NumericException extends ModelcException {
  private static final long serialVersionUID = 1;
  private final long step;

  public NumericException(String code, String message, String cure, long step) {
    super(code, message, cure, null);
    this.step = step;
  }

  /** The step that was not applied, from 1. */
  public long step() {
    return step;
  }
}
