package modelc.ptx;

import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Type;

/** Decodes comparisons. */
final class CompareOps {
  private static final String[] COMPARISONS = {
    "eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu",
    "geu", "num", "nan"
  };

  private CompareOps() {}

  /** A comparison of one lane's values. */
  private interface Test {
    boolean holds(long a, long b);
  }

  static Code decode(Operation o) {
    return switch (o.opcode()) {
      case "setp" -> setp(o);
      case "set" -> set(o);
      default -> testp(o);
    };
  }

  private static Test test(Operation o, Type t) {
    String comparison = o.oneOf(COMPARISONS);
    if (t.isFloat()) {
      FloatFormat format = FloatFormat.of(t);
      boolean ftz = o.has("ftz");
      return (a, b) -> {
        double x = format.decode(a);
        double y = format.decode(b);
        return ftz
            ? floats(comparison, format.flush(x), format.flush(y))
            : floats(comparison, x, y);
      };
    }
    return integers(o, comparison, t);
  }

  private static boolean floats(String comparison, double x, double y) {
    return switch (comparison) {
      case "eq" -> x == y;
      case "ne" -> x < y || x > y;
      case "lt" -> x < y;
      case "le" -> x <= y;
      case "gt" -> x > y;
      case "ge" -> x >= y;
      case "equ" -> !(x < y || x > y);
      case "neu" -> x != y;
      case "ltu" -> !(x >= y);
      case "leu" -> !(x > y);
      case "gtu" -> !(x <= y);
      case "geu" -> !(x < y);
      case "num" -> !Double.isNaN(x) && !Double.isNaN(y);
      case "nan" -> Double.isNaN(x) || Double.isNaN(y);
      default -> throw new AssertionError(comparison);
    };
  }

  private static Test integers(Operation o, String comparison, Type t) {
    int bits = t.bits();
    boolean sized = t != Type.B16 && t != Type.B32 && t != Type.B64;
    boolean s = t.isSigned();
    return switch (sized || comparison.equals("eq") || comparison.equals("ne") ? comparison : "") {
      case "eq" -> (a, b) -> a == b;
      case "ne" -> (a, b) -> a != b;
      case "lt", "lo" -> (a, b) -> order(a, b, bits, s) < 0;
      case "le", "ls" -> (a, b) -> order(a, b, bits, s) <= 0;
      case "gt", "hi" -> (a, b) -> order(a, b, bits, s) > 0;
      case "ge", "hs" -> (a, b) -> order(a, b, bits, s) >= 0;
      default -> throw o.invalid("cannot compare ." + t + " so");
    };
  }

  private static int order(long a, long b, int bits, boolean isSigned) {
    return isSigned
        ? Long.compare(IntegerOps.signed(a, bits), IntegerOps.signed(b, bits))
        : Long.compareUnsigned(a, b);
  }

  /** A predicate to combine the comparison with. */
  private record Combination(String op, int predicate) {
    static Combination of(Operation o) {
      String op = o.oneOf("and", "or", "xor");
      o.expect(op.isEmpty() ? 3 : 4, op.isEmpty() ? 3 : 4);
      return new Combination(op, op.isEmpty() ? -1 : o.predicate(o.operand(3)));
    }

    int apply(Warp w, int held) {
      return switch (op) {
        case "and" -> held & w.predicate(predicate);
        case "or" -> held | w.predicate(predicate);
        case "xor" -> held ^ w.predicate(predicate);
        default -> held;
      };
    }
  }

  private static int compare(Warp w, int mask, int a, int b, Test test) {
    int held = 0;
    for (int m = mask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      if (test.holds(w.r[a + i], w.r[b + i])) {
        held |= 1 << i;
      }
    }
    return held;
  }

  private static Code setp(Operation o) {
    Type t = o.type();
    Test test = test(o, t);
    Combination combination = Combination.of(o);
    int a = o.src(1, t);
    int b = o.src(2, t);
    int p = -1;
    int q = -1;
    if (o.operand(0) instanceof Operand.Pair pair) {
      p = o.predicateTarget(pair.first());
      q = o.predicateTarget(pair.second());
    } else {
      p = o.predicateTarget(o.operand(0));
    }
    if (t.isPacked()) {
      return packed(test, combination, p, q, a, b);
    }
    int first = p;
    int second = q;
    return (w, mask) -> {
      int held = compare(w, mask, a, b, test);
      int other = second < 0 ? 0 : combination.apply(w, ~held);
      w.p[first] = combination.apply(w, held) & mask | w.p[first] & ~mask;
      if (second >= 0) {
        w.p[second] = other & mask | w.p[second] & ~mask;
      }
    };
  }

  /** Of packed values the first predicate is of the lower ones, the second of the upper ones. */
  private static Code packed(Test test, Combination combination, int p, int q, int a, int b) {
    Test low = (x, y) -> test.holds(x & 0xffff, y & 0xffff);
    Test high = (x, y) -> test.holds(x >>> 16, y >>> 16);
    return (w, mask) -> {
      int lower = combination.apply(w, compare(w, mask, a, b, low));
      int upper = combination.apply(w, compare(w, mask, a, b, high));
      w.p[p] = lower & mask | w.p[p] & ~mask;
      if (q >= 0) {
        w.p[q] = upper & mask | w.p[q] & ~mask;
      }
    };
  }

  private static Code set(Operation o) {
    Type t = o.type(1);
    Type result = o.type(0);
    if (t.isPacked()) {
      throw o.notEmulated();
    }
    Test test = test(o, t);
    Combination combination = Combination.of(o);
    int d = o.dst(0, result);
    int a = o.src(1, t);
    int b = o.src(2, t);
    long yes = result.isFloat() ? FloatFormat.of(result).bits(1) : result.mask();
    return (w, mask) -> {
      int held = combination.apply(w, compare(w, mask, a, b, test));
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        w.r[d + i] = (held >>> i & 1) != 0 ? yes : 0;
      }
    };
  }

  private static Code testp(Operation o) {
    o.expect(2, 2);
    FloatFormat format = FloatFormat.of(o.type());
    String what = o.oneOf("finite", "infinite", "number", "notanumber", "normal", "subnormal");
    int d = o.predicateTarget(o.operand(0));
    int a = o.src(1, o.type());
    Test test =
        (x, y) -> {
          double v = format.decode(x);
          return switch (what) {
            case "finite" -> Double.isFinite(v);
            case "infinite" -> Double.isInfinite(v);
            case "number" -> !Double.isNaN(v);
            case "notanumber" -> Double.isNaN(v);
            case "normal" -> Double.isFinite(v) && Math.abs(v) >= format.minNormal();
            case "subnormal" -> v != 0 && Math.abs(v) < format.minNormal();
            default -> throw o.notEmulated();
          };
        };
    return (w, mask) -> w.p[d] = compare(w, mask, a, a, test) | w.p[d] & ~mask;
  }
}
