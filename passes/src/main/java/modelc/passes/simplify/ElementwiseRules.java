package modelc.passes.simplify;

import java.util.OptionalDouble;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * Identities of elementwise arithmetic. Rules give what replaces the op, or null; operands are
 * simplified already. None holds for most numbers only: see {@link Simplify} for what exactly
 * means.
 */
final class ElementwiseRules {
  private ElementwiseRules() {}

  static @Nullable Value unary(Op.Unary o, Builder b) {
    Value x = o.x();
    Value s = Splat.scalar(x, b);
    if (s != null) {
      return b.broadcastScalar(x.type().shape(), b.unary(o.fn(), s));
    }
    return switch (o.fn()) {
      case NEGATE -> negate(x, b);
      case ABS ->
          isUnary(x, UnaryFn.NEGATE) || isUnary(x, UnaryFn.ABS)
              ? b.unary(UnaryFn.ABS, inner(x))
              : null;
      case NOT -> LogicRules.not(x, b);
      case FLOOR, CEIL, ROUND_NEAREST_EVEN -> Facts.isWhole(x) ? x : null;
      case SIGN,
          EXP,
          EXPM1,
          LOG,
          LOG1P,
          SQRT,
          RSQRT,
          TANH,
          LOGISTIC,
          ERF,
          SINE,
          COSINE,
          IS_FINITE ->
          null;
    };
  }

  private static @Nullable Value negate(Value x, Builder b) {
    if (isUnary(x, UnaryFn.NEGATE)) {
      return inner(x);
    }
    if (x.op() instanceof Op.Binary d && d.fn() == BinaryFn.SUBTRACT) {
      return b.subtract(d.y(), d.x());
    }
    // Not for the least integer, whose negation is itself; for floats -(x*c) = x*(-c).
    if (x.op() instanceof Op.Binary m
        && m.fn() == BinaryFn.MULTIPLY
        && x.type().dtype().isFloat()) {
      OptionalDouble c = Splat.of(m.y());
      if (c.isPresent()) {
        return b.multiply(m.x(), b.constantLike(x, -c.getAsDouble()));
      }
    }
    return null;
  }

  static @Nullable Value binary(Op.Binary o, Builder b) {
    Value x = o.x();
    Value y = o.y();
    Value s = Splat.scalar(x, b);
    Value t = Splat.scalar(y, b);
    if (s != null && t != null) {
      return b.broadcastScalar(x.type().shape(), b.binary(o.fn(), s, t));
    }
    return switch (o.fn()) {
      case ADD -> add(x, y, b);
      case SUBTRACT -> subtract(x, y, b);
      case MULTIPLY -> multiply(x, y, b);
      case DIVIDE -> divide(x, y, b);
      case POWER -> power(x, y, b);
      case MAXIMUM -> extremum(x, y, Double.NEGATIVE_INFINITY);
      case MINIMUM -> extremum(x, y, Double.POSITIVE_INFINITY);
      case AND -> LogicRules.and(x, y);
      case OR -> LogicRules.or(x, y);
      case XOR -> LogicRules.xor(x, y, b);
      case SHIFT_LEFT, SHIFT_RIGHT_LOGICAL -> Splat.is(y, 0) ? x : null;
      case REMAINDER -> null;
    };
  }

  private static @Nullable Value add(Value x, Value y, Builder b) {
    if (Splat.is(y, 0)) {
      return x;
    }
    if (Splat.is(x, 0)) {
      return y;
    }
    if (isUnary(y, UnaryFn.NEGATE)) {
      return b.subtract(x, inner(y));
    }
    return isUnary(x, UnaryFn.NEGATE) ? b.subtract(y, inner(x)) : null;
  }

  private static @Nullable Value subtract(Value x, Value y, Builder b) {
    if (Splat.is(y, 0)) {
      return x;
    }
    if (Splat.is(x, 0)) {
      return b.negate(y);
    }
    if (isUnary(y, UnaryFn.NEGATE)) {
      return b.add(x, inner(y));
    }
    return x.equals(y) && Facts.isFinite(x) ? b.constantLike(x, 0) : null;
  }

