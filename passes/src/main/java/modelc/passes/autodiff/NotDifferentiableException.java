package modelc.passes.autodiff;

import modelc.ir.Origin;

/** A gradient would have to flow through something that has none. */
public final class NotDifferentiableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient Origin origin;
  private final String reason;

  /**
   * Made where the gradient stops.
   *
   * @param what the function or op, by its name in the language or the text form
   * @param reason why it has no gradient
   * @param origin where it was applied
   */
  public NotDifferentiableException(String what, String reason, Origin origin) {
    super(what + " has no gradient: " + reason);
    this.origin = origin;
    this.reason = reason;
  }

  public Origin origin() {
    return origin;
  }

  public String reason() {
    return reason;
  }
}
