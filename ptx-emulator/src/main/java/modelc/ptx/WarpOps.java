package modelc.ptx;

import java.util.function.LongBinaryOperator;
import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Type;

/** Decodes exchanges of values between the lanes of a warp. */
final class WarpOps {
  private WarpOps() {}

  static Inst decode(Operation o) {
    if (o.opcode().equals("activemask")) {
      int d = o.dst(0, Type.B32);
      return o.inst(
          new Flow.Next(),
          (w, mask) -> {
            for (int m = mask; m != 0; m &= m - 1) {
              w.r[d + Integer.numberOfTrailingZeros(m)] = mask & 0xffff_ffffL;
            }
          });
    }
    if (!o.has("sync")) {
      throw o.invalid("needs .sync: the form without it is gone since sm_70");
    }
    int members = o.src(o.size() - 1, Type.B32);
    var flow = new Flow.Sync(members);
    return switch (o.opcode()) {
      case "shfl" -> o.inst(flow, shuffle(o));
      case "vote" -> o.inst(flow, vote(o, members));
      case "match" -> o.inst(flow, match(o, members));
      case "elect" -> o.inst(flow, elect(o, members));
      default -> o.inst(flow, reduce(o, members));
    };
  }

  /** Where a lane's value comes from. */
  private record Source(int lane, boolean inRange) {
    static Source of(String mode, int lane, int b, int c) {
      int segment = c >>> 8 & 31;
      int clamp = c & 31;
      int shift = b & 31;
      int max = lane & segment | clamp & ~segment;
      int min = lane & segment;
      int from =
          switch (mode) {
            case "up" -> lane - shift;
            case "down" -> lane + shift;
            case "bfly" -> lane ^ shift;
            default -> min | shift & ~segment;
          };
      boolean inRange = mode.equals("up") ? from >= max : from <= max;
      return new Source(inRange ? from : lane, inRange);
    }
  }

  private static Code shuffle(Operation o) {
    o.expect(5, 5);
    String mode = o.oneOf("up", "down", "bfly", "idx");
    if (mode.isEmpty()) {
      throw o.notEmulated();
    }
    boolean pair = o.operand(0) instanceof Operand.Pair;
    int d = o.dst(o.operand(0) instanceof Operand.Pair p ? p.first() : o.operand(0), Type.B32);
    int q = o.operand(0) instanceof Operand.Pair p ? o.predicateTarget(p.second()) : -1;
    int a = o.src(1, Type.B32);
    int b = o.src(2, Type.B32);
    int c = o.src(3, Type.B32);
    int members = o.src(4, Type.B32);
    return (w, mask) -> {
      var results = new long[32];
      int inRange = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        Source s = Source.of(mode, i, (int) w.r[b + i], (int) w.r[c + i]);
        int there = mask & (int) w.r[members + i];
        if ((there >>> s.lane() & 1) == 0) {
          throw w.fault(
              PtxFault.Kind.BARRIER_DIVERGENCE,
              i,
              "takes the value of lane " + s.lane() + ", which does not take part");
        }
        results[i] = w.r[a + s.lane()];
        inRange |= s.inRange() ? 1 << i : 0;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        w.r[d + i] = results[i];
      }
      if (pair) {
        w.p[q] = inRange | w.p[q] & ~mask;
      }
    };
  }

  private static Code vote(Operation o, int members) {
    o.expect(3, 3);
    String mode = o.oneOf("all", "any", "uni", "ballot");
    int a = o.predicate(o.operand(1));
    if (mode.equals("ballot")) {
      int d = o.dst(0, Type.B32);
      return (w, mask) -> {
        int held = w.predicate(a) & mask;
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          w.r[d + i] = held & w.r[members + i];
        }
      };
    }
    int d = o.predicateTarget(o.operand(0));
    return (w, mask) -> {
      int held = w.predicate(a);
      int result = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        int group = (int) w.r[members + i] & mask;
        boolean all = (held & group) == group;
        boolean none = (held & group) == 0;
        boolean holds = mode.equals("all") ? all : mode.equals("any") ? !none : all || none;
        result |= holds ? 1 << i : 0;
      }
      w.p[d] = result | w.p[d] & ~mask;
    };
  }

  private static Code match(Operation o, int members) {
    o.expect(3, 3);
    boolean all = o.oneOf("any", "all").equals("all");
    Type t = o.type();
    int d = o.dst(o.operand(0) instanceof Operand.Pair p ? p.first() : o.operand(0), Type.B32);
    int q = o.operand(0) instanceof Operand.Pair p ? o.predicateTarget(p.second()) : -1;
    int a = o.src(1, t);
    return (w, mask) -> {
      int every = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        int group = (int) w.r[members + i] & mask;
        int equal = 0;
        for (int g = group; g != 0; g &= g - 1) {
          int k = Integer.numberOfTrailingZeros(g);
          equal |= w.r[a + k] == w.r[a + i] ? 1 << k : 0;
        }
        every |= equal == group ? 1 << i : 0;
        w.r[d + i] = (all && equal != group ? 0 : equal) & 0xffff_ffffL;
      }
      if (q >= 0) {
        w.p[q] = every | w.p[q] & ~mask;
      }
    };
  }

  private static Code elect(Operation o, int members) {
    o.expect(2, 2);
    if (!(o.operand(0) instanceof Operand.Pair pair)) {
      throw o.invalid("needs two results");
    }
    int d = o.dst(pair.first(), Type.B32);
    int q = o.predicateTarget(pair.second());
    return (w, mask) -> {
      int leaders = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        int leader = Integer.numberOfTrailingZeros((int) w.r[members + i] & mask);
        w.r[d + i] = leader;
        leaders |= leader == i ? 1 << i : 0;
      }
      w.p[q] = leaders | w.p[q] & ~mask;
    };
  }

  private static Code reduce(Operation o, int members) {
    o.expect(3, 3);
    Type t = o.type();
    String op = o.oneOf("add", "min", "max", "and", "or", "xor");
    LongBinaryOperator f =
        switch (op) {
          case "add" -> (x, y) -> x + y & t.mask();
          case "and" -> (x, y) -> x & y;
          case "or" -> (x, y) -> x | y;
          case "xor" -> (x, y) -> x ^ y;
          default -> IntegerOps.extreme(t, op.equals("max"));
        };
    if (t.isFloat() || op.isEmpty()) {
      throw o.notEmulated();
    }
    int d = o.dst(0, t);
    int a = o.src(1, t);
    return (w, mask) -> {
      var results = new long[32];
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        int group = (int) w.r[members + i] & mask;
        long sum = w.r[a + Integer.numberOfTrailingZeros(group)];
        for (int g = group & group - 1; g != 0; g &= g - 1) {
          sum = f.applyAsLong(sum, w.r[a + Integer.numberOfTrailingZeros(g)]);
        }
        results[i] = sum;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        w.r[d + i] = results[i];
      }
    };
  }
}
