package modelc.passes.simplify;

import java.util.List;
import modelc.ir.DType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;

/**
 * What is known of a value's elements from the ops that made it. It evaluates nothing, and no is no
 * proof.
 */
final class Facts {
  private Facts() {}

  /** Whether no element can be infinite or NaN. It looks a few ops deep, no further. */
  static boolean isFinite(Value v) {
    Value source = v;
    for (int depth = 0; depth < Splat.MAX_DEPTH; depth++) {
      if (!source.type().dtype().isFloat()) {
        return true;
      }
      switch (source.op()) {
        case Op.Constant c -> {
          return isFinite(c.value(), source);
        }
        case Op.DenseConstant c -> {
          Value constant = source;
          return c.values().stream().allMatch(value -> isFinite(value, constant));
        }
        case Op.Iota _ -> {
          return true;
        }
        case Op.Convert o -> {
          if (source.type().dtype() == DType.F32 && o.x().type().dtype() == DType.F64) {
            return false;
          }
          source = o.x();
        }
        case Op.Broadcast o -> source = o.x();
        case Op.Reshape o -> source = o.x();
        case Op.Transpose o -> source = o.x();
        case Op.Slice o -> source = o.x();
        case Op.Reverse o -> source = o.x();
        default -> {
          return false;
        }
      }
    }
    return false;
  }

  private static boolean isFinite(double value, Value constant) {
    double largest = constant.type().dtype() == DType.F32 ? Float.MAX_VALUE : Double.MAX_VALUE;
    return Math.abs(value) <= largest;
  }

  /** Whether every element is an integer, infinite or NaN. */
  static boolean isWhole(Value x) {
    return x.op() instanceof Op.Unary u
            && List.of(UnaryFn.FLOOR, UnaryFn.CEIL, UnaryFn.ROUND_NEAREST_EVEN, UnaryFn.SIGN)
                .contains(u.fn())
        || x.op() instanceof Op.Convert c && !c.x().type().dtype().isFloat();
  }
}
