package modelc.ptx;

import modelc.ptx.syntax.Type;

/** Decodes sums and differences that leave a carry or take one: arithmetic on wide integers. */
final class CarryOps {
  private CarryOps() {}

  /** Whether it is one of these. */
  static boolean is(Operation o) {
    return switch (o.opcode()) {
      case "addc", "subc" -> true;
      case "add", "sub" -> o.has("cc");
      default -> false;
    };
  }

  static Code decode(Operation o) {
    o.expect(3, 3);
    Type t = o.type();
    int d = o.dst(0, t);
    int a = o.src(1, t);
    int b = o.src(2, t);
    boolean takes = o.opcode().endsWith("c");
    boolean leaves = o.has("cc");
    boolean difference = o.opcode().startsWith("sub");
    long bits = t.mask();
    return (w, mask) -> {
      long[] r = w.r;
      int carries = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        long x = r[a + i];
        long y = r[b + i];
        long in = takes ? w.carry >>> i & 1 : 0;
        long first = (difference ? x - y : x + y) & bits;
        long result = (difference ? first - in : first + in) & bits;
        boolean carry =
            difference
                ? Long.compareUnsigned(x, y) < 0 || Long.compareUnsigned(first, in) < 0
                : Long.compareUnsigned(first, x) < 0 || Long.compareUnsigned(result, first) < 0;
        carries |= carry ? 1 << i : 0;
        r[d + i] = result;
      }
      if (leaves) {
        w.carry = carries | w.carry & ~mask;
      }
    };
  }
}
