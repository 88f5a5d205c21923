package modelc.runtime;

import org.jspecify.annotations.Nullable;

/**
 * A {@code .model} file is wrong; its place is {@code FILE:LINE:COLUMN}. Only a program that
 * compiles in process meets it.
 */
public final class SourceException extends ModelcException {
  private static final long serialVersionUID = 1;

  /**
   * @param code of the first thing that is wrong, e.g. {@code E0301}
   * @param message everything that is wrong, as the command line shows it
   */
  public SourceException(
      String code, String message, String cure, String place, @Nullable Throwable cause) {
    super(code, message, cure, cause);
    at(place);
  }
}
