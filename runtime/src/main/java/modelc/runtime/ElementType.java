package modelc.runtime;

import java.lang.foreign.ValueLayout;
import java.util.Locale;

/**
 * The element types of the tensors a compiled model takes and gives.
 *
 * <p>It knows names, sizes and layouts only; conversions belong to the readers.
 */
public enum ElementType {
  F32(ValueLayout.JAVA_FLOAT),
  F64(ValueLayout.JAVA_DOUBLE),
  I32(ValueLayout.JAVA_INT),
  I64(ValueLayout.JAVA_LONG),
  /** One byte in memory, 0 or 1. */
  BOOL(ValueLayout.JAVA_BYTE);

  private final ValueLayout layout;

  ElementType(ValueLayout layout) {
    this.layout = layout;
  }

  /** Bytes an element takes in memory. */
  public int bytes() {
    return (int) layout.byteSize();
  }

  /** How an element lies in memory. */
  public ValueLayout layout() {
    return layout;
  }

  /** The name used in `.model` files. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
