package modelc.passes.layout;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import modelc.ir.Dim;
import modelc.ir.Shape;

/**
 * The physical order of a value's logical axes, outermost first. Memory is dense; padding is a
 * value of its own.
 *
 * @param order a permutation of the axes
 */
public record Layout(List<Integer> order) {
  public Layout {
    order = List.copyOf(order);
  }

  /** Row-major. */
  public static Layout canonical(int rank) {
    return new Layout(IntStream.range(0, rank).boxed().toList());
  }

  public boolean isCanonical() {
    return IntStream.range(0, order.size()).allMatch(i -> order.get(i) == i);
  }

  /**
   * True when both put the elements of {@code shape} in the same places: axes of size 1 do not
   * matter.
   */
  public boolean sameMemory(Layout other, Shape shape) {
    return essential(shape).equals(other.essential(shape));
  }

  private List<Integer> essential(Shape shape) {
    return order.stream().filter(a -> !shape.dim(a).isOne()).toList();
  }

  /** Elements between neighbours along each logical axis. */
  public List<Dim> strides(Shape shape) {
    var strides = new Dim[order.size()];
    Dim stride = Dim.ONE;
    for (int i = order.size() - 1; i >= 0; i--) {
      strides[order.get(i)] = stride;
      stride = stride.times(shape.dim(order.get(i)));
    }
    return Arrays.asList(strides);
  }

  /**
   * The layout of {@code Transpose(permutation)} of a value with this layout, over the same memory.
   */
  public Layout transposed(List<Integer> permutation) {
    var result = new ArrayList<Integer>();
    for (int axis : order) {
      result.add(permutation.indexOf(axis));
    }
    return new Layout(result);
  }

  @Override
  public String toString() {
    return order.toString();
  }
}
