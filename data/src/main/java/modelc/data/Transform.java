package modelc.data;

import java.util.List;
import java.util.Map;
import modelc.runtime.Column;
import modelc.runtime.DataException;
import modelc.runtime.ElementType;

/**
 * A step of the data's way to the model, applied sample by sample; pure, so a set may be read in
 * any order.
 */
public sealed interface Transform {
  /** What the columns become. */
  List<Column> columns(List<Column> columns);

  /** {@code base}, transformed as it is read. */
  DataSet apply(DataSet base);

  /**
   * The transform that a .model file names.
   *
   * @throws DataException if there is none of that name, or the arguments do not fit
   */
  static Transform of(String name, List<Object> arguments, Map<String, Object> named) {
    return switch (name) {
      case "pad" -> {
        var given = new Arguments("pad", List.of("n"), arguments, named);
        yield new Pad((int) given.integer("n", 0, 1024));
      }
      default ->
          throw new DataException(
              "D0106",
              "no data transform is called " + name,
              Arguments.suggestion(name, List.of("pad")) + "there is pad(n)");
    };
  }

  /** Surrounds images, f32[channels,height,width], by {@code n} pixels of 0 on each side. */
  record Pad(int n) implements Transform {
    private static boolean isImage(Column c) {
      return c.type() == ElementType.F32 && c.shape().size() == 3;
    }

    @Override
    public List<Column> columns(List<Column> columns) {
      if (columns.stream().noneMatch(Pad::isImage)) {
        throw new DataException(
            "D0107",
            "pad(" + n + ") finds no image: the columns are " + columns,
            "pad a set with a column of f32[channels,height,width], or leave it out");
      }
      return columns.stream()
          .map(
              c ->
                  isImage(c)
                      ? new Column(
                          c.name(),
                          c.type(),
                          List.of(
                              c.shape().get(0), c.shape().get(1) + 2 * n, c.shape().get(2) + 2 * n))
                      : c)
          .toList();
    }

    @Override
    public DataSet apply(DataSet base) {
      return new Padded(base, n, base.columns(), columns(base.columns()));
    }
  }
}
