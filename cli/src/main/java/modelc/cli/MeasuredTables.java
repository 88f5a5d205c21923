package modelc.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import modelc.runtime.Measured;

/**
 * The tables a metric may be, as text: a confusion matrix, and the quotients of each class. Numbers
 * are {@link Progress}'s to show.
 */
final class MeasuredTables {
  private MeasuredTables() {}

  /** All tables; classes go by their numbers where {@code classes} does not name them all. */
  static String text(Measured measured, List<String> classes) {
    var out = new StringBuilder();
    for (Map.Entry<String, Measured.Table> e : measured.tables().entrySet()) {
      Measured.Table t = e.getValue();
      switch (t.shape().size()) {
        case 1 -> out.append('\n').append(list(e.getKey(), t, classes));
        case 2 -> out.append('\n').append(matrix(e.getKey(), t, classes));
        default -> {} // In --json only: there is no way to show it on a page.
      }
    }
    return out.toString();
  }

  private static String list(String name, Measured.Table t, List<String> classes) {
    var table = new Table("class", ">" + name);
    for (int i = 0; i < t.values().size(); i++) {
      double v = t.values().get(i);
      table.row(
          name(classes, i, t.values().size()),
          Double.isNaN(v) ? "-" : String.format(Locale.ROOT, "%.4f", v));
    }
    return table.toString();
  }

  private static String matrix(String name, Measured.Table t, List<String> classes) {
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
