package modelc.frontend.parse;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the columns a writer made: words of one kind that stood under each other, at least one of
 * them set off by more spaces than it needs, with no empty line, comment or other word between;
 * what goes on with a statement aside. They stay under each other.
 */
final class Columns {
  private record Key(int column, int type) {}

  private Columns() {}

  static void apply(List<SourceLine> lines) {
    Map<Key, Column> open = new HashMap<>();
    for (SourceLine line : lines) {
      if (line.isAfterBlank() || line.first().isComment()) {
        open.values().forEach(Column::close);
        open.clear();
      }
      Map<Key, Column> here = new HashMap<>();
      for (Word w : line.words()) {
        if (!w.isMovable()) {
          continue;
        }
        var key = new Key(w.column(), w.type());
        Column column = open.getOrDefault(key, new Column());
        column.add(w);
        here.put(key, column);
      }
      // A line too short to reach a column does not end it, nor one that goes on with a statement.
      int end = line.isGoingOn() ? 0 : line.last().originalEnd();
      open.forEach(
          (key, column) -> {
            if (key.column >= end) {
              here.putIfAbsent(key, column);
            } else if (here.get(key) != column) {
              column.close();
            }
          });
      open = here;
    }
    open.values().forEach(Column::close);
  }
}
