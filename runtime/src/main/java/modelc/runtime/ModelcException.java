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

  /** As {@link #at}: the byte of a file, or of what is in it, counted from 0. */
  public ModelcException atByte(Object file, long offset) {
    return at(file + ", byte " + offset);
  }

  /** As {@link #at}: a line and column of a text file, counted from 1; of a table the field. */
  public ModelcException atLine(Object file, long line, long column) {
    return at(file + ":" + line + ":" + column);
  }

  /** What the reader can do. */
  public String cure() {
    return cure;
  }

  /** Code, message, place (where the message does not name it) and cure, as a person reads them. */
  public String render() {
    String message = String.valueOf(getMessage());
    String where = place == null || message.contains(place) ? "" : "\n --> " + place;
    return "error[" + code + "]: " + message + where + details() + "\n  = help: " + cure;
  }

  /** More lines between message and cure, each with a line break before it. */
  String details() {
    return "";
  }
}
