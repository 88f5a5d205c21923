package modelc.ptx;

import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import modelc.ptx.Exact.Float64;
import modelc.ptx.syntax.Type;

/** Decodes floating-point arithmetic. */
final class FloatOps {
  private FloatOps() {}

  /** What happens to operands and results beside the rounding. */
  record Mode(FloatFormat format, Rounding rounding, boolean ftz, boolean sat, boolean relu) {
    static Mode of(Operation o) {
      return new Mode(
          FloatFormat.of(o.type()), Rounding.of(o), o.has("ftz"), o.has("sat"), o.has("relu"));
    }

    boolean plain() {
      return rounding == Rounding.RN && !ftz && !sat && !relu;
    }

    double in(long bits) {
      double x = format.decode(bits);
      return ftz ? format.flush(x) : x;
    }

    /** The result's bits; the value may be rounded to odd. */
    long out(double value) {
      double x = format.round(value, rounding);
      if (ftz) {
        x = format.flush(x);
      }
      if (sat) {
        // NaN becomes zero.
        x = x > 0 ? Math.min(x, 1) : 0;
      }
      if (relu && x <= 0) {
        x = 0;
      }
      return format.bits(x);
    }
  }

  static Code decode(Operation o) {
    Type t = o.type();
    Mode mode = Mode.of(o);
    o.counts(operations(o.opcode()) * (t.isPacked() ? 2 : 1));
    return switch (o.opcode()) {
      case "add" -> two(o, t, add(mode));
      case "sub" -> two(o, t, sub(mode));
      case "mul" -> two(o, t, mul(mode));
      case "div" -> two(o, t, div(o, mode));
      case "min", "max" -> two(o, t, extreme(o, mode));
      case "copysign" -> {
        long sign = mode.format().sign();
        yield two(o, t, (a, b) -> a & sign | b & ~sign);
      }
      case "fma", "mad" -> fma(o, t, mode);
      case "neg", "abs" -> sign(o, t, mode);
      default -> throw o.notEmulated();
    };
  }

  private static int operations(String opcode) {
    return switch (opcode) {
      case "fma", "mad" -> 2;
      case "copysign", "neg", "abs" -> 0;
      default -> 1;
    };
  }

  private static Code two(Operation o, Type t, LongBinaryOperator f) {
    o.expect(3, 3);
    return Lanes.binary(o.dst(0, t), o.src(1, t), o.src(2, t), t.isPacked() ? halves(f) : f);
  }

  private static LongBinaryOperator halves(LongBinaryOperator f) {
    return (a, b) ->
        f.applyAsLong(a & 0xffff, b & 0xffff) | f.applyAsLong(a >>> 16, b >>> 16) << 16;
  }

  private static float f(long bits) {
    return Float.intBitsToFloat((int) bits);
  }

  private static long bits(float x) {
    return Float.isNaN(x) ? 0x7fff_ffff : Float.floatToRawIntBits(x) & 0xffff_ffffL;
  }

  /** The sum of values of a type, to nearest. */
  static LongBinaryOperator add(Type t) {
    LongBinaryOperator f = add(new Mode(FloatFormat.of(t), Rounding.RN, false, false, false));
    return t.isPacked() ? halves(f) : f;
  }

  private static LongBinaryOperator add(Mode m) {
    if (m.format() == FloatFormat.F64) {
      return (a, b) -> m.out(Float64.ADD.round(m.in(a), m.in(b), 0, m.rounding()));
    }
    if (m.format() == FloatFormat.F32 && m.plain()) {
      return (a, b) -> bits(f(a) + f(b));
    }
    return (a, b) -> m.out(signedZero(Exact.add(m.in(a), m.in(b)), m.in(a), m.in(b), m));
  }

  /** Rounding down, the sum of opposite numbers is -0. */
  private static double signedZero(double sum, double a, double b, Mode m) {
    boolean bothPlus = a == 0 && b == 0 && 1 / a > 0 && 1 / b > 0;
    return sum == 0 && m.rounding() == Rounding.RM && !bothPlus ? -0.0 : sum;
  }

