package modelc.ptx;

import java.util.function.DoubleUnaryOperator;
import java.util.function.LongUnaryOperator;
import modelc.ptx.Exact.Float64;
import modelc.ptx.syntax.Type;

/**
 * Decodes roots, reciprocals and transcendental functions. The approximate ones are computed in
 * float64 and rounded once: hardware may be farther off, within the bounds that PTX states.
 */
final class FunctionOps {
  private FunctionOps() {}

  static Code decode(Operation o) {
    o.expect(2, 2);
    Type t = o.type();
    boolean approximate = o.has("approx");
    FloatOps.Mode mode = FloatOps.Mode.of(o);
    checkForm(o, t, approximate);
    o.counts(t.isPacked() ? 2 : 1);
    LongUnaryOperator f = t == Type.F64 ? float64(o, mode, approximate) : narrow(o, mode);
    LongUnaryOperator whole =
        t.isPacked() ? x -> f.applyAsLong(x & 0xffff) | f.applyAsLong(x >>> 16) << 16 : f;
    return Lanes.unary(o.dst(0, t), o.src(1, t), whole);
  }

  private static void checkForm(Operation o, Type t, boolean approximate) {
    boolean rounded = !o.oneOf("rn", "rz", "rm", "rp").isEmpty();
    boolean exists =
        switch (o.opcode()) {
          case "rcp" -> approximate != rounded && (t == Type.F32 || t == Type.F64);
          case "sqrt" -> approximate != rounded && (t == Type.F32 || t == Type.F64 && rounded);
          case "rsqrt" -> approximate && !rounded && (t == Type.F32 || t == Type.F64);
          case "ex2", "tanh" -> approximate && t != Type.F64;
          default -> approximate && t == Type.F32;
        };
    if (!exists) {
      throw o.invalid("is no form of " + o.opcode() + " that PTX has");
    }
  }

  private static LongUnaryOperator narrow(Operation o, FloatOps.Mode m) {
    if (o.opcode().equals("rcp")) {
      return x -> m.out(Exact.div(1, m.in(x)));
    }
    if (o.opcode().equals("sqrt")) {
      return x -> m.out(Exact.sqrt(m.in(x)));
    }
    DoubleUnaryOperator f = function(o);
    return x -> m.out(f.applyAsDouble(m.in(x)));
  }

  private static DoubleUnaryOperator function(Operation o) {
    return switch (o.opcode()) {
      case "rsqrt" -> x -> x == 0 ? 1 / x : 1 / Math.sqrt(x);
      case "ex2" -> x -> Math.pow(2, x);
      case "lg2" -> FunctionOps::log2;
      case "sin" -> Math::sin;
      case "cos" -> Math::cos;
      default -> Math::tanh;
    };
  }

  /** Exact for powers of two. */
  private static double log2(double x) {
    if (!(x > 0) || Double.isInfinite(x)) {
      return Math.log(x);
    }
    int e = Math.getExponent(x);
    double m = Math.scalb(x, -e);
    if (m > 1.5) {
      m /= 2;
      e++;
    }
    return e + Math.log1p(m - 1) / Math.log(2);
  }

  private static LongUnaryOperator float64(Operation o, FloatOps.Mode m, boolean approximate) {
    return switch (o.opcode()) {
      case "rcp" ->
          approximate
              ? x -> truncated(1 / m.in(x))
              : x -> m.out(Float64.DIV.round(1, m.in(x), 0, m.rounding()));
      case "sqrt" -> x -> m.out(Float64.SQRT.round(m.in(x), 0, 0, m.rounding()));
      default -> x -> truncated(m.in(x) == 0 ? 1 / m.in(x) : 1 / Math.sqrt(m.in(x)));
    };
  }

  /** The approximate float64 functions give 20 bits of the significand. */
  private static long truncated(double x) {
    return Double.doubleToRawLongBits(x) & 0xffff_ffff_0000_0000L;
  }
}
