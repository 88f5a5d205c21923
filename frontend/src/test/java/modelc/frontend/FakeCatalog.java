package modelc.frontend;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.ir.DType;
import modelc.ir.TensorType;

/**
 * Knows digits, mnist, csv and points, and the transform pad: enough to check recipes without data.
 */
public final class FakeCatalog implements DataCatalog {
  @Override
  public List<Column> columns(DataSource source) {
    List<Column> columns =
        switch (source.name()) {
          case "digits", "mnist" ->
              List.of(
                  new Column("image", TensorType.of(DType.F32, 1, 28, 28)),
                  new Column("label", TensorType.scalar(DType.I32)));
          case "csv" ->
              List.of(
                  new Column("features", TensorType.of(DType.F32, 2)),
                  new Column("target", TensorType.scalar(DType.F32)));
          case "points" ->
              List.of(
                  new Column("x", TensorType.of(DType.F32, 2)),
                  new Column("target", TensorType.of(DType.F32, 1)));
          default ->
              throw new RefusedException(
                  "there is no data source `" + source.name() + "`",
                  Optional.of("known are digits, mnist, csv and points"));
        };
    for (DataSource.Transform t : source.transforms()) {
      if (!t.name().equals("pad")) {
        throw new RefusedException("there is no transform `" + t.name() + "`", Optional.empty());
      }
      long by = (Long) t.arguments().getFirst();
      var padded = new ArrayList<Column>();
      for (Column c : columns) {
        padded.add(c.name().equals("image") ? new Column("image", grown(c.type(), by)) : c);
      }
      columns = padded;
    }
    return columns;
  }

  private static TensorType grown(TensorType t, long by) {
    long h = t.dim(1).constant() + 2 * by;
    long w = t.dim(2).constant() + 2 * by;
    return TensorType.of(t.dtype(), t.dim(0).constant(), h, w);
  }
}
