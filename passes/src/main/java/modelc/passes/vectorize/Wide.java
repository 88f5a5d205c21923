package modelc.passes.vectorize;

import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;

/**
 * What a scalar expression becomes when it is evaluated for consecutive values of a variable at
 * once.
 */
sealed interface Wide {

  /** The same scalar for all of them. */
  record Same(Expr scalar) implements Wide {}

  /** An integer that grows by the scalar {@code stride} from one to the next, from {@code base}. */
  record Affine(Expr base, Expr stride) implements Wide {
    static Wide of(Expr base, Expr stride) {
      return stride instanceof Expr.Const c && c.value() == 0
          ? new Same(base)
          : new Affine(base, stride);
    }

    boolean isContiguous() {
      return stride instanceof Expr.Const c && c.value() == 1;
    }
  }

  /** Whatever the vector says. */
  record Each(Expr vector) implements Wide {}

  /** As a vector. */
  default Expr vector(int lanes) {
    return switch (this) {
      case Same s -> LoopBuilder.splat(s.scalar, lanes);
      case Affine a -> new Expr.Ramp(a.base, a.stride, lanes);
      case Each e -> e.vector;
    };
  }
}
