package modelc.runtime.pytorch;

import java.util.Optional;
import modelc.runtime.ElementType;

/**
 * How elements lie in a storage of PyTorch, and as what they are read. Types that are not here
 * (complex, quantized) are refused.
 */
enum StorageType {
  DOUBLE("DoubleStorage", "float64", 8, ElementType.F64),
  FLOAT("FloatStorage", "float32", 4, ElementType.F32),
  HALF("HalfStorage", "float16", 2, ElementType.F32),
  BFLOAT16("BFloat16Storage", "bfloat16", 2, ElementType.F32),
  LONG("LongStorage", "int64", 8, ElementType.I64),
  INT("IntStorage", "int32", 4, ElementType.I32),
  SHORT("ShortStorage", "int16", 2, ElementType.I32),
  CHAR("CharStorage", "int8", 1, ElementType.I32),
  BYTE("ByteStorage", "uint8", 1, ElementType.I32),
  BOOL("BoolStorage", "bool", 1, ElementType.BOOL);

  private final String className;
  private final String dtype;
  private final int bytes;
  private final ElementType readAs;

  StorageType(String className, String dtype, int bytes, ElementType readAs) {
    this.className = className;
    this.dtype = dtype;
    this.bytes = bytes;
    this.readAs = readAs;
  }

  /** The type whose class in the module {@code torch} has that name. */
  static Optional<StorageType> ofClass(String className) {
    for (StorageType t : values()) {
      if (t.className.equals(className)) {
        return Optional.of(t);
      }
    }
    return Optional.empty();
  }

  /** PyTorch's name of the element type. */
  String dtype() {
    return dtype;
  }

  /** Bytes an element takes in the file. */
  int bytes() {
    return bytes;
  }

  /** The element type it becomes: exact in every case. */
  ElementType readAs() {
    return readAs;
  }
}
