package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.index;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import modelc.ir.loop.Expr;

/**
 * One axis summed over.
 *
 * @param extent how many terms
 * @param stride the step of the row operand's address along it
 * @param position the step of the position among all terms, by which the column operand is found
 * @param divisor of the extent, when that is not a constant
 */
record Axis(Expr extent, Expr stride, Expr position, long divisor) {
  Axis(Expr extent, Expr stride, Expr position) {
    this(extent, stride, position, 1);
  }

  static Axis of(long extent, long stride, long position) {
    return new Axis(index(extent), index(stride), index(position));
  }

  /**
   * Axes without those of one term, and with neighbours joined that are one axis in both operands.
   * Outermost first.
   */
  static List<Axis> simplify(List<Axis> axes) {
    var result = new ArrayList<Axis>();
    for (Axis axis : axes) {
      if (isConstant(axis.extent, 1)) {
        continue;
      }
      if (!result.isEmpty() && result.getLast().continues(axis)) {
        Axis outer = result.removeLast();
        result.add(
            of(
                constant(outer.extent).getAsLong() * constant(axis.extent).getAsLong(),
                constant(axis.stride).getAsLong(),
                constant(axis.position).getAsLong()));
      } else {
        result.add(axis);
      }
    }
    return result;
  }

  private boolean continues(Axis inner) {
    OptionalLong terms = constant(inner.extent);
    return terms.isPresent()
        && constant(extent).isPresent()
        && isMultiple(stride, inner.stride, terms.getAsLong())
        && isMultiple(position, inner.position, terms.getAsLong());
  }

  private static boolean isMultiple(Expr outer, Expr inner, long times) {
    return constant(outer).isPresent()
        && constant(inner).isPresent()
        && constant(outer).getAsLong() == times * constant(inner).getAsLong();
  }

  static OptionalLong constant(Expr e) {
    return e instanceof Expr.Const c ? OptionalLong.of((long) c.value()) : OptionalLong.empty();
  }

  private static boolean isConstant(Expr e, long value) {
    return e instanceof Expr.Const c && c.value() == value;
  }
}
