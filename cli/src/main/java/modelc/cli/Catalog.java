package modelc.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import modelc.data.Data;
import modelc.data.Transform;
import modelc.frontend.DataCatalog;
import modelc.frontend.DataSource;
import modelc.ir.DType;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import modelc.runtime.DataException;
import modelc.runtime.ElementType;

/**
 * Tells the front end what columns the data sources of the data module have. It reads no samples.
 */
final class Catalog implements DataCatalog {
  private final Path folder;

  /** A catalog whose relative paths start at {@code folder}. */
  Catalog(Path folder) {
    this.folder = folder;
  }

  @Override
  public List<Column> columns(DataSource source) {
    try {
      List<modelc.runtime.Column> columns =
          Data.columns(source.name(), source.arguments(), source.named(), folder);
      for (DataSource.Transform t : source.transforms()) {
        columns = Transform.of(t.name(), t.arguments(), t.named()).columns(columns);
      }
      return columns.stream().map(c -> new Column(c.name(), type(c))).toList();
    } catch (DataException e) {
      throw new RefusedException(String.valueOf(e.getMessage()), Optional.of(e.cure()));
    }
  }

  private static TensorType type(modelc.runtime.Column c) {
    long[] sizes = c.shape().stream().mapToLong(Long::longValue).toArray();
    return new TensorType(dtype(c.type()), Shape.of(sizes));
  }

  private static DType dtype(ElementType type) {
    return switch (type) {
      case F32 -> DType.F32;
      case F64 -> DType.F64;
      case I32 -> DType.I32;
      case I64 -> DType.I64;
      case BOOL -> DType.BOOL;
    };
  }
}
