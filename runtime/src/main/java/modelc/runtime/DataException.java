package modelc.runtime;

import org.jspecify.annotations.Nullable;

/** A file or a data set is damaged, or does not fit the model. */
public final class DataException extends ModelcException {
  private static final long serialVersionUID = 1;

  public DataException(String code, String message, String cure) {
    this(code, message, cure, null);
  }

  public DataException(String code, String message, String cure, @Nullable Throwable cause) {
    super(code, message, cure, cause);
  }
}
