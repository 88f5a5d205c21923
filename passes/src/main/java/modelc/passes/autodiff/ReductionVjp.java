package modelc.passes.autodiff;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;

/**
 * The derivatives of reductions over axes and over windows. The first of equal elements in
 * row-major order takes the gradient of a maximum or minimum; it does not split it between them.
 */
final class ReductionVjp {
  /**
   * More window elements than this are not unrolled: the gradient of dilated max pooling is
   * refused.
   */
  static final long MAX_UNROLLED_WINDOW = 1024;

  private ReductionVjp() {}

  static Value reduce(Op.Reduce o, Value y, Value g, Builder b) {
    return switch (o.fn()) {
      case ADD -> spread(o, g, b);
      case MULTIPLY -> product(o, g, b);
      case MAXIMUM, MINIMUM -> first(o, y, g, b);
      case AND, OR -> throw new IllegalStateException("a gradient of " + o.fn());
    };
  }

  /**
   * An element counts in all sums from its own on: the sum of their gradients, from the last back.
   */
  static Value cumulativeSum(Op.CumulativeSum o, Value g, Builder b) {
    List<Integer> axis = List.of(o.axis());
    return b.reverse(axis, b.cumulativeSum(o.axis(), b.reverse(axis, g)));
  }

  /** A value of the reduced shape, in every element it was reduced from. */
  private static Value spread(Op.Reduce o, Value reduced, Builder b) {
    List<Integer> kept =
        IntStream.range(0, o.x().type().rank())
            .filter(axis -> !o.axes().contains(axis))
            .boxed()
            .toList();
    return b.broadcast(o.x().type().shape(), kept, reduced);
  }

  /**
   * {@code g} times the product of the others, also where some are 0: the product of those that are
   * not, or 0.
   */
  private static Value product(Op.Reduce o, Value g, Builder b) {
    Value x = o.x();
    Value zero = b.constantLike(x, 0);
    Value one = b.constantLike(x, 1);
    Value isZero = b.compare(CompareFn.EQ, x, zero);
    Value nonzero = b.select(isZero, one, x);
    Value zeroHere = b.select(isZero, one, zero);
    Value zeros = spread(o, b.sum(o.axes(), zeroHere), b);
    Value otherZeros = b.subtract(zeros, zeroHere);
    Value product = spread(o, b.reduce(ReduceFn.MULTIPLY, o.axes(), nonzero), b);
    Value slope =
        b.select(b.compare(CompareFn.EQ, otherZeros, zero), b.divide(product, nonzero), zero);
    return b.multiply(spread(o, g, b), slope);
  }

  /**
   * {@code g} where the extremum {@code y} was first met. Axis by axis from the outermost: of the
   * elements that equal it, those with the least index on that axis stay.
   */
  private static Value first(Op.Reduce o, Value y, Value g, Builder b) {
    Value x = o.x();
    Value candidates = b.compare(CompareFn.EQ, x, spread(o, y, b));
    for (int axis : o.axes()) {
      Value index = b.iota(x.type().withDType(DType.I32), axis);
      Value none = b.constantLike(index, Integer.MAX_VALUE);
      Value least = b.reduce(ReduceFn.MINIMUM, o.axes(), b.select(candidates, index, none));
      Value isLeast = b.compare(CompareFn.EQ, index, spread(o, least, b));
      candidates = b.binary(BinaryFn.AND, candidates, isLeast);
    }
    return b.select(candidates, spread(o, g, b), b.constantLike(x, 0));
  }

  static Value reduceWindow(Op.ReduceWindow o, Value y, Value g, Builder b) {
    return switch (o.fn()) {
      case ADD -> windowSum(o, g, b);
      case MAXIMUM -> windowMaximum(o.window(), o.x(), y, g, b);
      case MINIMUM ->
          b.negate(windowMaximum(o.window(), b.negate(o.x()), b.negate(y), b.negate(g), b));
      case MULTIPLY ->
          throw new NotDifferentiableException(
              "reduce_window", "the product over a window has no derivative here", y.origin());
      case AND, OR -> throw new IllegalStateException("a gradient of " + o.fn());
    };
  }

