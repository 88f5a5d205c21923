package modelc.passes.autodiff;

import java.util.ArrayList;
import java.util.List;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Callable;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.Inline;
import org.jspecify.annotations.Nullable;

/**
 * The table of vector-Jacobian products: from the cotangent of an op's result to those of its
 * operands. Each rule adds what it has; {@link Cotangents} drops what nobody asked for.
 */
final class Vjp {
  private Vjp() {}

  /**
   * Adds to the cotangents of {@code v}'s operands, given {@code g}, the whole cotangent of {@code
   * v}.
   *
   * @throws NotDifferentiableException if an operand that wants a gradient gets none from this op
   */
  static void apply(Value v, Value g, Cotangents to, Builder b) {
    if (Cotangents.isEmpty(v)) {
      return;
    }
    switch (v.op()) {
      case Op.Parameter _,
          Op.Constant _,
          Op.DenseConstant _,
          Op.Iota _,
          Op.RandomBits _,
          Op.Compare _,
          Op.StopGradient _ -> {}
      case Op.Unary o -> ElementwiseVjp.unary(o, v, g, to, b);
      case Op.Binary o -> ElementwiseVjp.binary(o, v, g, to, b);
      case Op.Select o -> {
        Value zero = b.constantLike(g, 0);
        to.add(o.onTrue(), () -> b.select(o.predicate(), g, zero));
        to.add(o.onFalse(), () -> b.select(o.predicate(), zero, g));
      }
      case Op.Convert o -> to.add(o.x(), () -> b.convert(o.x().type().dtype(), g));
      case Op.Reshape o -> to.add(o.x(), () -> b.reshape(o.x().type().shape(), g));
      case Op.Transpose o -> to.add(o.x(), () -> StructuralVjp.untranspose(o.permutation(), g, b));
      case Op.Broadcast o -> to.add(o.x(), () -> StructuralVjp.broadcast(o, g, b));
      case Op.Slice o -> to.add(o.x(), () -> StructuralVjp.slice(o, g, b));
      case Op.Pad o -> to.add(o.x(), () -> StructuralVjp.pad(o, g, b));
      case Op.Concatenate o -> StructuralVjp.concatenate(o, g, to, b);
      case Op.Reverse o -> to.add(o.x(), () -> b.reverse(o.axes(), g));
      case Op.Gather o -> to.add(o.x(), () -> StructuralVjp.gather(o, g, b));
      case Op.ScatterAdd o -> {
        to.add(o.x(), () -> g);
        to.add(o.updates(), () -> StructuralVjp.scatterUpdates(o, g, b));
      }
      case Op.Reduce o -> to.add(o.x(), () -> ReductionVjp.reduce(o, v, g, b));
      case Op.CumulativeSum o -> to.add(o.x(), () -> ReductionVjp.cumulativeSum(o, g, b));
      case Op.ReduceWindow o -> to.add(o.x(), () -> ReductionVjp.reduceWindow(o, v, g, b));
      case Op.DotGeneral o -> ContractionVjp.dotGeneral(o, g, to, b);
      case Op.Convolution o -> ContractionVjp.convolution(o, g, to, b);
      case Op.SelectAndScatter _ ->
          throw new NotDifferentiableException(
              "select_and_scatter",
              "second derivatives of max pooling are not supported",
              v.origin());
      case Op.Call o -> call(o, v, g, to, b);
      case Op.Gradient _ -> throw new IllegalStateException("a gradient inside a backward sweep");
    }
  }

  private static void call(Op.Call o, Value v, Value g, Cotangents to, Builder b) {
    Callable callee = o.callee();
    @Nullable String reason = callee.noGradient();
    if (reason != null) {
      throw new NotDifferentiableException(callee.name(), reason, v.origin());
    }
    @Nullable Function stated = callee.gradient();
    if (stated == null) {
      throw new IllegalStateException("a call of " + callee.name() + " was not expanded");
    }
    var arguments = new ArrayList<>(o.arguments());
    arguments.add(v);
    arguments.add(g);
    Function flat = Inline.inline(stated, Autodiff::isDerived);
    List<Value> cotangents = Inline.expand(flat, arguments, b.origin(), b);
    for (int i = 0; i < o.arguments().size(); i++) {
      Value cotangent = cotangents.get(i);
      to.add(o.arguments().get(i), () -> cotangent);
    }
  }
}
