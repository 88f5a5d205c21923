package modelc.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import modelc.runtime.TrainingListener;

/**
 * Prints an object of JSON a line an epoch on standard output, and passes everything on. The last
 * line, which ends the run, is the command's.
 */
final class JsonLines implements TrainingListener {
  private final TrainingListener next;

  JsonLines(TrainingListener next) {
    this.next = next;
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
    var line = new LinkedHashMap<String, Object>();
    line.put("epoch", e.epoch());
    line.put("step", e.step());
    line.putAll(e.metrics());
    e.tables().forEach((name, table) -> line.put(name, table.nested()));
    line.put("seconds", e.seconds());
    line.put("samples_per_second", e.samplesPerSecond());
    line.put("waited", e.waitShare());
    Json.line(line);
  }

  @Override
  public void checkpoint(Path path, long step) {
    next.checkpoint(path, step);
  }

  @Override
  public void warning(String message) {
    next.warning(message);
  }
}
