package modelc.passes.simplify;

import java.util.List;
import java.util.OptionalDouble;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Shape;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * Identities of elementwise ops. Rules give what replaces the op, or null; operands are simplified already. None holds
 * for most numbers only: see {@link Simplify} for what exactly means.
 */
final class ElementwiseRules {
  private ElementwiseRules() {}

  static @Nullable Value unary(Op.Unary o, Builder b) {
    Value x = o.x();
    Value s = scalarOf(x, b);
    if (s != null) {
      return b.broadcastScalar(x.type().shape(), b.unary(o.fn(), s));
    }
    return switch (o.fn()) {
      case NEGATE -> negate(x, b);
      case ABS -> isUnary(x, UnaryFn.NEGATE) || isUnary(x, UnaryFn.ABS)
          ? b.unary(UnaryFn.ABS, inner(x))
          : null;
      case NOT -> not(x, b);
      case FLOOR, CEIL, ROUND_NEAREST_EVEN -> isWhole(x) ? x : null;
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
    if (x.op() instanceof Op.Binary m && m.fn() == BinaryFn.MULTIPLY && x.type().dtype().isFloat()) {
      OptionalDouble c = Splat.of(m.y());
      if (c.isPresent()) {
        return b.multiply(m.x(), b.constantLike(x, -c.getAsDouble()));
      }
    }
    return null;
  }

  private static @Nullable Value not(Value x, Builder b) {
    if (isUnary(x, UnaryFn.NOT)) {
      return inner(x);
    }
    if (x.op() instanceof Op.Compare c && (c.fn() == CompareFn.EQ || c.fn() == CompareFn.NE)) {
      return b.compare(c.fn() == CompareFn.EQ ? CompareFn.NE : CompareFn.EQ, c.x(), c.y());
    }
    return null;
  }

  static @Nullable Value binary(Op.Binary o, Builder b) {
    Value x = o.x();
    Value y = o.y();
    Value s = scalarOf(x, b);
    Value t = scalarOf(y, b);
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
      case AND -> and(x, y);
      case OR -> or(x, y);
      case XOR -> xor(x, y, b);
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
    return x.equals(y) && isFinite(x) ? b.constantLike(x, 0) : null;
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
      if (c.getAsDouble() == 0 && isFinite(x)) {
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

  /** Whether {@code c} is a power of two, and it and its inverse are normal in float32: then x/c = x*(1/c) exactly. */
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

  private static @Nullable Value and(Value x, Value y) {
    if (x.equals(y)) {
      return x;
    }
    double all = allBits(x);
    if (Splat.is(x, 0) || Splat.is(y, all)) {
      return x;
    }
    return Splat.is(y, 0) || Splat.is(x, all) ? y : null;
  }

  private static @Nullable Value or(Value x, Value y) {
    if (x.equals(y)) {
      return x;
    }
    double all = allBits(x);
    if (Splat.is(y, 0) || Splat.is(x, all)) {
      return x;
    }
    return Splat.is(x, 0) || Splat.is(y, all) ? y : null;
  }

  private static @Nullable Value xor(Value x, Value y, Builder b) {
    if (x.equals(y)) {
      return b.constantLike(x, 0);
    }
    if (Splat.is(y, 0)) {
      return x;
    }
    if (Splat.is(x, 0)) {
      return y;
    }
    return Splat.is(y, allBits(x)) ? b.unary(UnaryFn.NOT, x) : null;
  }

  private static double allBits(Value x) {
    return x.type().dtype() == DType.BOOL ? 1 : -1;
  }

  static @Nullable Value compare(Op.Compare o, Builder b) {
    Value x = o.x();
    Value s = scalarOf(x, b);
    Value t = scalarOf(o.y(), b);
    if (s != null && t != null) {
      return b.broadcastScalar(x.type().shape(), b.compare(o.fn(), s, t));
    }
    if (x.equals(o.y()) && !x.type().dtype().isFloat()) {
      boolean holds =
          switch (o.fn()) {
            case EQ, LE, GE -> true;
            case NE, LT, GT -> false;
          };
      return b.constant(x.type().withDType(DType.BOOL), holds ? 1 : 0);
    }
    return null;
  }

  static @Nullable Value select(Op.Select o, Builder b) {
    Value p = o.predicate();
    if (o.onTrue().equals(o.onFalse()) || Splat.is(p, 1)) {
      return o.onTrue();
    }
    if (Splat.is(p, 0)) {
      return o.onFalse();
    }
    if (isUnary(p, UnaryFn.NOT)) {
      return b.select(inner(p), o.onFalse(), o.onTrue());
    }
    // A select inside another by the same predicate has one side nobody sees.
    if (o.onTrue().op() instanceof Op.Select s && s.predicate().equals(p)) {
      return b.select(p, s.onTrue(), o.onFalse());
    }
    if (o.onFalse().op() instanceof Op.Select s && s.predicate().equals(p)) {
      return b.select(p, o.onTrue(), s.onFalse());
    }
    return null;
  }

  static @Nullable Value convert(Op.Convert o, Builder b) {
    Value x = o.x();
    if (x.type().dtype() == o.to()) {
      return x;
    }
    Value s = scalarOf(x, b);
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

  /**
   * The scalar that {@code v} repeats, if it is a broadcast of one or a constant: what is done to every element is then
   * done once. A scalar itself repeats nothing.
   */
  private static @Nullable Value scalarOf(Value v, Builder b) {
    if (v.op() instanceof Op.Broadcast o) {
      return o.x().type().shape().equals(Shape.SCALAR) ? o.x() : null;
    }
    return v.op() instanceof Op.Constant c && v.type().rank() > 0
        ? b.constant(v.type().withShape(Shape.SCALAR), c.value())
        : null;
  }

  /** Whether no element can be infinite or NaN. It looks a few ops deep, no further. */
  private static boolean isFinite(Value v) {
    Value source = v;
    for (int depth = 0; depth < 8; depth++) {
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

  private static boolean isWhole(Value x) {
    return x.op() instanceof Op.Unary u
            && List.of(UnaryFn.FLOOR, UnaryFn.CEIL, UnaryFn.ROUND_NEAREST_EVEN, UnaryFn.SIGN)
                .contains(u.fn())
        || x.op() instanceof Op.Convert c && !c.x().type().dtype().isFloat();
  }

  private static boolean isUnary(Value v, UnaryFn fn) {
    return v.op() instanceof Op.Unary u && u.fn() == fn;
  }

  private static Value inner(Value v) {
    return ((Op.Unary) v.op()).x();
  }
}
