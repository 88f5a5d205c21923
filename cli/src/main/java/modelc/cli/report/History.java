package modelc.cli.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import modelc.runtime.TrainingListener;

/** The epochs of a run so far, those before it was resumed included: its log holds them. */
final class History {
  /** One epoch; what is not known is NaN. */
  record Row(
      int epoch,
      long step,
      SequencedMap<String, Double> metrics,
      double seconds,
      double samplesPerSecond,
      double waited) {}

  private final List<Row> rows = new ArrayList<>();

  List<Row> rows() {
    return rows;
  }

  void add(TrainingListener.Epoch e) {
    add(
        new Row(
            e.epoch(), e.step(), e.metrics(), e.seconds(), e.samplesPerSecond(), e.waitShare()));
  }

  /** An epoch that was cut short is replaced by the whole one. */
  private void add(Row row) {
    rows.removeIf(r -> r.epoch >= row.epoch);
    rows.add(row);
  }

  /** Takes over what a log of earlier epochs says; lines that are damaged are left out. */
  void read(Path log) {
    try {
      if (!Files.exists(log)) {
        return;
      }
      List<String> lines = Files.readAllLines(log);
      String[] names = lines.isEmpty() ? new String[0] : lines.getFirst().split(",");
      for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
        String[] cells = line.split(",");
        if (cells.length == names.length) {
          row(names, cells);
        }
      }
    } catch (IOException e) {
      rows.clear(); // then the curves begin where the run goes on
    }
  }

  private void row(String[] names, String[] cells) {
    var numbers = new LinkedHashMap<String, Double>();
    try {
      for (int i = 0; i < names.length; i++) {
        numbers.put(names[i], Double.parseDouble(cells[i]));
      }
    } catch (NumberFormatException e) {
      return;
    }
    double epoch = take(numbers, "epoch");
    double step = take(numbers, "step");
    double seconds = take(numbers, "seconds");
    double rate = take(numbers, "samples_per_second");
    double waited = take(numbers, "waited");
    if (epoch >= 1) {
      add(new Row((int) epoch, (long) step, numbers, seconds, rate, waited));
    }
  }

  private static double take(SequencedMap<String, Double> numbers, String name) {
    Double value = numbers.remove(name);
    return value == null ? Double.NaN : value;
  }

  double seconds() {
    return rows.stream().mapToDouble(Row::seconds).filter(Double::isFinite).sum();
  }

  /** The share of the time in which the trainer waited for data, over all epochs. */
  double waited() {
    double waited = 0;
    double all = 0;
    for (Row r : rows) {
      if (Double.isFinite(r.waited) && Double.isFinite(r.seconds)) {
        waited += r.waited * r.seconds;
        all += r.seconds;
      }
    }
    return all == 0 ? Double.NaN : waited / all;
  }
}
