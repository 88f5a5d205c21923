package modelc.passes.lower;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.loop.Expr;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Window;
import modelc.passes.fuse.Pooling;
import org.jspecify.annotations.Nullable;

/**
 * The geometry of sliding windows, and small windows written out tap by tap.
 *
 * <p>Larger windows are loops: {@link Reductions} writes those.
 */
final class Windows {
  private Windows() {}

  /**
   * Positions in the padded, dilated input that tap {@code tap} of the window at {@code at} reads.
   */
  static List<Index> positions(Window w, List<Index> at, List<Index> tap) {
    var positions = new ArrayList<Index>();
    for (int i = 0; i < at.size(); i++) {
      positions.add(
          at.get(i)
              .times(w.stride().get(i))
              .plus(tap.get(i).times(w.windowDilation().get(i)))
              .plus(-w.padLow().get(i)));
    }
    return positions;
  }

  /** When those positions are elements of an input of {@code shape}; empty: always. */
  static Optional<Expr> inside(Pull pull, Window w, List<Index> positions, Shape shape) {
    Optional<Expr> inside = Optional.empty();
    for (int i = 0; i < positions.size(); i++) {
      if (isWhole(w, i)) {
        continue;
      }
      inside =
          pull.both(inside, pull.inside(positions.get(i), shape.dim(i), w.baseDilation().get(i)));
    }
    return inside;
  }

  /** The elements at those positions. */
  static List<Index> elements(Window w, List<Index> positions) {
    var x = new ArrayList<Index>();
    for (int i = 0; i < positions.size(); i++) {
      x.add(positions.get(i).quotient(Dim.of(w.baseDilation().get(i))));
    }
    return x;
  }

  /** True when the window does nothing along {@code axis}. */
  static boolean isWhole(Window w, int axis) {
    return w.size().get(axis) == 1
        && w.stride().get(axis) == 1
        && w.padLow().get(axis) == 0
        && w.padHigh().get(axis) == 0
        && w.baseDilation().get(axis) == 1;
  }

  /** All taps of the window, row-major. */
  static List<List<Index>> allTaps(Window w) {
    List<List<Index>> taps = List.of(List.of());
    for (long size : w.size()) {
      var longer = new ArrayList<List<Index>>();
      for (List<Index> prefix : taps) {
        for (long t = 0; t < size; t++) {
          var tap = new ArrayList<>(prefix);
          tap.add(Index.constant(t));
          longer.add(tap);
        }
      }
      taps = longer;
    }
    return taps;
  }

  static Expr unrolled(Pull pull, Op.ReduceWindow o, List<Index> at) {
    Optional<Expr> repeated = upsampled(pull, o, at);
    if (repeated.isPresent()) {
      return repeated.get();
    }
    DType dtype = o.x().type().dtype();
    Expr identity = identity(o.fn(), dtype);
    @Nullable Expr result = null;
    for (List<Index> tap : allTaps(o.window())) {
      List<Index> positions = positions(o.window(), at, tap);
      Optional<Expr> inside = inside(pull, o.window(), positions, o.x().type().shape());
      Expr x =
          pull.orElse(inside, () -> pull.value(o.x(), elements(o.window(), positions)), identity);
      result = result == null ? x : Pull.binary(binary(o.fn()), result, x);
    }
    return result == null ? identity : result;
  }

  /**
   * Sums over elements as far apart as the window is wide (the gradient of average pooling) read
   * one element each.
   */
  private static Optional<Expr> upsampled(Pull pull, Op.ReduceWindow o, List<Index> at) {
    if (!Pooling.isUpsampling(o)) {
      return Optional.empty();
    }
    Window w = o.window();
    var element = new ArrayList<Index>();
    Optional<Expr> inside = Optional.empty();
    for (int i = 0; i < at.size(); i++) {
      long size = w.size().get(i);
      Index last = at.get(i).plus(size - 1 - w.padLow().get(i));
      if (!isWhole(w, i)) {
        inside = pull.both(inside, pull.inside(last, o.x().type().dim(i).times(size), 1));
      }
      element.add(last.quotient(Dim.of(size)));
    }
    Expr zero = Pull.constant(o.x().type().dtype(), 0);
    return Optional.of(pull.orElse(inside, () -> pull.value(o.x(), element), zero));
  }

  static BinaryFn binary(ReduceFn fn) {
    return switch (fn) {
      case ADD -> BinaryFn.ADD;
      case MULTIPLY -> BinaryFn.MULTIPLY;
      case MAXIMUM -> BinaryFn.MAXIMUM;
      case MINIMUM -> BinaryFn.MINIMUM;
      case AND -> BinaryFn.AND;
      case OR -> BinaryFn.OR;
    };
  }

  /** What {@code fn} gives over nothing. */
  static Expr identity(ReduceFn fn, DType dtype) {
    boolean real = dtype.isFloat();
    double value =
        switch (fn) {
          case ADD, OR -> 0;
          case MULTIPLY -> 1;
          case AND -> dtype == DType.BOOL ? 1 : -1;
          case MAXIMUM -> real ? Double.NEGATIVE_INFINITY : least(dtype);
          case MINIMUM -> real ? Double.POSITIVE_INFINITY : -(least(dtype) + 1);
        };
    return Pull.constant(dtype, value);
  }

  private static double least(DType dtype) {
    return switch (dtype) {
      case BOOL -> 0;
      case I32 -> Integer.MIN_VALUE;
      default -> Long.MIN_VALUE;
    };
  }
}
