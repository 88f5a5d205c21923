package modelc.ptx;

import java.util.List;
import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Type;

/** Decodes what moves and chooses values without computing. */
final class MoveOps {
  private MoveOps() {}

  static Code mov(Operation o) {
    o.expect(2, 2);
    Type t = o.type();
    if (t == Type.PRED) {
      int d = o.predicateTarget(o.operand(0));
      if (o.operand(1) instanceof Operand.Int i) {
        return (w, mask) -> w.p[d] = i.value() != 0 ? w.p[d] | mask : w.p[d] & ~mask;
      }
      int a = o.predicate(o.operand(1));
      return (w, mask) -> w.p[d] = w.predicate(a) & mask | w.p[d] & ~mask;
    }
    if (o.operand(0) instanceof Operand.Vector v) {
      return unpack(o, v.elements(), t);
    }
    if (o.operand(1) instanceof Operand.Vector v) {
      return pack(o, v.elements(), t);
    }
    if (o.operand(1) instanceof Operand.Name n && n.name().startsWith("%clock")) {
      return clock(o.dst(0, t));
    }
    int d = o.dst(0, t);
    int a = o.src(1, t);
    // A copy of what has no value has none; only who uses it is at fault.
    o.readsNothing();
    o.writesNothing();
    return (w, mask) -> {
      long[] r = w.r;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        r[d + i] = r[a + i];
      }
      w.defined[d >> 5] = w.defined[a >> 5] & mask | w.defined[d >> 5] & ~mask;
    };
  }

  private static Code clock(int d) {
    return (w, mask) -> {
      for (int m = mask; m != 0; m &= m - 1) {
        w.r[d + Integer.numberOfTrailingZeros(m)] = w.executed;
      }
    };
  }

  private static Type part(Operation o, Type t, int parts) {
    return switch (t.bits() / parts) {
      case 8 -> Type.B8;
      case 16 -> Type.B16;
      case 32 -> Type.B32;
      case 64 -> Type.B64;
      default -> throw o.invalid("cannot split " + t.bits() + " bits in " + parts);
    };
  }

  private static Code unpack(Operation o, List<Operand> elements, Type t) {
    Type part = part(o, t, elements.size());
    int a = o.src(1, t);
    int[] d = elements.stream().mapToInt(e -> o.dst(e, part)).toArray();
    return (w, mask) -> {
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        long value = w.r[a + i];
        for (int k = 0; k < d.length; k++) {
          w.r[d[k] + i] = value >>> (k * part.bits()) & part.mask();
        }
      }
    };
  }

  private static Code pack(Operation o, List<Operand> elements, Type t) {
    Type part = part(o, t, elements.size());
    int d = o.dst(0, t);
    int[] a = elements.stream().mapToInt(e -> o.src(e, part)).toArray();
    return (w, mask) -> {
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        long value = 0;
        for (int k = 0; k < a.length; k++) {
          value |= w.r[a[k] + i] << (k * part.bits());
        }
        w.r[d + i] = value;
      }
    };
  }

  static Code select(Operation o) {
    return switch (o.opcode()) {
      case "selp" -> selp(o);
      case "slct" -> slct(o);
      default -> prmt(o);
    };
  }

  private static Code selp(Operation o) {
    o.expect(4, 4);
    Type t = o.type();
    int d = o.dst(0, t);
    int a = o.src(1, t);
    int b = o.src(2, t);
    o.readsNothing();
    o.writesNothing();
    int p = o.predicate(o.operand(3));
    return (w, mask) -> {
      int choice = w.predicate(p);
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        w.r[d + i] = w.r[((choice >>> i & 1) != 0 ? a : b) + i];
      }
      int defined = choice & w.defined[a >> 5] | ~choice & w.defined[b >> 5];
      w.defined[d >> 5] = defined & mask | w.defined[d >> 5] & ~mask;
    };
  }

  private static Code slct(Operation o) {
    o.expect(4, 4);
    o.ignore("ftz");
    Type t = o.type(0);
    boolean real = o.type(1) == Type.F32;
    int d = o.dst(0, t);
    int a = o.src(1, t);
    int b = o.src(2, t);
    int c = o.src(3, o.type(1));
    return Lanes.ternary(
        d,
        a,
        b,
        c,
        (x, y, z) -> (real ? Float.intBitsToFloat((int) z) >= 0 : (int) z >= 0) ? x : y);
  }

  private static Code prmt(Operation o) {
    o.expect(4, 4);
    int d = o.dst(0, Type.B32);
    int a = o.src(1, Type.B32);
    int b = o.src(2, Type.B32);
    int c = o.src(3, Type.B32);
    return Lanes.ternary(
        d,
        a,
        b,
        c,
        (x, y, s) -> {
          long both = y << 32 | x;
          long result = 0;
          for (int k = 0; k < 4; k++) {
            int selector = (int) (s >>> (4 * k)) & 15;
            long b8 = both >>> ((selector & 7) * 8) & 0xff;
            long chosen = (selector & 8) == 0 ? b8 : (b8 & 0x80) == 0 ? 0 : 0xff;
            result |= chosen << (8 * k);
          }
          return result;
        });
  }

  /** Conversion of addresses between spaces, and the question which one they are in. */
  static Code address(Operation o) {
    Space space = MemoryOps.space(o);
    if (o.opcode().equals("isspacep")) {
      int d = o.predicateTarget(o.operand(0));
      int a = o.src(1, Type.U64);
      return (w, mask) -> {
        int in = 0;
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          in |= Memory.space(w.r[a + i]) == space ? 1 << i : 0;
        }
        w.p[d] = in | w.p[d] & ~mask;
      };
    }
    o.expect(2, 2);
    boolean to = o.has("to");
    long base = space.base();
    int d = o.dst(0, o.type());
    int a = o.src(1, o.type());
    return Lanes.unary(d, a, x -> to ? x - base : x + base);
  }

  static Code predicateLogic(Operation o) {
    int d = o.predicateTarget(o.operand(0));
    int a = o.predicate(o.operand(1));
    if (o.opcode().equals("not")) {
      o.expect(2, 2);
      return (w, mask) -> w.p[d] = ~w.predicate(a) & mask | w.p[d] & ~mask;
    }
    o.expect(3, 3);
    int b = o.predicate(o.operand(2));
    String op = o.opcode();
    return switch (op) {
      case "and" -> (w, mask) -> w.p[d] = w.predicate(a) & w.predicate(b) & mask | w.p[d] & ~mask;
      case "or" -> (w, mask) -> w.p[d] = (w.predicate(a) | w.predicate(b)) & mask | w.p[d] & ~mask;
      case "xor" -> (w, mask) -> w.p[d] = (w.predicate(a) ^ w.predicate(b)) & mask | w.p[d] & ~mask;
      default -> throw o.notEmulated();
    };
  }

  /** What changes no value: fences (blocks do not see each other's writes anyway) and hints. */
  static Code hint(Operation o) {
    o.others();
    if (o.opcode().equals("createpolicy")) {
      int d = o.dst(0, Type.B64);
      return (w, mask) -> {
        for (int m = mask; m != 0; m &= m - 1) {
          w.r[d + Integer.numberOfTrailingZeros(m)] = 0;
        }
      };
    }
    return (w, mask) -> {};
  }
}
