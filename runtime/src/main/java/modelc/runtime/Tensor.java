package modelc.runtime;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Typed, shaped memory, row-major: a view, never a copy. Its memory belongs to whoever made the
 * segment.
 *
 * @param data exactly the bytes of its elements
 */
public record Tensor(ElementType type, List<Long> shape, MemorySegment data) {
  public Tensor {
    shape = List.copyOf(shape);
    long bytes = bytes(type, shape);
    if (data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          type + text(shape) + " takes " + bytes + " bytes, not " + data.byteSize());
    }
  }

  /** Copies {@code values}. */
  public static Tensor ofFloats(List<Long> shape, float... values) {
    return new Tensor(ElementType.F32, shape, MemorySegment.ofArray(values.clone()));
  }

  /** Copies {@code values}. */
  public static Tensor ofInts(List<Long> shape, int... values) {
    return new Tensor(ElementType.I32, shape, MemorySegment.ofArray(values.clone()));
  }

  /** How many elements. */
  public long elements() {
    return data.byteSize() / type.bytes();
  }

  /** The values of an F32 tensor. */
  public float[] floats() {
    require(ElementType.F32);
    return data.toArray(ValueLayout.JAVA_FLOAT);
  }

  /** The values of an I32 tensor. */
  public int[] ints() {
    require(ElementType.I32);
    return data.toArray(ValueLayout.JAVA_INT);
  }

  /**
   * The place, in memory order, of the first element that is infinite or NaN; -1: there is none.
   */
  public long firstNotFinite() {
    if (type == ElementType.F32 || type == ElementType.F64) {
      for (long i = 0; i < elements(); i++) {
        if (!Double.isFinite(number(i))) {
          return i;
        }
      }
    }
    return -1;
  }

  /** The element at that place in memory order; a truth value is 0 or 1. */
  public double number(long place) {
    return switch (type) {
      case F32 -> data.getAtIndex(ValueLayout.JAVA_FLOAT, place);
      case F64 -> data.getAtIndex(ValueLayout.JAVA_DOUBLE, place);
      case I32 -> data.getAtIndex(ValueLayout.JAVA_INT, place);
      case I64 -> data.getAtIndex(ValueLayout.JAVA_LONG, place);
      case BOOL -> data.get(ValueLayout.JAVA_BYTE, place);
    };
  }

  private void require(ElementType wanted) {
    if (type != wanted) {
      throw new IllegalStateException("a tensor of " + type + " has no values of " + wanted);
    }
  }

  /**
   * The bytes such a tensor takes.
   *
   * @throws ArithmeticException on overflow
   */
  static long bytes(ElementType type, List<Long> shape) {
    long product = type.bytes();
    for (long d : shape) {
      if (d < 0) {
        throw new IllegalArgumentException("a size cannot be negative: " + d);
      }
      product = Math.multiplyExact(product, d);
    }
    return product;
  }

  static String text(List<Long> shape) {
    return shape.stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
  }

  @Override
  public String toString() {
    return type + text(shape);
  }
}
