package modelc.runtime;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A file cannot be found, read or written. */
public final class FileException extends ModelcException {
  private static final long serialVersionUID = 1;

  /** That {@code path} cannot be read. */
  public static FileException cannotRead(Path path, IOException e) {
    var exception =
        new FileException(
            "R0302",
            "cannot read " + path + ": " + AtomicFile.reason(e),
            "check the path, and that you may read it",
            e);
    exception.at(path);
    return exception;
  }

  public FileException(String code, String message, String cure) {
    this(code, message, cure, null);
  }

  public FileException(String code, String message, String cure, @Nullable Throwable cause) {
    super(code, message, cure, cause);
  }
}
