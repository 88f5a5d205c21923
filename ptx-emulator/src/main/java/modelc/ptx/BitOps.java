package modelc.ptx;

import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import modelc.ptx.syntax.Type;

/** Decodes logic, shifts and bit fields. */
final class BitOps {
  private BitOps() {}

  static Code decode(Operation o) {
    Type t = o.type();
    return switch (o.opcode()) {
      case "and", "or", "xor" -> {
        o.expect(3, 3);
        yield Lanes.binary(o.dst(0, t), o.src(1, t), o.src(2, t), logic(o.opcode()));
      }
      case "not", "cnot", "brev" -> {
        o.expect(2, 2);
        yield Lanes.unary(o.dst(0, t), o.src(1, t), unary(o.opcode(), t));
      }
      case "clz", "popc", "bfind" -> {
        o.expect(2, 2);
        yield Lanes.unary(o.dst(0, Type.U32), o.src(1, t), count(o, t));
      }
      case "shl", "shr" -> {
        o.expect(3, 3);
        yield Lanes.binary(o.dst(0, t), o.src(1, t), o.src(2, Type.U32), shift(o.opcode(), t));
      }
      case "shf" -> funnel(o);
      case "bfe" -> extract(o, t);
      case "bfi" -> insert(o, t);
      case "lop3" -> lop3(o);
      default -> throw o.notEmulated();
    };
  }

  private static LongBinaryOperator logic(String op) {
    return switch (op) {
      case "and" -> (x, y) -> x & y;
      case "or" -> (x, y) -> x | y;
      default -> (x, y) -> x ^ y;
    };
  }

  private static LongUnaryOperator unary(String op, Type t) {
    long mask = t.mask();
    return switch (op) {
      case "not" -> x -> ~x & mask;
      case "cnot" -> x -> x == 0 ? 1 : 0;
      default -> x -> Long.reverse(x) >>> (64 - t.bits());
    };
  }

  private static LongUnaryOperator count(Operation o, Type t) {
    int spare = 64 - t.bits();
    return switch (o.opcode()) {
      case "clz" -> x -> Long.numberOfLeadingZeros(x) - spare;
      case "popc" -> Long::bitCount;
      default -> {
        boolean amount = o.has("shiftamt");
        yield x -> {
          long v = t.isSigned() && (x >>> (t.bits() - 1) & 1) != 0 ? ~x & t.mask() : x;
          long at = 63 - Long.numberOfLeadingZeros(v);
          return v == 0 ? 0xffff_ffffL : amount ? t.bits() - 1 - at : at;
        };
      }
    };
  }

  /** Shifts by more than the width shift everything out. */
  private static LongBinaryOperator shift(String op, Type t) {
    int bits = t.bits();
    long mask = t.mask();
    if (op.equals("shl")) {
      return (x, y) -> y >= bits ? 0 : x << y & mask;
    }
    return t.isSigned()
        ? (x, y) -> IntegerOps.signed(x, bits) >> Math.min(y, bits - 1) & mask
        : (x, y) -> y >= bits ? 0 : x >>> y;
  }

  private static Code funnel(Operation o) {
    o.expect(4, 4);
    boolean left = o.oneOf("l", "r").equals("l");
    boolean wrap = o.oneOf("wrap", "clamp").equals("wrap");
    return Lanes.ternary(
        o.dst(0, Type.B32),
        o.src(1, Type.B32),
        o.src(2, Type.B32),
        o.src(3, Type.U32),
        (low, high, c) -> {
          long n = wrap ? c & 31 : Math.min(c, 32);
          long both = high << 32 | low;
          // Shifted left by 32 the upper word is the low one.
          return (left ? n == 32 ? low : both << n >>> 32 : both >>> n) & 0xffff_ffffL;
        });
  }

  private static Code extract(Operation o, Type t) {
    o.expect(4, 4);
    int bits = t.bits();
    Lanes.Ternary f =
        (a, b, c) -> {
          int from = (int) b & 0xff;
          int length = (int) c & 0xff;
          long field = from >= bits ? 0 : a >>> from;
          long kept = length >= 64 ? field : field & (1L << length) - 1;
          if (!t.isSigned() || length == 0) {
            return kept;
          }
          boolean negative = (a >>> Math.min(from + length - 1, bits - 1) & 1) != 0;
          // The field's sign fills what is beyond it, or beyond the value's own end.
          int present = Math.min(length, Math.max(0, bits - from));
          return negative && present < 64 ? (kept | -1L << present) & t.mask() : kept;
        };
    return Lanes.ternary(o.dst(0, t), o.src(1, t), o.src(2, Type.U32), o.src(3, Type.U32), f);
  }

  private static Code insert(Operation o, Type t) {
    o.expect(5, 5);
    int d = o.dst(0, t);
    int a = o.src(1, t);
    int b = o.src(2, t);
    int c = o.src(3, Type.U32);
    int e = o.src(4, Type.U32);
    return (w, mask) -> {
      long[] r = w.r;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        int from = (int) r[c + i] & 0xff;
        int length = (int) r[e + i] & 0xff;
        long ones = length >= 64 ? -1 : (1L << length) - 1;
        long field = from >= t.bits() ? 0 : ones << from & t.mask();
        long value = from >= t.bits() ? 0 : r[a + i] << from;
        r[d + i] = r[b + i] & ~field | value & field;
      }
    };
  }

  private static Code lop3(Operation o) {
    o.expect(5, 5);
    int table = (int) o.immediate(4);
    return Lanes.ternary(
        o.dst(0, Type.B32),
        o.src(1, Type.B32),
        o.src(2, Type.B32),
        o.src(3, Type.B32),
        (a, b, c) -> {
          long result = 0;
          for (int k = 0; k < 8; k++) {
            if ((table >>> k & 1) != 0) {
              result |= ((k & 4) != 0 ? a : ~a) & ((k & 2) != 0 ? b : ~b) & ((k & 1) != 0 ? c : ~c);
            }
          }
          return result & 0xffff_ffffL;
        });
  }
}
