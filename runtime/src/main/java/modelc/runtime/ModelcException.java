package modelc.runtime;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What can go wrong outside the program's own faults, told so that the reader can act: a code that
 * documentation explains, what is wrong and where, and what to do about it.
 */
public abstract sealed class ModelcException extends RuntimeException
    permits UsageException,
        DeviceException,
        DataException,
        FileException,
        LimitException,
        NumericException,
        NativeException,
        SourceException {
  private static final long serialVersionUID = 1;
  private final String code;
  private final String cure;
  private @Nullable String place;

  ModelcException(String code, String message, String cure, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
    this.cure = cure;
  }

  /** Stable, documented, e.g. {@code R0102}. */
  public String code() {
    return code;
  }

  /** The file, or the line of a source, where one is to blame. */
  public Optional<String> place() {
    return Optional.ofNullable(place);
  }

  /** Names the place, unless it is known already; to be thrown on. */
  public ModelcException at(Object blamed) {
    if (place == null) {
      place = blamed.toString();
    }
    return this;
  }

  /** What the reader can do. */
  public String cure() {
    return cure;
  }

  /** Code, message and cure, as a person should see them. */
  public String render() {
    return "error[" + code + "]: " + getMessage() + details() + "\n  = help: " + cure;
  }

  /** More lines between message and cure, each with a line break before it. */
  String details() {
    return "";
  }
}
