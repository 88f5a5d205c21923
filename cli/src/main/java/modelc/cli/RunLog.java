package modelc.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.stream.Collectors;
import modelc.runtime.TrainingListener;

/**
 * Writes a line of CSV an epoch, and passes everything on. A full disk costs the log, not the run.
 */
final class RunLog implements TrainingListener, AutoCloseable {
  private final Path file;
  private final TrainingListener next;
  private boolean headerWritten;
  private boolean failed;

  RunLog(Path file, boolean append, TrainingListener next) {
    this.file = file;
    this.next = next;
    this.headerWritten = append && Files.exists(file);
    if (!headerWritten) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public void started(long step, long steps) {
    next.started(step, steps);
  }

  @Override
  public void step(Step step) {
    next.step(step);
  }

  @Override
  public void epoch(Epoch e) {
    next.epoch(e);
    try {
      if (!headerWritten) {
        write("epoch,step," + String.join(",", e.metrics().keySet()) + ",seconds\n");
        headerWritten = true;
      }
      String numbers =
          e.metrics().values().stream()
              .map(v -> Double.toString(v))
              .collect(Collectors.joining(","));
      write(
          String.format(Locale.ROOT, "%d,%d,%s,%.3f%n", e.epoch(), e.step(), numbers, e.seconds()));
    } catch (IOException x) {
      if (!failed) {
        failed = true;
        next.warning("the log " + file + " cannot be written: " + x.getMessage());
      }
    }
  }

  @Override
  public void checkpoint(Path path, long step) {
    next.checkpoint(path, step);
  }

  @Override
  public void warning(String message) {
    next.warning(message);
  }

  private void write(String text) throws IOException {
    Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  @Override
  public void close() {}
}
