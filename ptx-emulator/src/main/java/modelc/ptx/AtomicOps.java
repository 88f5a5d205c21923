package modelc.ptx;

import java.util.function.LongBinaryOperator;
import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Type;

/** Decodes atomic operations on memory, with and without a result. */
final class AtomicOps {
  private AtomicOps() {}

  static Code decode(Operation o) {
    Space space = MemoryOps.space(o);
    MemoryOps.ignoreHints(o);
    o.ignore("relaxed", "acquire", "release", "acq_rel");
    Type t = o.type();
    String op = o.oneOf("add", "min", "max", "inc", "dec", "cas", "exch", "and", "or", "xor");
    int first = o.opcode().equals("atom") ? 1 : 0;
    int d = first == 1 ? result(o, t) : -1;
    Operation.Address at = o.address(first, space);
    int b = o.src(first + 1, t);
    boolean cas = op.equals("cas");
    int c = cas ? o.src(first + 2, t) : b;
    LongBinaryOperator f = cas ? (x, y) -> y : function(o, op, t);
    int size = t.bytes();
    return (w, mask) -> {
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        Memory memory = w.block.memory;
        long address = w.r[at.base() + i] + at.offset();
        memory.read(w, i, at.space(), address, size, true);
        memory.write(w, i, at.space(), address, size, true);
        long old = memory.value(0, size);
        if (!cas) {
          memory.set(0, size, f.applyAsLong(old, w.r[b + i]));
        } else if (old == w.r[b + i]) {
          memory.set(0, size, w.r[c + i]);
        }
        if (d >= 0) {
          w.r[d + i] = old;
        }
      }
    };
  }

  private static int result(Operation o, Type t) {
    return o.operand(0) instanceof Operand.Name n && n.name().equals("_") ? -1 : o.dst(0, t);
  }

  private static LongBinaryOperator function(Operation o, String op, Type t) {
    if (t.isFloat()) {
      if (!op.equals("add")) {
        throw o.notEmulated();
      }
      return FloatOps.add(t);
    }
    long mask = t.mask();
    return switch (op) {
      case "add" -> (x, y) -> x + y & mask;
      case "exch" -> (x, y) -> y;
      case "and" -> (x, y) -> x & y;
      case "or" -> (x, y) -> x | y;
      case "xor" -> (x, y) -> x ^ y;
      case "min", "max" -> IntegerOps.extreme(t, op.equals("max"));
      case "inc" -> (x, y) -> Long.compareUnsigned(x, y) >= 0 ? 0 : x + 1;
      case "dec" -> (x, y) -> x == 0 || Long.compareUnsigned(x, y) > 0 ? y : x - 1;
      default -> throw o.notEmulated();
    };
  }
}
