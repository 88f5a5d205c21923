package modelc.runtime;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;

/**
 * A source whose integers are looked at as they are read: one that the model cannot pick by, such
 * as the label of a class it does not have, would be trained on in silence.
 */
final class InRange implements BatchSource {
  private final BatchSource source;
  private final List<Column> columns;
  private final Map<Integer, IndexRange> ranges;

  private InRange(BatchSource source, Map<Integer, IndexRange> ranges) {
    this.source = source;
    this.columns = source.columns();
    this.ranges = ranges;
  }

  /**
   * {@code source}, checked.
   *
   * @param ranges by the number of the column
   */
  static BatchSource of(BatchSource source, Map<Integer, IndexRange> ranges) {
    return ranges.isEmpty() ? source : new InRange(source, ranges);
  }

  /**
   * Looks at all labels that are known without reading samples.
   *
   * @throws DataException if the model cannot pick by one
   */
  static void checkKnown(BatchSource source, Map<Integer, IndexRange> ranges) {
    ranges.forEach(
        (c, range) -> {
          Column column = source.columns().get(c);
          if (column.name().equals(BatchSource.LABEL) && column.shape().isEmpty()) {
            checkLabels(source, column, range);
          }
        });
  }

  private static void checkLabels(BatchSource source, Column column, IndexRange range) {
    long bad = 0;
    long first = -1;
    int greatest = -1;
    for (long i = 0; i < source.size(); i++) {
      int label = source.label(i);
      if (label >= 0 && !range.contains(label)) {
        bad++;
        first = first < 0 ? i : first;
        greatest = Math.max(greatest, label);
      }
    }
    if (bad > 0) {
      String more =
          bad == 1
              ? ""
              : String.format(
                  "; %,d of %,d samples have such labels, up to %d", bad, source.size(), greatest);
      throw wrong(source, first, column.name() + " is " + source.label(first), range, more);
    }
  }

  @Override
  public List<Column> columns() {
    return columns;
  }

  @Override
  public long size() {
    return source.size();
  }

  @Override
  public void read(long sample, long epoch, MemorySegment[] rows) {
    source.read(sample, epoch, rows);
    ranges.forEach((c, range) -> check(sample, columns.get(c), rows[c], range));
  }

  private void check(long sample, Column column, MemorySegment row, IndexRange range) {
    boolean wide = column.type() == ElementType.I64;
    long n = row.byteSize() / column.type().bytes();
    for (long i = 0; i < n; i++) {
      long value =
          wide
              ? row.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i)
              : row.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i);
      if (!range.contains(value)) {
        throw wrong(source, sample, place(column, i) + " is " + value, range, "");
      }
    }
  }

  /** {@code label}, or {@code mask[3, 17]}. */
  private static String place(Column column, long element) {
    long rest = element;
    var text = new StringBuilder();
    for (long size : column.shape().reversed()) {
      text.insert(0, (text.isEmpty() ? "" : ", ")).insert(0, rest % size);
      rest /= size;
    }
    return column.name() + (text.isEmpty() ? "" : "[" + text + "]");
  }

  private static DataException wrong(
      BatchSource source, long sample, String what, IndexRange range, String more) {
    return new DataException(
        "R0513",
        source.name(sample) + ": " + what + ", but the model knows " + range + more,
        "give the model as many classes as the data have (--set classes=N), or leave such samples out; labels to be"
            + " ignored are for weighted_cross_entropy(..., ignore = 255)");
  }
}
