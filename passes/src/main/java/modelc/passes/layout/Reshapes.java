package modelc.passes.layout;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import modelc.ir.Dim;
import modelc.ir.Shape;

/**
 * What a reshape does to axes and strides: cuts both shapes into shortest runs of axes with equal
 * products.
 *
 * <p>Sizes with symbols match by their product, never by their value.
 */
public final class Reshapes {
  private Reshapes() {}

  /**
   * Axes {@code [fromStart, fromEnd)} of one shape hold the same elements as {@code [toStart,
   * toEnd)} of the other.
   */
  public record Segment(int fromStart, int fromEnd, int toStart, int toEnd) {}

  /** The shortest matching runs of axes, outermost first. */
  public static List<Segment> segments(Shape from, Shape to) {
    var segments = new ArrayList<Segment>();
    int i = 0;
    int j = 0;
    while (i < from.rank() || j < to.rank()) {
      int i0 = i;
      int j0 = j;
      Dim a = i < from.rank() ? from.dim(i++) : Dim.ONE;
      Dim b = j < to.rank() ? to.dim(j++) : Dim.ONE;
      while (!a.equals(b) && (i < from.rank() || j < to.rank())) {
        if (j == to.rank() || i < from.rank() && a.max() <= b.max()) {
          a = a.times(from.dim(i++));
        } else {
          b = b.times(to.dim(j++));
        }
      }
      segments.add(new Segment(i0, i, j0, j));
    }
    return segments;
  }

  /**
   * The strides of {@code to} over the memory of {@code from} with {@code strides}, if it is a view
   * of it.
   */
  public static Optional<List<Dim>> strides(Shape from, List<Dim> strides, Shape to) {
    var result = new Dim[to.rank()];
    for (Segment s : segments(from, to)) {
      Dim stride = Dim.ONE;
      Dim next = null;
      for (int i = s.fromEnd - 1; i >= s.fromStart; i--) {
        if (from.dim(i).isOne()) {
          continue;
        }
        if (next == null) {
          stride = strides.get(i);
        } else if (!strides.get(i).equals(next)) {
          return Optional.empty();
        }
        next = strides.get(i).times(from.dim(i));
      }
      for (int j = s.toEnd - 1; j >= s.toStart; j--) {
        result[j] = stride;
        stride = stride.times(to.dim(j));
      }
    }
    return Optional.of(Arrays.asList(result));
  }
}
