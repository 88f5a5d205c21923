package modelc.runtime;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Ties the columns of a data set to the inputs of a call, by name; checked once, when made. It
 * copies nothing.
 */
final class Feed {
  private static final String BATCH = "batch";

  private final Call call;
  private final Map<String, Integer> columnOf = new LinkedHashMap<>();
  private final Map<Integer, IndexRange> ranges = new LinkedHashMap<>();
  private final boolean batched;

  /**
   * Checks that the data fit.
   *
   * @throws DataException if an input has no column, or one of another type or shape
   */
  Feed(Call call, BatchSource source) {
    this.call = call;
    this.batched = call.spec().symbols().contains(BATCH);
    List<Column> columns = source.columns();
    for (ArgumentSpec a : call.spec().arguments(Kind.INPUT)) {
      int c = 0;
      while (c < columns.size() && !columns.get(c).name().equals(a.name())) {
        c++;
      }
      if (c == columns.size() || !fits(a, columns.get(c))) {
        throw new DataException(
            "R0501",
            "the data do not fit input "
                + a.name()
                + ": "
                + a.type()
                + text(a.shape())
                + "; their columns are "
                + columns,
            "name the inputs as the columns are named, and give them the same shapes (`-> pad(2)` enlarges images)");
      }
      columnOf.put(a.name(), c);
      if (a.range().isPresent()) {
        ranges.put(c, a.range().get());
      }
    }
  }

  private static boolean fits(ArgumentSpec a, Column c) {
    return a.type() == c.type()
        && a.shape().size() == c.shape().size() + 1
        && a.shape().getFirst().equals(DimSpec.of(BATCH))
        && a.shape()
            .subList(1, a.shape().size())
            .equals(c.shape().stream().map(DimSpec::of).toList());
  }

  private static String text(List<DimSpec> shape) {
    return shape.stream()
        .map(DimSpec::toString)
        .collect(java.util.stream.Collectors.joining(",", "[", "]"));
  }

  /** Integers that the call may be given, by the number of their column. */
  Map<Integer, IndexRange> ranges() {
    return ranges;
  }

  /** Lets the next run read {@code batch}. */
  void bind(Prefetcher.Batch batch) {
    columnOf.forEach((input, column) -> call.bind(input, batch.column(column)));
    if (batched) {
      call.size(BATCH, batch.count());
    }
  }
}
