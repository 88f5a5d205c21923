package modelc.ptx;

import java.util.List;
import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Type;

/** Decodes loads and stores. */
final class MemoryOps {
  private MemoryOps() {}

  /** The space that the modifiers name. */
  static Space space(Operation o) {
    String s =
        o.oneOf(
            "global",
            "shared",
            "shared::cta",
            "local",
            "param",
            "param::entry",
            "param::func",
            "const");
    if (o.has("shared::cluster")) {
      throw o.invalid("is not emulated: clusters are not yet");
    }
    return switch (s) {
      case "global" -> Space.GLOBAL;
      case "shared", "shared::cta" -> Space.SHARED;
      case "local" -> Space.LOCAL;
      case "param", "param::entry", "param::func" -> Space.PARAM;
      case "const" -> Space.CONST;
      default -> Space.GENERIC;
    };
  }

  /** Modifiers about caches and scopes, which change no value. */
  static void ignoreHints(Operation o) {
    o.ignore(
        "weak", "sys", "gpu", "cta", "cluster", "nc", "ca", "cg", "cs", "lu", "cv", "wb", "wt");
    o.ignore("L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last");
    o.ignore("L1::no_allocate", "L2::cache_hint", "L2::64B", "L2::128B", "L2::256B", "unified");
    o.ignore("L2::evict_normal", "L2::evict_first", "L2::evict_last", "noftz");
  }

  /** Whether the order of accesses is fixed by the hardware, so that they are no race. */
  static boolean strong(Operation o) {
    return !o.oneOf("volatile", "relaxed", "acquire", "release", "mmio").isEmpty();
  }

  static Code decode(Operation o) {
    if (o.opcode().startsWith("prefetch")) {
      o.others();
      return (w, mask) -> {};
    }
    Space space = space(o);
    ignoreHints(o);
    boolean strong = strong(o);
    String vector = o.oneOf("v2", "v4", "v8");
    int n = vector.isEmpty() ? 1 : vector.charAt(1) - '0';
    o.expect(2, 3);
    boolean load = o.opcode().startsWith("ld");
    Operand values = o.operand(load ? 0 : 1);
    int count = values instanceof Operand.Vector v ? v.elements().size() : 1;
    if (count != n) {
      throw o.invalid("has " + count + " values for " + n + " elements");
    }
    Operation.Address at = o.address(load ? 1 : 0, space);
    return load ? load(o, at, values, strong) : store(o, at, values, strong);
  }

  private static Code load(Operation o, Operation.Address at, Operand values, boolean strong) {
    Type t = o.type();
    List<Operand> elements = values instanceof Operand.Vector v ? v.elements() : List.of(values);
    int[] d = elements.stream().mapToInt(e -> o.dstWide(e, t)).toArray();
    int size = t.bytes();
    int bytes = size * d.length;
    if (t.isSigned()) {
      long[] masks = elements.stream().mapToLong(e -> mask(o.width(e))).toArray();
      return (w, mask) -> {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          Memory memory = w.block.memory;
          memory.read(w, i, at.space(), w.r[at.base() + i] + at.offset(), bytes, strong);
          for (int k = 0; k < d.length; k++) {
            w.r[d[k] + i] = IntegerOps.signed(memory.value(k * size, size), t.bits()) & masks[k];
          }
        }
      };
    }
    return (w, mask) -> {
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        Memory memory = w.block.memory;
        memory.read(w, i, at.space(), w.r[at.base() + i] + at.offset(), bytes, strong);
        for (int k = 0; k < d.length; k++) {
          w.r[d[k] + i] = memory.value(k * size, size);
        }
      }
    };
  }

  private static long mask(int bits) {
    return bits == 64 ? -1 : (1L << bits) - 1;
  }

  private static Code store(Operation o, Operation.Address at, Operand values, boolean strong) {
    Type t = o.type();
    int[] a = o.srcs(values, t);
    int size = t.bytes();
    int bytes = size * a.length;
    return (w, mask) -> {
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        Memory memory = w.block.memory;
        memory.write(w, i, at.space(), w.r[at.base() + i] + at.offset(), bytes, strong);
        for (int k = 0; k < a.length; k++) {
          memory.set(k * size, size, w.r[a[k] + i]);
        }
      }
    };
  }
}
