package modelc.runtime;

import org.jspecify.annotations.Nullable;

/** A file cannot be found, read or written. */
public final class FileException extends ModelcException {
  private static final long serialVersionUID = 1;

  public FileException(String code, String message, String cure) {
    this(code, message, cure, null);
  }

  public FileException(String code, String message, String cure, @Nullable Throwable cause) {
    super(code, message, cure, cause);
  }
}