  /**
   * Every element gets the cotangents of the windows it lay in: a window sum over the cotangents,
   * stride apart.
   */
  private static Value windowSum(Op.ReduceWindow o, Value g, Builder b) {
    Window w = o.window();
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    for (int i = 0; i < w.rank(); i++) {
      Dim in = o.x().type().dim(i);
      if (in.isConstant()) {
        Padding p = Padding.ofInputGradient(w, i, in.constant(), g.type().dim(i).constant());
        low.add(p.low());
        high.add(p.high());
      } else {
        low.add(0L);
        high.add(0L);
      }
    }
    var transposed =
        new Window(w.size(), w.baseDilation(), low, high, w.stride(), w.windowDilation());
    return b.reduceWindow(ReduceFn.ADD, transposed, g);
  }

  private static Value windowMaximum(Window w, Value x, Value y, Value g, Builder b) {
    if (w.windowDilation().stream().anyMatch(d -> d != 1)) {
      return dilatedMaximum(w, x, y, g, b);
    }
    if (w.baseDilation().stream().allMatch(d -> d == 1)) {
      return b.selectAndScatter(w, x, g);
    }
    int rank = w.rank();
    List<Long> zeros = Collections.nCopies(rank, 0L);
    var spaced =
        new Op.Pad(
            zeros,
            zeros,
            w.baseDilation().stream().map(d -> d - 1).toList(),
            Double.NEGATIVE_INFINITY,
            x);
    Window undilated = w.withBaseDilation(Collections.nCopies(rank, 1L));
    return StructuralVjp.pad(spaced, b.selectAndScatter(undilated, b.emit(spaced), g), b);
  }

  /** Max pooling with a dilated window, one element of the window after the other. */
  private static Value dilatedMaximum(Window w, Value x, Value y, Value g, Builder b) {
    long taps = w.size().stream().reduce(1L, Math::multiplyExact);
    if (taps > MAX_UNROLLED_WINDOW) {
      throw new NotDifferentiableException(
          "reduce_window",
          "a dilated window of " + taps + " elements is more than " + MAX_UNROLLED_WINDOW,
          b.origin());
    }
    var padded =
        new Op.Pad(
            w.padLow(),
            w.padHigh(),
            w.baseDilation().stream().map(d -> d - 1).toList(),
            Double.NEGATIVE_INFINITY,
            x);
    Value all = b.emit(padded);
    Value taken = b.constant(y.type().withDType(DType.BOOL), 0);
    Value zero = b.constantLike(g, 0);
    Value sum = b.constantLike(all, 0);
    for (long tap = 0; tap < taps; tap++) {
      Op.Slice slice = tap(w, tap, all, y);
      Value equal = b.compare(CompareFn.EQ, b.emit(slice), y);
      Value first =
          b.binary(BinaryFn.AND, equal, b.binary(BinaryFn.XOR, taken, b.constantLike(taken, 1)));
      taken = b.binary(BinaryFn.OR, taken, equal);
      sum = b.add(sum, StructuralVjp.slice(slice, b.select(first, g, zero), b));
    }
    return StructuralVjp.pad(padded, sum, b);
  }

  /** What window element {@code tap} (row-major) sees of the padded input, for every window. */
  private static Op.Slice tap(Window w, long tap, Value padded, Value y) {
    int rank = w.rank();
    var start = new ArrayList<>(Collections.nCopies(rank, 0L));
    var limit = new ArrayList<>(padded.type().shape().dims());
    long rest = tap;
    for (int i = rank - 1; i >= 0; i--) {
      long offset = rest % w.size().get(i) * w.windowDilation().get(i);
      rest /= w.size().get(i);
      Dim out = y.type().dim(i);
      if (out.isConstant()) {
        start.set(i, offset);
        limit.set(i, Dim.of(offset + (out.constant() - 1) * w.stride().get(i) + 1));
      }
    }
    return new Op.Slice(start, limit, w.stride(), padded);
  }
}
