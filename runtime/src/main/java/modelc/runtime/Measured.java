package modelc.runtime;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * What was measured over a set of samples: loss and metrics as numbers, and tables where a metric
 * has more than one number.
 *
 * @param numbers the loss under {@code loss}, each metric under its name; of a quotient for each
 *     class, the mean over the classes that occur
 * @param tables counts under the metric's name (a confusion matrix); the quotient of each class,
 *     NaN for one that does not occur, under {@code NAME_per_class}
 */
public record Measured(SequencedMap<String, Double> numbers, SequencedMap<String, Table> tables) {
  public Measured {
    numbers = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(numbers));
    tables = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(tables));
  }

  /** Numbers in a shape, the last axis fastest. */
  public record Table(List<Long> shape, List<Double> values) {
    public Table {
      shape = List.copyOf(shape);
      values = List.copyOf(values);
    }

    /** As lists in lists; one of a single number is that number. */
    public Object nested() {
      List<?> level = values;
      for (int axis = shape.size() - 1; axis > 0; axis--) {
        int size = Math.toIntExact(shape.get(axis));
        var rows = new ArrayList<Object>();
        for (int i = 0; i < level.size(); i += size) {
          rows.add(List.copyOf(level.subList(i, i + size)));
        }
        level = rows;
      }
      return shape.isEmpty() ? values.getFirst() : level;
    }
  }

  /** This and, under names that begin with {@code val_}, what validation gave. */
  Measured with(Measured validation) {
    var allNumbers = new LinkedHashMap<>(numbers);
    validation.numbers.forEach((name, value) -> allNumbers.put("val_" + name, value));
    var allTables = new LinkedHashMap<>(tables);
    validation.tables.forEach((name, table) -> allTables.put("val_" + name, table));
    return new Measured(allNumbers, allTables);
  }
}
