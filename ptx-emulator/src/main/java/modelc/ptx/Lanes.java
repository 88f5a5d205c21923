package modelc.ptx;

import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/** Makes code for all lanes from functions of one lane's values. */
final class Lanes {
  private Lanes() {}

  /** A function of three values. */
  interface Ternary {
    long apply(long a, long b, long c);
  }

  static Code unary(int d, int a, LongUnaryOperator f) {
    return (w, mask) -> {
      long[] r = w.r;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        r[d + i] = f.applyAsLong(r[a + i]);
      }
    };
  }

  static Code binary(int d, int a, int b, LongBinaryOperator f) {
    return (w, mask) -> {
      long[] r = w.r;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        r[d + i] = f.applyAsLong(r[a + i], r[b + i]);
      }
    };
  }

  static Code ternary(int d, int a, int b, int c, Ternary f) {
    return (w, mask) -> {
      long[] r = w.r;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        r[d + i] = f.apply(r[a + i], r[b + i], r[c + i]);
      }
    };
  }
}
