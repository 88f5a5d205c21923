package modelc.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/** Writes rows of named cells as CSV (RFC 4180); the first row's names are the header. */
final class CsvFile implements AutoCloseable {
  private final Writer out;
  private boolean begun;

  CsvFile(Path file) throws IOException {
    out = Files.newBufferedWriter(file);
  }

  void row(SequencedMap<String, String> cells) {
    try {
      if (!begun) {
        out.write(line(cells.sequencedKeySet()));
        begun = true;
      }
      out.write(line(cells.sequencedValues()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String line(Collection<String> cells) {
    return cells.stream().map(CsvFile::quoted).collect(Collectors.joining(",", "", "\n"));
  }

  private static String quoted(String cell) {
    boolean plain = cell.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? cell : '"' + cell.replace("\"", "\"\"") + '"';
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
