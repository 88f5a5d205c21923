package modelc.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import modelc.runtime.Column;

/** A set whose images have a border of zeros; its other columns are as they were. */
final class Padded implements DataSet {
  private final DataSet base;
  private final int n;
  private final List<Column> inner;
  private final List<Column> columns;

  Padded(DataSet base, int n, List<Column> inner, List<Column> columns) {
    this.base = base;
    this.n = n;
    this.inner = inner;
    this.columns = columns;
  }

  @Override
  public List<Column> columns() {
    return columns;
  }

  @Override
  public List<String> classNames() {
    return base.classNames();
  }

  @Override
  public long size() {
    return base.size();
  }

  @Override
  public void read(long sample, long epoch, MemorySegment[] rows) {
    var given = rows.clone();
    for (int c = 0; c < rows.length; c++) {
      if (!inner.get(c).equals(columns.get(c))) {
        given[c] = MemorySegment.ofArray(new float[(int) (inner.get(c).bytes() / 4)]);
      }
    }
    base.read(sample, epoch, given);
    for (int c = 0; c < rows.length; c++) {
      if (!inner.get(c).equals(columns.get(c))) {
        surround(inner.get(c).shape(), given[c], rows[c]);
      }
    }
  }

  private void surround(List<Long> shape, MemorySegment from, MemorySegment to) {
    long height = shape.get(1);
    long width = shape.get(2);
    to.fill((byte) 0);
    for (long c = 0; c < shape.get(0); c++) {
      for (long y = 0; y < height; y++) {
        MemorySegment.copy(
            from,
            ValueLayout.JAVA_FLOAT,
            4 * (c * height + y) * width,
            to,
            ValueLayout.JAVA_FLOAT,
            4 * ((c * (height + 2L * n) + y + n) * (width + 2L * n) + n),
            width);
      }
    }
  }
}
