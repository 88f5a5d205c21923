package modelc.ir;

/**
 * The element types of tensors, buffers and scalars, in both IRs.
 *
 * <p>It knows names and sizes only; conversions and arithmetic belong to the interpreters and
 * backends.
 */
public enum DType {
  F32("f32", 4),
  F64("f64", 8),
  I32("i32", 4),
  I64("i64", 8),
  /** One byte in memory, 0 or 1. */
  BOOL("bool", 1);

  private final String text;
  private final int bytes;

  DType(String text, int bytes) {
    this.text = text;
    this.bytes = bytes;
  }

  /** Bytes an element takes in memory. */
  public int bytes() {
    return bytes;
  }

  public boolean isFloat() {
    return this == F32 || this == F64;
  }

  public boolean isInteger() {
    return this == I32 || this == I64;
  }

  /** The name used in both text forms and in `.model` files. */
  @Override
  public String toString() {
    return text;
  }

  /**
   * The type of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static DType parse(String text) {
    for (DType t : values()) {
      if (t.text.equals(text)) {
        return t;
      }
    }
    throw new IllegalArgumentException("unknown element type: " + text);
  }
}