  private static LongBinaryOperator sub(Mode m) {
    if (m.format() == FloatFormat.F32 && m.plain()) {
      return (a, b) -> bits(f(a) - f(b));
    }
    LongBinaryOperator add = add(m);
    long sign = m.format().sign();
    return (a, b) -> add.applyAsLong(a, b ^ sign);
  }

  private static LongBinaryOperator mul(Mode m) {
    if (m.format() == FloatFormat.F64) {
      return (a, b) -> m.out(Float64.MUL.round(m.in(a), m.in(b), 0, m.rounding()));
    }
    if (m.format() == FloatFormat.F32 && m.plain()) {
      return (a, b) -> bits(f(a) * f(b));
    }
    return (a, b) -> m.out(Exact.mul(m.in(a), m.in(b)));
  }

  private static LongBinaryOperator div(Operation o, Mode m) {
    if (m.format() == FloatFormat.F64) {
      return (a, b) -> m.out(Float64.DIV.round(m.in(a), m.in(b), 0, m.rounding()));
    }
    if (m.format() != FloatFormat.F32) {
      throw o.invalid("is no instruction: PTX divides float32 and float64 only");
    }
    if (o.has("approx")) {
      return (a, b) -> m.out(approximateQuotient(m.in(a), m.in(b)));
    }
    if (!o.has("full") && o.oneOf("rn", "rz", "rm", "rp").isEmpty()) {
      throw o.invalid("needs .approx, .full or a rounding");
    }
    return (a, b) -> m.out(Exact.div(m.in(a), m.in(b)));
  }

  /** By PTX a product with 1/b, which is zero for b beyond 2^126. */
  private static double approximateQuotient(double a, double b) {
    boolean lost = Math.abs(b) > 0x1p126 && !Double.isInfinite(b);
    return lost ? a * Math.copySign(0.0, b) : Exact.div(a, b);
  }

  private static LongBinaryOperator extreme(Operation o, Mode m) {
    boolean max = o.opcode().equals("max");
    boolean keepNaN = o.has("NaN");
    return (x, y) -> {
      double a = m.in(x);
      double b = m.in(y);
      if (!keepNaN && Double.isNaN(a) != Double.isNaN(b)) {
        return m.out(Double.isNaN(a) ? b : a);
      }
      return m.out(max ? Math.max(a, b) : Math.min(a, b));
    };
  }

  private static Code fma(Operation o, Type t, Mode m) {
    o.expect(4, 4);
    int d = o.dst(0, t);
    int a = o.src(1, t);
    int b = o.src(2, t);
    int c = o.src(3, t);
    if (t == Type.F32 && m.plain()) {
      return fma32(d, a, b, c);
    }
    Lanes.Ternary f =
        m.format() == FloatFormat.F64
            ? (x, y, z) -> m.out(Float64.FMA.round(m.in(x), m.in(y), m.in(z), m.rounding()))
            : (x, y, z) -> {
              double p = Exact.mul(m.in(x), m.in(y));
              double sum = Exact.add(p, m.in(z));
              return m.out(signedZero(sum, p, m.in(z), m));
            };
    if (!t.isPacked()) {
      return Lanes.ternary(d, a, b, c, f);
    }
    return Lanes.ternary(
        d,
        a,
        b,
        c,
        (x, y, z) ->
            f.apply(x & 0xffff, y & 0xffff, z & 0xffff)
                | f.apply(x >>> 16, y >>> 16, z >>> 16) << 16);
  }

  private static Code fma32(int d, int a, int b, int c) {
    return (w, mask) -> {
      long[] r = w.r;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        r[d + i] = bits(Math.fma(f(r[a + i]), f(r[b + i]), f(r[c + i])));
      }
    };
  }

  private static Code sign(Operation o, Type t, Mode m) {
    o.expect(2, 2);
    long sign = m.format().sign();
    boolean neg = o.opcode().equals("neg");
    LongUnaryOperator plain = neg ? x -> x ^ sign : x -> x & ~sign;
    LongUnaryOperator f = m.ftz() ? x -> m.out(m.format().decode(plain.applyAsLong(x))) : plain;
    LongUnaryOperator whole =
        t.isPacked() ? x -> f.applyAsLong(x & 0xffff) | f.applyAsLong(x >>> 16) << 16 : f;
    return Lanes.unary(o.dst(0, t), o.src(1, t), whole);
  }
}
