package modelc.cli;

import java.util.LinkedHashMap;
import modelc.runtime.TrainingListener;

/**
 * Prints an object of JSON a line an epoch on standard output. The last line, which ends the run,
 * is the command's.
 */
final class JsonLines implements TrainingListener {
  @Override
  public void epoch(Epoch e) {
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
}
