package modelc.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What Jazzer calls: reads its input as a file of the kind that the property {@code modelc.foreign}
 * names, in the folder that {@code modelc.foreign.folder} names.
 */
public final class ForeignFileFuzzer {
  private static final ForeignFile KIND =
      ForeignFile.valueOf(System.getProperty("modelc.foreign", "model").toUpperCase(Locale.ROOT));
  private static final Path FOLDER = folder();

  static {
    // Loads the classes, which takes longer than any input may.
    try {
      for (byte[] bytes : KIND.kept().values()) {
        KIND.takes(FOLDER, bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ForeignFileFuzzer() {}

  private static Path folder() {
    try {
      return Files.createDirectories(
          Path.of(System.getProperty("modelc.foreign.folder", "target/foreign")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One input; whatever it throws is a finding. */
  public static void fuzzerTestOneInput(byte[] bytes) throws IOException {
    KIND.takesInTime(FOLDER, bytes);
  }
}
