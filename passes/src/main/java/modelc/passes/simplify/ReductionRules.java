package modelc.passes.simplify;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;
import org.jspecify.annotations.Nullable;

/**
 * Reductions of what need not be reduced: axes of size 1, repeated elements, padding. Rules give
 * what replaces the op, or null; operands are simplified already.
 */
final class ReductionRules {
  private ReductionRules() {}

  /** {@code onlyUse}: nobody else needs the operand. */
  static @Nullable Value reduce(Op.Reduce o, boolean onlyUse, Builder b) {
    TensorType x = o.x().type();
    Shape result = b.emit(o).type().shape();
    if (o.axes().stream().allMatch(axis -> x.dim(axis).isOne())) {
      return b.reshape(result, o.x());
    }
    if (o.x().op() instanceof Op.Broadcast r) {
      return reduceOfBroadcast(o, r, result, b);
    }
    if (o.x().op() instanceof Op.Constant c) {
      return reduceOfSplat(o, c.value(), result, b);
    }
    if (o.fn() == ReduceFn.ADD && x.dtype().isFloat()) {
      Value product = new CommonFactors(o, result, b).pulledOut();
      if (product != null) {
        return product;
      }
    }
    // One sum over all axes adds in another order than two, but neither order is promised.
    if (o.x().op() instanceof Op.Reduce inner && inner.fn() == o.fn() && onlyUse) {
      List<Integer> kept = without(inner.x().type().rank(), inner.axes());
      var axes = new ArrayList<>(inner.axes());
      o.axes().forEach(axis -> axes.add(kept.get(axis)));
      return b.reduce(o.fn(), axes, inner.x());
    }
    return null;
  }

  /**
   * A sum over repetitions is a product, an extremum of them the element; what else is reduced
   * stays reduced.
   */
  private static @Nullable Value reduceOfBroadcast(
      Op.Reduce o, Op.Broadcast r, Shape result, Builder b) {
    Dim count = Dim.ONE;
    boolean repeats = false;
    var inner = new ArrayList<Integer>();
    for (int axis : o.axes()) {
      int from = r.axes().indexOf(axis);
      if (from >= 0) {
        inner.add(from);
      }
      if (from < 0 || !r.x().type().dim(from).equals(r.shape().dim(axis))) {
        repeats = true;
        count = count.times(r.shape().dim(axis));
      }
    }
    if (!repeats
        || !count.isConstant()
        || count.constant() == 0
        || count.constant() > Integer.MAX_VALUE) {
      return null;
    }
    List<Integer> kept = without(r.shape().rank(), o.axes());
    List<Integer> axes =
        IntStream.range(0, r.axes().size())
            .filter(i -> !inner.contains(i))
            .mapToObj(i -> kept.indexOf(r.axes().get(i)))
            .toList();
    Value reduced = b.reduce(o.fn(), inner, r.x());
    Value repeated = b.broadcast(result, axes, reduced);
    return switch (o.fn()) {
      case ADD -> b.multiply(repeated, b.constantLike(repeated, (double) count.constant()));
      case MAXIMUM, MINIMUM, AND, OR -> repeated;
      case MULTIPLY -> null;
    };
  }

  private static @Nullable Value reduceOfSplat(Op.Reduce o, double value, Shape result, Builder b) {
    TensorType x = o.x().type();
    Dim count = Dim.ONE;
    for (int axis : o.axes()) {
      count = count.times(x.dim(axis));
    }
    if (!count.isConstant() || count.constant() == 0) {
      return null;
    }
    TensorType type = x.withShape(result);
    return switch (o.fn()) {
      // An integer product could wrap: it is left to FoldConstants where it is small.
      case ADD -> x.dtype().isFloat() ? b.constant(type, value * count.constant()) : null;
      case MAXIMUM, MINIMUM, AND, OR -> b.constant(type, value);
      case MULTIPLY -> value == 1 ? b.constant(type, 1) : null;
    };
  }

  /** Padding with the neutral element before a window reduction is padding of the window. */
  static @Nullable Value reduceWindow(Op.ReduceWindow o, Builder b) {
    OptionalDouble neutral =
        switch (o.fn()) {
          case ADD -> OptionalDouble.of(0);
          case MULTIPLY -> OptionalDouble.of(1);
          case MAXIMUM -> OptionalDouble.of(Double.NEGATIVE_INFINITY);
          case MINIMUM -> OptionalDouble.of(Double.POSITIVE_INFINITY);
          case AND, OR -> OptionalDouble.empty();
        };
    if (neutral.isEmpty()
        || !(o.x().op() instanceof Op.Pad p)
        || p.value() != neutral.getAsDouble()) {
      return null;
    }
    Window w = padded(o.window(), StructuralRules.range(o.window().rank()), p);
    return w == null ? null : b.reduceWindow(o.fn(), w, p.x());
  }

  /**
   * {@code w} over what {@code p} pads, where window axis i is the padded tensor's axis {@code
   * axes[i]}; null if the two do not merge: one crops what the other adds, or both dilate.
   */
  static @Nullable Window padded(Window w, List<Integer> axes, Op.Pad p) {
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    var dilation = new ArrayList<Long>();
    for (int i = 0; i < w.rank(); i++) {
      int axis = axes.get(i);
      long before = p.low().get(axis);
      long after = p.high().get(axis);
      long gap = p.interior().get(axis);
      boolean moves = before != 0 || after != 0 || gap != 0;
      long base = w.baseDilation().get(i);
      boolean opposed = before * w.padLow().get(i) < 0 || after * w.padHigh().get(i) < 0;
      if (moves && (base != 1 || opposed)) {
        return null;
      }
      low.add(w.padLow().get(i) + before);
      high.add(w.padHigh().get(i) + after);
      dilation.add(base == 1 ? gap + 1 : base);
    }
    return new Window(w.size(), w.stride(), low, high, dilation, w.windowDilation());
  }

  private static List<Integer> without(int rank, List<Integer> axes) {
    return IntStream.range(0, rank).filter(axis -> !axes.contains(axis)).boxed().toList();
  }
}
