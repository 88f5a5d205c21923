package modelc.bundle;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Says in a sentence what a failure of the file system was. */
public final class FileProblem {
  private FileProblem() {}

  /** That of {@code failure}, with the file's name where it is known. */
  public static String of(IOException failure) {
    return switch (failure) {
      case NoSuchFileException e -> e.getFile() + ": there is no such file";
      case FileSystemException e ->
          e.getFile() + ": " + (e.getReason() == null ? "cannot be used" : e.getReason());
      default -> String.valueOf(failure.getMessage());
    };
  }
}
