package modelc.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import modelc.cli.report.Mistake;
import modelc.runtime.Measured;

/**
 * The tables a metric may be, as text: a confusion matrix, and the quotients of each class; of
 * those that fill more than a screen the worst. Numbers are {@link Progress}'s to show.
 */
final class MeasuredTables {
  private static final int WIDTH = 80;
  private static final int ROWS = 40;
  private static final int WORST = 10;

  private MeasuredTables() {}

  /**
   * All tables; classes go by their numbers where {@code classes} does not name them all.
   *
   * @param whole where all of a table that is shown in part can be found
   */
  static String text(Measured measured, List<String> classes, String whole) {
    var out = new StringBuilder();
    for (Map.Entry<String, Measured.Table> e : measured.tables().entrySet()) {
      Measured.Table t = e.getValue();
      switch (t.shape().size()) {
        case 1 -> out.append('\n').append(list(e.getKey(), t, classes, whole));
        case 2 -> out.append('\n').append(matrix(e.getKey(), t, classes, whole));
        default -> {} // In --json only: there is no way to show it on a page.
      }
    }
    return out.toString();
  }

  private static String list(String name, Measured.Table t, List<String> classes, String whole) {
    int n = t.values().size();
    var table = new Table("class", ">" + name);
    // Those that do not occur are NaN, which comes last.
    IntStream shown =
        n <= ROWS
            ? IntStream.range(0, n)
            : IntStream.range(0, n)
                .boxed()
                .sorted(Comparator.comparingDouble(t.values()::get))
                .limit(WORST)
                .mapToInt(i -> i);
    shown.forEach(
        i -> {
          double v = t.values().get(i);
          String text = Double.isNaN(v) ? "-" : String.format(Locale.ROOT, "%.4f", v);
          table.row(name(classes, i, n), text);
        });
    return table
        + (n <= ROWS ? "" : String.format("the lowest of %,d classes; all: %s%n", n, whole));
  }

  private static String matrix(String name, Measured.Table t, List<String> classes, String whole) {
    int rows = Math.toIntExact(t.shape().getFirst());
    int columns = Math.toIntExact(t.shape().getLast());
    if (columns <= WIDTH / 3) { // a count and two spaces
      String all = counts(name, t, classes);
      if (all.lines().allMatch(line -> line.length() <= WIDTH)) {
        return all;
      }
    }
    if (rows != columns) {
      return String.format("%s: %,d times %,d counts; all: %s%n", name, rows, columns, whole);
    }
    List<Mistake> mistakes = Mistake.mostOften(t, WORST);
    var table = new Table(name, "taken for", ">times", ">of all");
    for (Mistake m : mistakes) {
      table.row(
          name(classes, m.row(), rows),
          name(classes, m.column(), rows),
          String.format(Locale.ROOT, "%.0f", m.count()),
          String.format(Locale.ROOT, "%.1f%%", 100 * m.share()));
    }
    return (mistakes.isEmpty() ? name + ": no mistakes\n" : table.toString())
        + String.format("what %,d classes were most often taken for; all: %s%n", rows, whole);
  }

  private static String counts(String name, Measured.Table t, List<String> classes) {
    int rows = Math.toIntExact(t.shape().getFirst());
    int columns = Math.toIntExact(t.shape().getLast());
    var header = new ArrayList<String>(List.of(name));
    for (int j = 0; j < columns; j++) {
      header.add(">" + name(classes, j, columns));
    }
    var table = new Table(header.toArray(String[]::new));
    for (int i = 0; i < rows; i++) {
      var cells = new ArrayList<String>(List.of(name(classes, i, rows)));
      for (int j = 0; j < columns; j++) {
        cells.add(String.format(Locale.ROOT, "%.0f", t.values().get(i * columns + j)));
      }
      table.row(cells.toArray(String[]::new));
    }
    return table.toString();
  }

  private static String name(List<String> classes, int i, int of) {
    return classes.size() == of ? classes.get(i) : Integer.toString(i);
  }
}
