package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.List;
import modelc.frontend.ast.Expr.InfixOp;
import modelc.frontend.diagnostic.Code;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Span;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/** Sums, extremes and counts over named axes, and sums and products of lists. */
final class Reductions {
  private final Evaluator evaluator;
  private final Context context;

  Reductions(Evaluator evaluator) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
  }

  Val sum(Val x, Val over, Span place) {
    if (x instanceof Val.ListVal l) {
      Val total = new Val.Int(0);
      boolean first = true;
      for (Val v : l.items()) {
        total = first ? v : evaluator.arithmetic.infix(InfixOp.ADD, total, v, place);
        first = false;
      }
      return total;
    }
    if (!(x instanceof Val.Tensor t)) {
      throw context.error(
          Code.ARGUMENT_TYPE,
          place,
          "`sum` adds a tensor's or a list's elements, not " + Show.kind(x),
          "");
    }
    if (!(over instanceof Val.Axes axes)) {
      throw context.error(
          Code.NO_AXIS,
          place,
          "`sum` of a tensor needs the axes to reduce",
          "",
          "write `sum(x, over = last)`");
    }
    requireSummable("sum", t, place);
    return reduce(ReduceFn.ADD, t, axes, place);
  }

  private void requireSummable(String sum, Val.Tensor x, Span place) {
    if (x.type().dtype() == DType.BOOL) {
      throw context.error(
          Code.ELEMENT_TYPES,
          place,
          "`" + sum + "` does not apply to tensors of bool",
          "",
          "count with `" + sum + "(cast(x, f32), ...)`");
    }
  }

  /** The sums of the elements up to each along the axis. */
  Val cumulativeSum(Val.Tensor x, Val.Axes axis, Span place) {
    requireSummable("cumsum", x, place);
    int index = evaluator.conversions.index(axis.axes().getFirst(), x, place);
    Value v = context.emit(place, () -> context.builder().cumulativeSum(index, x.value()));
    return new Val.Tensor(v, x.axes());
  }

  Val extreme(boolean max, Val.Tensor x, Val.Axes axes, Span place) {
    if (x.type().dtype() == DType.BOOL) {
      throw context.error(Code.ELEMENT_TYPES, place, "bools have no order", Show.type(x.type()));
    }
    return reduce(max ? ReduceFn.MAXIMUM : ReduceFn.MINIMUM, x, axes, place);
  }

  /** Reduces the axes away; the names of the others stay. */
  private Val reduce(ReduceFn fn, Val.Tensor x, Val.Axes axes, Span place) {
    List<Integer> indices = evaluator.conversions.indices(axes, x, place);
    Value v = context.emit(place, () -> context.builder().reduce(fn, indices, x.value()));
    var names = new ArrayList<@Nullable AxisName>();
    for (int i = 0; i < x.rank(); i++) {
      if (!indices.contains(i)) {
        names.add(x.axes().get(i));
      }
    }
    return new Val.Tensor(v, names);
  }

  Val product(Val.ListVal list, Span place) {
    Val total = new Val.Int(1);
    for (Val v : list.items()) {
      total = evaluator.arithmetic.infix(InfixOp.MULTIPLY, total, v, place);
    }
    return total;
  }

  /** How many elements the axes have together. */
  Val count(Val.Tensor x, Val.Axes axes, Span place) {
    Dim total = Dim.ONE;
    for (int i : evaluator.conversions.indices(axes, x, place)) {
      total = total.times(x.type().dim(i));
    }
    return Arithmetic.ofDim(total);
  }
}
