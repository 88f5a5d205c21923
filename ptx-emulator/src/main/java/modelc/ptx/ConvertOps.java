package modelc.ptx;

import java.util.function.LongUnaryOperator;
import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Type;

/** Decodes conversions between types. */
final class ConvertOps {
  private ConvertOps() {}

  static Code decode(Operation o) {
    if (o.typeCount() != 2 || o.has("pack")) {
      throw o.notEmulated();
    }
    Type to = o.type(0);
    Type from = o.type(1);
    if (to.isPacked()) {
      return packed(o, to, from);
    }
    o.expect(2, 2);
    Operand target = o.operand(0);
    LongUnaryOperator f = function(o, to, from);
    int d = o.dstWide(target, to);
    int a = o.srcWide(o.operand(1), from);
    long mask = from.mask();
    if (!to.isSigned()) {
      return Lanes.unary(d, a, x -> f.applyAsLong(x & mask));
    }
    // A wider register gets the sign too.
    long register = o.width(target) == 64 ? -1 : (1L << o.width(target)) - 1;
    return Lanes.unary(d, a, x -> IntegerOps.signed(f.applyAsLong(x & mask), to.bits()) & register);
  }

  private static LongUnaryOperator function(Operation o, Type to, Type from) {
    if (from.isFloat()) {
      return to.isFloat() ? floatToFloat(o, to, from) : floatToInteger(o, to, from);
    }
    return to.isFloat() ? integerToFloat(o, to, from) : integerToInteger(o, to, from);
  }

  private static LongUnaryOperator integerToInteger(Operation o, Type to, Type from) {
    LongUnaryOperator value = from.isSigned() ? x -> IntegerOps.signed(x, from.bits()) : x -> x;
    if (!o.has("sat")) {
      return x -> value.applyAsLong(x) & to.mask();
    }
    return x -> {
      long v = value.applyAsLong(x);
      boolean huge = !from.isSigned() && v < 0;
      long least = to.isSigned() ? -1L << (to.bits() - 1) : 0;
      long most = to.isSigned() ? ~least : to.bits() == 64 ? Long.MAX_VALUE : to.mask();
      boolean whole = to == Type.U64 && huge;
      return (whole ? v : huge ? most : Math.clamp(v, least, most)) & to.mask();
    };
  }

  private static LongUnaryOperator integerToFloat(Operation o, Type to, Type from) {
    Rounding rounding = Rounding.of(o);
    if (o.oneOf("rn", "rz", "rm", "rp").isEmpty()) {
      throw o.invalid("needs a rounding");
    }
    FloatFormat format = FloatFormat.of(to);
    boolean sat = o.has("sat");
    return x -> {
      long v = from.isSigned() ? IntegerOps.signed(x, from.bits()) : x;
      double exact =
          format == FloatFormat.F64
              ? Exact.integer(v, from.isSigned(), rounding)
              : format.round(Exact.integer(v, from.isSigned()), rounding);
      return format.bits(sat ? Math.clamp(exact, 0, 1) : exact);
    };
  }

  private static Rounding integerRounding(Operation o) {
    return switch (o.oneOf("rni", "rzi", "rmi", "rpi")) {
      case "rni" -> Rounding.RN;
      case "rzi" -> Rounding.RZ;
      case "rmi" -> Rounding.RM;
      case "rpi" -> Rounding.RP;
      default -> throw o.invalid("needs a rounding to integers");
    };
  }

  /** Values beyond the integers' range become the nearest of them. */
  private static LongUnaryOperator floatToInteger(Operation o, Type to, Type from) {
    Rounding rounding = integerRounding(o);
    FloatFormat format = FloatFormat.of(from);
    boolean ftz = o.has("ftz");
    o.ignore("sat");
    boolean wide = from == Type.F64 || to.bits() == 64;
    long ofNaN = wide ? 1L << (to.bits() - 1) : 0;
    return x -> {
      double v = format.decode(x);
      if (Double.isNaN(v)) {
        return ofNaN;
      }
      double r = rounding.integer(ftz ? format.flush(v) : v);
      if (!to.isSigned()) {
        return r <= 0 ? 0 : r >= Math.scalb(1.0, to.bits()) ? to.mask() : unsigned(r);
      }
      long least = -1L << (to.bits() - 1);
      return Math.clamp((long) r, least, ~least) & to.mask();
    };
  }

  private static long unsigned(double r) {
    return r < 0x1p63 ? (long) r : (long) (r - 0x1p63) + Long.MIN_VALUE;
  }

  private static LongUnaryOperator floatToFloat(Operation o, Type to, Type from) {
    if (!o.oneOf("rni", "rzi", "rmi", "rpi").isEmpty()) {
      Rounding rounding = integerRounding(o);
      FloatOps.Mode in = mode(from, Rounding.RN, o);
      FloatOps.Mode out = mode(to, Rounding.RN, o);
      return x -> out.out(rounding.integer(in.in(x)));
    }
    boolean narrows = to.bits() < from.bits() || to == Type.TF32;
    boolean rounds = !o.oneOf("rn", "rz", "rm", "rp", "rna").isEmpty();
    if (narrows && !rounds) {
      throw o.invalid("needs a rounding");
    }
    boolean finite = o.has("satfinite");
    FloatOps.Mode in = mode(from, Rounding.RN, o);
    FloatOps.Mode out = mode(to, Rounding.of(o), o);
    return x -> narrowed(in.in(x), out, finite);
  }

  private static FloatOps.Mode mode(Type t, Rounding rounding, Operation o) {
    // Only float32 is flushed.
    boolean ftz = o.has("ftz") && t == Type.F32;
    return new FloatOps.Mode(FloatFormat.of(t), rounding, ftz, o.has("sat"), o.has("relu"));
  }

  private static long narrowed(double x, FloatOps.Mode out, boolean finite) {
    double max = out.format().max();
    return out.out(finite && !Double.isNaN(x) ? Math.clamp(x, -max, max) : x);
  }

  /** Two float32 values to a packed type: the first goes to the upper half. */
  private static Code packed(Operation o, Type to, Type from) {
    if (from != Type.F32) {
      throw o.notEmulated();
    }
    o.expect(3, 3);
    if (o.oneOf("rn", "rz").isEmpty()) {
      throw o.invalid("needs .rn or .rz");
    }
    boolean finite = o.has("satfinite");
    var out = new FloatOps.Mode(FloatFormat.of(to), Rounding.of(o), false, false, o.has("relu"));
    return Lanes.binary(
        o.dst(0, to),
        o.src(1, from),
        o.src(2, from),
        (a, b) ->
            narrowed(Float.intBitsToFloat((int) a), out, finite) << 16
                | narrowed(Float.intBitsToFloat((int) b), out, finite));
  }
}
