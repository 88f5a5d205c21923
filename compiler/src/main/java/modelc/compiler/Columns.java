package modelc.compiler;

import modelc.frontend.DataCatalog;
import modelc.ir.DType;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import modelc.runtime.Column;
import modelc.runtime.ElementType;

/** The columns of a data set, which the runtime reads, as the front end sees them. */
public final class Columns {
  private Columns() {}

  /** A column of the same name, type and shape. */
  public static DataCatalog.Column of(Column c) {
    long[] sizes = c.shape().stream().mapToLong(Long::longValue).toArray();
    return new DataCatalog.Column(c.name(), new TensorType(dtype(c.type()), Shape.of(sizes)));
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
