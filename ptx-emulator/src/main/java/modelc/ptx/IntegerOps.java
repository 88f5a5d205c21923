package modelc.ptx;

import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import modelc.ptx.syntax.Type;

/** Decodes integer arithmetic. Values are kept with their higher bits zero. */
final class IntegerOps {
  private IntegerOps() {}

  /** The low bits as a signed number. */
  static long signed(long value, int bits) {
    return value << (64 - bits) >> (64 - bits);
  }

  static Code decode(Operation o) {
    Type t = o.type();
    return switch (o.opcode()) {
      case "mul", "mul24" -> product(o, t);
      case "mad", "mad24" -> multiplyAdd(o, t);
      case "div", "rem" -> quotient(o, t, o.opcode().equals("div"));
      case "abs", "neg" -> {
        o.expect(2, 2);
        yield Lanes.unary(o.dst(0, t), o.src(1, t), unary(o, t));
      }
      case "sad" -> {
        o.expect(4, 4);
        Lanes.Ternary f =
            t.isSigned()
                ? (x, y, z) -> z + Math.abs(signed(x, t.bits()) - signed(y, t.bits())) & t.mask()
                : (x, y, z) -> z + Math.abs(x - y) & t.mask();
        yield Lanes.ternary(o.dst(0, t), o.src(1, t), o.src(2, t), o.src(3, t), f);
      }
      default -> {
        o.expect(3, 3);
        yield binary(o, t);
      }
    };
  }

  private static LongUnaryOperator unary(Operation o, Type t) {
    long mask = t.mask();
    return o.opcode().equals("neg") ? x -> -x & mask : x -> Math.abs(signed(x, t.bits())) & mask;
  }

  private static Code binary(Operation o, Type t) {
    boolean add = o.opcode().equals("add");
    int d = o.dst(0, t);
    int a = o.src(1, t);
    int b = o.src(2, t);
    if (!add && !o.opcode().equals("sub")) {
      return Lanes.binary(d, a, b, extreme(t, o.opcode().equals("max")));
    }
    if (o.has("sat")) {
      return Lanes.binary(
          d, a, b, (x, y) -> saturated(add ? (int) x + (long) (int) y : (int) x - (long) (int) y));
    }
    long mask = t.mask();
    return add ? sum(d, a, b, mask) : Lanes.binary(d, a, b, (x, y) -> x - y & mask);
  }

  private static Code sum(int d, int a, int b, long bits) {
    return (w, mask) -> {
      long[] r = w.r;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        r[d + i] = r[a + i] + r[b + i] & bits;
      }
    };
  }

  private static long saturated(long x) {
    return Math.clamp(x, Integer.MIN_VALUE, Integer.MAX_VALUE) & 0xffff_ffffL;
  }

  /** Minimum or maximum. */
  static LongBinaryOperator extreme(Type t, boolean max) {
    int bits = t.bits();
    if (t.isSigned()) {
      return max
          ? (x, y) -> signed(x, bits) > signed(y, bits) ? x : y
          : (x, y) -> signed(x, bits) < signed(y, bits) ? x : y;
    }
    return max
        ? (x, y) -> Long.compareUnsigned(x, y) > 0 ? x : y
        : (x, y) -> Long.compareUnsigned(x, y) < 0 ? x : y;
  }

  /** The part of a product that an instruction wants. */
  private static LongBinaryOperator part(Operation o, Type t) {
    int bits = t.bits();
    long mask = t.mask();
    boolean narrow = o.opcode().endsWith("24");
    return switch (o.oneOf("lo", "hi", "wide")) {
      case "lo" -> narrow ? (x, y) -> low24(x, t) * low24(y, t) & mask : (x, y) -> x * y & mask;
      case "wide" -> {
        long wide = bits == 32 ? -1 : (1L << 2 * bits) - 1;
        yield t.isSigned()
            ? (x, y) -> signed(x, bits) * signed(y, bits) & wide
            : (x, y) -> x * y & wide;
      }
      case "hi" -> {
        if (narrow) {
          yield (x, y) -> low24(x, t) * low24(y, t) >>> 16 & mask;
        }
        if (bits == 64) {
          yield t.isSigned() ? Math::multiplyHigh : Math::unsignedMultiplyHigh;
        }
        yield t.isSigned()
            ? (x, y) -> signed(x, bits) * signed(y, bits) >> bits & mask
            : (x, y) -> x * y >>> bits & mask;
      }
      default -> throw o.invalid("needs .lo, .hi or .wide");
    };
  }

  private static long low24(long x, Type t) {
    return t.isSigned() ? signed(x, 24) : x & 0xffffff;
  }

  private static Type wide(Operation o, Type t) {
    return switch (t) {
      case U16 -> Type.U32;
      case S16 -> Type.S32;
      case U32 -> Type.U64;
      case S32 -> Type.S64;
      default -> throw o.invalid("has no wide product");
    };
  }

  private static Code product(Operation o, Type t) {
    o.expect(3, 3);
    LongBinaryOperator f = part(o, t);
    Type result = o.has("wide") ? wide(o, t) : t;
    return Lanes.binary(o.dst(0, result), o.src(1, t), o.src(2, t), f);
  }

  private static Code multiplyAdd(Operation o, Type t) {
    o.expect(4, 4);
    LongBinaryOperator f = part(o, t);
    Type result = o.has("wide") ? wide(o, t) : t;
    long mask = result.mask();
    int d = o.dst(0, result);
    int a = o.src(1, t);
    int b = o.src(2, t);
    int c = o.src(3, result);
    if (o.has("sat")) {
      return Lanes.ternary(
          d, a, b, c, (x, y, z) -> saturated(signed(f.applyAsLong(x, y), 32) + (int) z));
    }
    if (o.has("lo") && o.opcode().equals("mad")) {
      return Lanes.ternary(d, a, b, c, (x, y, z) -> x * y + z & mask);
    }
    return Lanes.ternary(d, a, b, c, (x, y, z) -> f.applyAsLong(x, y) + z & mask);
  }

  private static Code quotient(Operation o, Type t, boolean div) {
    o.expect(3, 3);
    LongBinaryOperator f = division(t, div);
    int d = o.dst(0, t);
    int a = o.src(1, t);
    int b = o.src(2, t);
    return (w, mask) -> {
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        if (w.r[b + i] == 0) {
          throw w.fault(PtxFault.Kind.INVALID_INSTRUCTION, i, "divides by zero");
        }
        w.r[d + i] = f.applyAsLong(w.r[a + i], w.r[b + i]);
      }
    };
  }

  private static LongBinaryOperator division(Type t, boolean div) {
    int bits = t.bits();
    long mask = t.mask();
    if (!t.isSigned()) {
      return div ? Long::divideUnsigned : Long::remainderUnsigned;
    }
    return div
        ? (x, y) -> signed(x, bits) / signed(y, bits) & mask
        : (x, y) -> signed(x, bits) % signed(y, bits) & mask;
  }
}