  private static @Nullable Value multiply(Value x, Value y, Builder b) {
    OptionalDouble left = Splat.of(x);
    if (left.isPresent() && Splat.of(y).isEmpty()) {
      return b.multiply(y, x); // constants right, where the rules look for them
    }
    OptionalDouble c = Splat.of(y);
    if (c.isPresent()) {
      if (c.getAsDouble() == 1) {
        return x;
      }
      if (c.getAsDouble() == -1) {
        return b.negate(x);
      }
      if (c.getAsDouble() == 0 && Facts.isFinite(x)) {
        return b.constantLike(x, 0);
      }
      if (isUnary(x, UnaryFn.NEGATE) && x.type().dtype().isFloat()) {
        return b.multiply(inner(x), b.constantLike(x, -c.getAsDouble()));
      }
    }
    return isUnary(x, UnaryFn.NEGATE) && isUnary(y, UnaryFn.NEGATE)
        ? b.multiply(inner(x), inner(y))
        : null;
  }

  private static @Nullable Value divide(Value x, Value y, Builder b) {
    OptionalDouble c = Splat.of(y);
    if (c.isEmpty()) {
      return null;
    }
    if (c.getAsDouble() == 1) {
      return x;
    }
    if (c.getAsDouble() == -1 && x.type().dtype().isFloat()) {
      return b.negate(x);
    }
    return x.type().dtype().isFloat() && isInvertible(c.getAsDouble())
        ? b.multiply(x, b.constantLike(x, 1 / c.getAsDouble()))
        : null;
  }

  /**
   * Whether {@code c} is a power of two, and it and its inverse are normal in float32: then x/c =
   * x*(1/c) exactly.
   */
  private static boolean isInvertible(double c) {
    int exponent = Math.getExponent(c);
    return Math.abs(c) == Math.scalb(1.0, exponent) && Math.abs(exponent) < Float.MAX_EXPONENT;
  }

  private static @Nullable Value power(Value x, Value y, Builder b) {
    OptionalDouble constant = Splat.of(y);
    if (constant.isEmpty()) {
      return null;
    }
    double c = constant.getAsDouble();
    if (c == 0) {
      return b.constantLike(x, 1); // also of NaN
    }
    if (c == 1) {
      return x;
    }
    if (c == 2) {
      return b.multiply(x, x);
    }
    if (c == 3) {
      return b.multiply(b.multiply(x, x), x);
    }
    if (!x.type().dtype().isFloat()) {
      return null;
    }
    if (c == -1) {
      return b.divide(b.constantLike(x, 1), x);
    }
    if (c == -2) {
      return b.divide(b.constantLike(x, 1), b.multiply(x, x));
    }
    if (c == 0.5) {
      return b.unary(UnaryFn.SQRT, x);
    }
    return c == -0.5 ? b.unary(UnaryFn.RSQRT, x) : null;
  }

  private static @Nullable Value extremum(Value x, Value y, double neutral) {
    if (x.equals(y) || Splat.is(y, neutral)) {
      return x;
    }
    return Splat.is(x, neutral) ? y : null;
  }

  static @Nullable Value convert(Op.Convert o, Builder b) {
    Value x = o.x();
    if (x.type().dtype() == o.to()) {
      return x;
    }
    Value s = Splat.scalar(x, b);
    if (s != null) {
      return b.broadcastScalar(x.type().shape(), b.convert(o.to(), s));
    }
    if (x.op() instanceof Op.Convert c && isLossless(c.x().type().dtype(), c.to())) {
      return b.convert(o.to(), c.x());
    }
    return null;
  }

  /** Whether every value of {@code from} is one of {@code to}. */
  private static boolean isLossless(DType from, DType to) {
    return switch (from) {
      case BOOL -> true;
      case I32 -> to == DType.I64 || to == DType.F64;
      case F32 -> to == DType.F64;
      case I64, F64 -> false;
    };
  }

  static boolean isUnary(Value v, UnaryFn fn) {
    return v.op() instanceof Op.Unary u && u.fn() == fn;
  }

  static Value inner(Value v) {
    return ((Op.Unary) v.op()).x();
  }
}
