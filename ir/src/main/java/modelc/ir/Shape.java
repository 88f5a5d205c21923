package modelc.ir;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * The sizes of a tensor, outermost first; the empty shape is a scalar's.
 *
 * <p>It says nothing of memory layout: layouts are a side table of lowering.
 */
public record Shape(List<Dim> dims) {
  public static final Shape SCALAR = new Shape(List.of());

  public Shape {
    dims = List.copyOf(dims);
  }

  public static Shape of(Dim... dims) {
    return new Shape(List.of(dims));
  }

  public static Shape of(long... sizes) {
    return new Shape(Arrays.stream(sizes).mapToObj(Dim::of).toList());
  }

  public int rank() {
    return dims.size();
  }

  public Dim dim(int axis) {
    return dims.get(axis);
  }

  /**
   * How many elements.
   *
   * @throws ArithmeticException on overflow
   */
  public Dim elements() {
    Dim product = Dim.ONE;
    for (Dim d : dims) {
      product = product.times(d);
    }
    return product;
  }

  /** True when every size is a constant. */
  public boolean isConstant() {
    return dims.stream().allMatch(Dim::isConstant);
  }

  /** Its sizes where {@code valueOf} gives each symbol's value. */
  public long[] evaluate(ToLongFunction<Symbol> valueOf) {
    return dims.stream().mapToLong(d -> d.evaluate(valueOf)).toArray();
  }

  @Override
  public String toString() {
    return dims.stream().map(Dim::toString).collect(Collectors.joining(",", "[", "]"));
  }
}
