package modelc.frontend;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import modelc.frontend.elaborate.Compilation;
import modelc.frontend.parse.DeepStack;

/** The front end's way in: a source to its checked form. It trains and runs nothing. */
public final class Frontend {
  private Frontend() {}

  /**
   * Reads, checks and elaborates a file with what it imports.
   *
   * @throws modelc.frontend.diagnostic.DiagnosticException if it is wrong or over a limit
   * @throws IOException if a file cannot be read
   */
  public static Checked load(Path file, FrontendOptions options) throws IOException {
    try {
      return DeepStack.call(
          () -> {
            try {
              return Compilation.of(file, options);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * Checks and elaborates a text, which imports nothing.
   *
   * @param name how messages call it
   * @throws modelc.frontend.diagnostic.DiagnosticException if it is wrong or over a limit
   */
  public static Checked load(String name, String text, FrontendOptions options) {
    return DeepStack.call(() -> Compilation.of(name, text, options));
  }
}
