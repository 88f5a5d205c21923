package modelc.ir;

/**
 * Functions of single numbers that the JDK lacks or means otherwise, for the interpreters of both
 * IRs. They are slow and good to a few units in the last place of a double.
 */
public final class Scalars {
  private static final double TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

  private Scalars() {}

  /** IEEE 754's pow; Java's says NaN where one of the bases 1 and -1 decides alone. */
  public static double power(double x, double y) {
    return x == 1 || (x == -1 && Double.isInfinite(y)) ? 1 : Math.pow(x, y);
  }

  /** Wraps modulo 2^64, of which any narrower wrapping keeps the low bits. */
  public static long power(long base, long exponent) {
    if (exponent < 0) {
      return base == 1 ? 1 : base == -1 ? ((exponent & 1) == 0 ? 1 : -1) : 0;
    }
    long result = 1;
    long square = base;
    for (long e = exponent; e > 0; e >>= 1) {
      if ((e & 1) == 1) {
        result *= square;
      }
      square *= square;
    }
    return result;
  }

  /**
   * To a few units in the last place: a series of positive terms near 0, else Laplace's continued
   * fraction of erfc.
   */
  public static double erf(double x) {
    double a = Math.abs(x);
    if (Double.isNaN(x) || a > 6) {
      return Double.isNaN(x) ? x : Math.signum(x);
    }
    double square = a * a;
    // exp(-a^2) with the rounding error of the square put back.
    double gauss = Math.exp(-square) * (1 - Math.fma(a, a, -square));
    double result = a < 2 ? TWO_OVER_ROOT_PI * gauss * erfSeries(a) : 1 - gauss * erfcFraction(a);
    return Math.copySign(result, x);
  }

  /** The sum of 2^n a^(2n+1) / (1 * 3 * ... * (2n+1)). */
  private static double erfSeries(double a) {
    double term = a;
    double sum = a;
    for (int n = 1; term > sum * 0x1p-60; n++) {
      term *= 2 * a * a / (2 * n + 1);
      sum += term;
    }
    return sum;
  }

  /**
   * exp(a^2) erfc(a) = 1/sqrt(pi) / (a + (1/2)/(a + (2/2)/(a + (3/2)/(a + ...)))), for a of at
   * least 2.
   */
  private static double erfcFraction(double a) {
    double tail = a;
    for (int n = 100; n > 0; n--) {
      tail = a + n / 2.0 / tail;
    }
    return 1 / Math.sqrt(Math.PI) / tail;
  }
}
