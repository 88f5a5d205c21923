package modelc.frontend.parse;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import modelc.frontend.Limits;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.frontend.diagnostic.Sources;
import modelc.ir.Span;

/** Reads source files, no further than a limit and as strict UTF-8. */
public final class SourceText {
  private SourceText() {}

  /**
   * The text of a file.
   *
   * @param name how messages call it
   * @throws DiagnosticException if it is larger than {@code fileBytes}, or not UTF-8
   * @throws IOException if it cannot be read
   */
  public static String read(Path file, String name, Limits limits) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, name, limits);
    }
  }

  /** As the other, from a stream. */
  public static String read(InputStream in, String name, Limits limits) throws IOException {
    byte[] bytes = in.readNBytes(limits.fileBytes() + 1);
    if (bytes.length > limits.fileBytes()) {
      throw tooLarge(name, new Sources(), limits);
    }
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    CharBuffer text = CharBuffer.allocate(bytes.length);
    CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(rest, text, true);
    text.flip();
    if (result.isError()) {
      throw notText(name, text.toString());
    }
    return text.toString();
  }

  /** {@code before}: what could be read. */
  private static DiagnosticException notText(String name, String before) {
    var sources = new Sources();
    sources.add(name, before + "\uFFFD");
    int line = (int) before.chars().filter(c -> c == '\n').count() + 1;
    int column = before.length() - before.lastIndexOf('\n');
    Diagnostic d =
        Diagnostic.of(
            Code.NOT_TEXT,
            new Span(name, line, column, line, column + 1),
            "this file is not UTF-8 text",
            "the first byte that cannot be read");
    return new DiagnosticException(List.of(d), sources);
  }

  static DiagnosticException tooLarge(String name, Sources sources, Limits limits) {
    Diagnostic d =
        Diagnostic.of(
            Code.LIMIT_FILE,
            new Span(name, 1, 1, 1, 2),
            "this file is larger than " + limits.fileBytes() + " bytes",
            "the limit `fileBytes`");
    return new DiagnosticException(List.of(d), sources);
  }
}
