package modelc.ptx;

import java.math.BigDecimal;

/**
 * Arithmetic on values of narrow formats in float64, rounded to odd: an inexact result is the
 * neighbour with an odd last bit. Rounding that once more, to at most 51 bits and in any direction,
 * gives what rounding the exact result would give (Boldo and Melquiond, 2008).
 */
final class Exact {
  private Exact() {}

  /**
   * Rounds to odd.
   *
   * @param nearest the float64 value nearest to the exact one
   * @param error something with the sign of the exact one minus the nearest
   */
  private static double odd(double nearest, double error) {
    if (error == 0 || !Double.isFinite(nearest) || Double.isNaN(error)) {
      return nearest;
    }
    boolean isOdd = (Double.doubleToRawLongBits(nearest) & 1) != 0;
    return isOdd ? nearest : error > 0 ? Math.nextUp(nearest) : Math.nextDown(nearest);
  }

  /** The error of the sum of two numbers that is rounded to nearest (Knuth). */
  private static double sumError(double a, double b, double sum) {
    double t = sum - a;
    return (a - (sum - t)) + (b - t);
  }

  static double add(double a, double b) {
    double sum = a + b;
    return odd(sum, sumError(a, b, sum));
  }

  /** Exact for operands of at most 26 bits and the exponents of float32. */
  static double mul(double a, double b) {
    return a * b;
  }

  static double fma(double a, double b, double c) {
    return add(a * b, c);
  }

  static double div(double a, double b) {
    double q = a / b;
    return odd(q, Math.fma(-q, b, a) * Math.signum(b));
  }

  static double sqrt(double a) {
    double s = Math.sqrt(a);
    return odd(s, Math.fma(-s, s, a));
  }

  /** A 64-bit integer. */
  static double integer(long value, boolean isSigned) {
    long high = isSigned ? value >> 32 : value >>> 32;
    return add(high * 0x1p32, (double) (value & 0xffff_ffffL));
  }

  /** The same, rounded to float64. */
  static double integer(long value, boolean isSigned, Rounding mode) {
    double high = (isSigned ? value >> 32 : value >>> 32) * 0x1p32;
    double low = (double) (value & 0xffff_ffffL);
    double sum = high + low;
    return directed(sum, sumError(high, low, sum), mode);
  }

  /** Float64 arithmetic with other roundings than to nearest, from the result to nearest. */
  enum Float64 {
    ADD,
    MUL,
    FMA,
    DIV,
    SQRT;

    double round(double a, double b, double c, Rounding mode) {
      double r =
          switch (this) {
            case ADD -> a + b;
            case MUL -> a * b;
            case FMA -> Math.fma(a, b, c);
            case DIV -> a / b;
            case SQRT -> Math.sqrt(a);
          };
      boolean finite = Double.isFinite(a) && Double.isFinite(b) && Double.isFinite(c);
      if (mode == Rounding.RN || !finite || Double.isNaN(r) || (this == DIV && b == 0)) {
        return r;
      }
      if (r == 0 && mode == Rounding.RM && cancels(a, b, c)) {
        return -0.0;
      }
      return directed(r, error(r, a, b, c), mode);
    }

    /** Whether a zero comes from the sum of two numbers that are opposite, zeros included. */
    private boolean cancels(double a, double b, double c) {
      double x = this == ADD ? a : a * b;
      double y = this == ADD ? b : c;
      boolean sum = this == ADD || this == FMA;
      return sum && !(x == 0 && y == 0 && 1 / x == 1 / y) && exact(a, b, c).signum() == 0;
    }

    private BigDecimal exact(double a, double b, double c) {
      var x = new BigDecimal(a);
      var y = new BigDecimal(b);
      return this == ADD
          ? x.add(y)
          : this == MUL ? x.multiply(y) : x.multiply(y).add(new BigDecimal(c));
    }

    /** The sign of the exact result minus {@code r}. */
    private int error(double r, double a, double b, double c) {
      if (Double.isInfinite(r)) {
        return r > 0 ? -1 : 1;
      }
      var q = new BigDecimal(r);
      return switch (this) {
        case ADD, MUL, FMA -> exact(a, b, c).compareTo(q);
        case DIV ->
            Integer.signum(new BigDecimal(a).compareTo(q.multiply(new BigDecimal(b))))
                * (int) Math.signum(b);
        case SQRT -> new BigDecimal(a).compareTo(q.multiply(q));
      };
    }
  }

  private static double directed(double nearest, double error, Rounding mode) {
    boolean up =
        switch (mode) {
          case RP -> error > 0;
          case RZ -> nearest < 0 && error > 0;
          default -> false;
        };
    boolean down =
        switch (mode) {
          case RM -> error < 0;
          case RZ -> nearest > 0 && error < 0;
          default -> false;
        };
    return up ? Math.nextUp(nearest) : down ? Math.nextDown(nearest) : nearest;
  }
}
