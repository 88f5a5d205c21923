package modelc.runtime;

import org.jspecify.annotations.Nullable;

/** Something is larger than a limit of this machine or of the format. */
public final class LimitException extends ModelcException {
  private static final long serialVersionUID = 1;

  public LimitException(String code, String message, String cure) {
    this(code, message, cure, null);
  }

  public LimitException(String code, String message, String cure, @Nullable Throwable cause) {
    super(code, message, cure, cause);
  }
}
