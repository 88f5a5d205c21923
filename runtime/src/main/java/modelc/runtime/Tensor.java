package modelc.runtime;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Typed, shaped memory, row-major. Whether it is a view of someone's memory or a copy is told by
 * its type: {@link Wrapped} or {@link Copied}.
 */
public sealed interface Tensor {
  ElementType type();

  List<Long> shape();

  /** Exactly the bytes of its elements. */
  MemorySegment data();

  /**
   * A view of memory that belongs to whoever made the segment: no copy, and what is written to
   * either shows in the other. It lives as long as the memory does.
   */
  record Wrapped(ElementType type, List<Long> shape, MemorySegment data) implements Tensor {
    public Wrapped {
      shape = List.copyOf(shape);
      require(type, shape, data);
    }

    @Override
    public String toString() {
      return text(this);
    }
  }

  /** Values of its own, which never change and need no closing. */
  record Copied(ElementType type, List<Long> shape, MemorySegment data) implements Tensor {
    /** Copies {@code data}. */
    public Copied {
      shape = List.copyOf(shape);
      require(type, shape, data);
      long elements = data.byteSize() / type.bytes();
      MemorySegment own = switch (type) { // heap memory has the alignment of its array's elements
            case F32, I32 -> MemorySegment.ofArray(new float[length(elements)]);
            case F64, I64 -> MemorySegment.ofArray(new double[length(elements)]);
            case BOOL -> MemorySegment.ofArray(new byte[length(elements)]);
          };
      data = own.copyFrom(data).asReadOnly();
    }

    @Override
    public String toString() {
      return text(this);
    }
  }

  /**
   * A view of {@code data}, without a copy.
   *
   * @throws UsageException if {@code data} has another size
   */
  static Wrapped wrap(ElementType type, List<Long> shape, MemorySegment data) {
    return new Wrapped(type, shape, data);
  }

  /**
   * A copy of {@code data}.
   *
   * @throws UsageException if {@code data} has another size
   */
  static Copied copyOf(ElementType type, List<Long> shape, MemorySegment data) {
    return new Copied(type, shape, data);
  }

  /** A copy of {@code values}. */
  static Copied ofFloats(List<Long> shape, float... values) {
    return copyOf(ElementType.F32, shape, MemorySegment.ofArray(values));
  }

  /** A copy of {@code values}. */
  static Copied ofInts(List<Long> shape, int... values) {
    return copyOf(ElementType.I32, shape, MemorySegment.ofArray(values));
  }

  /** A copy of this, which stays as it is. */
  default Copied copy() {
    return copyOf(type(), shape(), data());
  }

  /** How many elements. */
  default long elements() {
    return data().byteSize() / type().bytes();
  }

  /** A copy of the values of an F32 tensor. */
  default float[] floats() {
    require(this, ElementType.F32);
    return data().toArray(ValueLayout.JAVA_FLOAT);
  }

  /** A copy of the values of an I32 tensor. */
  default int[] ints() {
    require(this, ElementType.I32);
    return data().toArray(ValueLayout.JAVA_INT);
  }

  /**
   * The place, in memory order, of the first element that is infinite or NaN; -1: there is none.
   */
  default long firstNotFinite() {
    if (type() == ElementType.F32 || type() == ElementType.F64) {
      for (long i = 0; i < elements(); i++) {
        if (!Double.isFinite(number(i))) {
          return i;
        }
      }
    }
    return -1;
  }

  /** The element at that place in memory order; a truth value is 0 or 1. */
  default double number(long place) {
    return switch (type()) {
      case F32 -> data().getAtIndex(ValueLayout.JAVA_FLOAT, place);
      case F64 -> data().getAtIndex(ValueLayout.JAVA_DOUBLE, place);
      case I32 -> data().getAtIndex(ValueLayout.JAVA_INT, place);
      case I64 -> data().getAtIndex(ValueLayout.JAVA_LONG, place);
      case BOOL -> data().get(ValueLayout.JAVA_BYTE, place);
    };
  }

  private static void require(Tensor tensor, ElementType wanted) {
    if (tensor.type() != wanted) {
      throw new UsageException(
          "R0121",
          "a tensor of " + tensor.type() + " has no values of " + wanted,
          "read its data() as " + tensor.type());
    }
  }

  private static void require(ElementType type, List<Long> shape, MemorySegment data) {
    long bytes;
    try {
      bytes = bytes(type, shape);
    } catch (ArithmeticException | IllegalArgumentException e) {
      throw new UsageException(
          "R0124", type + text(shape) + " is no shape", "use sizes from 0 up", e);
    }
    if (data.byteSize() != bytes) {
      throw new UsageException(
          "R0122",
          type + text(shape) + " takes " + bytes + " bytes, not " + data.byteSize(),
          "pass memory of exactly that size: segment.asSlice(0, " + bytes + ")");
    }
  }

  private static int length(long elements) {
    if (elements > Integer.MAX_VALUE - 8) {
      throw new LimitException(
          "R0123",
          elements + " elements do not fit into one array",
          "wrap native memory instead, which has no such bound");
    }
    return (int) elements;
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

  /** A shape as messages show it. */
  static String text(List<Long> shape) {
    return shape.stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
  }

  private static String text(Tensor tensor) {
    return tensor.type() + text(tensor.shape());
  }
}
