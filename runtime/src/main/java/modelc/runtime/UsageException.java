package modelc.runtime;

import org.jspecify.annotations.Nullable;

/**
 * The caller asked for something that cannot be: an unknown name, a wrong size, a closed session.
 */
public final class UsageException extends ModelcException {
  private static final long serialVersionUID = 1;

  public UsageException(String code, String message, String cure) {
    this(code, message, cure, null);
  }

  public UsageException(String code, String message, String cure, @Nullable Throwable cause) {
    super(code, message, cure, cause);
  }
}
