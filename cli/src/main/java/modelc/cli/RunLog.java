package modelc.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import modelc.runtime.TrainingListener;

/** Writes a line of CSV an epoch. A full disk costs the log, not the run. */
final class RunLog implements TrainingListener {
  private final Path file;
  private final Consumer<String> warn;
  private boolean headerWritten;
  private boolean failed;

  /**
   * @param warn hears once if the log cannot be written
   */
  RunLog(Path file, boolean append, Consumer<String> warn) {
    this.file = file;
    this.warn = warn;
    this.headerWritten = append && Files.exists(file);
    if (!headerWritten) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Drops what a run wrote after its last checkpoint: {@code epoch} is the one to go on with, and
   * will be told again.
   */
  void keepBefore(int epoch) {
    if (!headerWritten) {
      return;
    }
    try {
      var kept = new StringBuilder();
      for (String line : Files.readString(file).split("(?<=\n)")) { // with their ends
        boolean header = kept.isEmpty();
        if (line.endsWith("\n") && (header || epoch(line) < epoch)) {
          kept.append(line);
        }
      }
      Path whole = file.resolveSibling(file.getFileName() + ".tmp");
      Files.writeString(whole, kept);
      Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      headerWritten = !kept.isEmpty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of a line of the log; one that is damaged is as good as one yet to come. */
  private static int epoch(String line) {
    try {
      return Integer.parseInt(line.substring(0, Math.max(0, line.indexOf(','))));
    } catch (NumberFormatException e) {
      return Integer.MAX_VALUE;
    }
  }

  @Override
  public void epoch(Epoch e) {
    try {
      if (!headerWritten) {
        String names = String.join(",", e.metrics().keySet());
        write("epoch,step," + names + ",seconds,samples_per_second,waited\n");
        headerWritten = true;
      }
      String numbers =
          e.metrics().values().stream()
              .map(v -> Double.toString(v))
              .collect(Collectors.joining(","));
      write(
          String.format(
              Locale.ROOT,
              "%d,%d,%s,%.3f,%.1f,%.4f\n",
              e.epoch(),
              e.step(),
              numbers,
              e.seconds(),
              e.samplesPerSecond(),
              e.waitShare()));
    } catch (IOException x) {
      if (!failed) {
        failed = true;
        warn.accept("the log " + file + " cannot be written: " + x.getMessage());
      }
    }
  }

  private void write(String text) throws IOException {
    // Forced to the disk before the checkpoint of the same epoch is: it never lacks a line.
    Files.writeString(
        file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND, StandardOpenOption.DSYNC);
  }
}
