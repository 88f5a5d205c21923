package modelc.backend.cpu;

import java.math.BigDecimal;
import java.math.MathContext;

/** The error function by its power series in 60 digits: slow and obvious. */
final class ExactErf {
  private static final MathContext DIGITS = new MathContext(60);
  private static final BigDecimal TWO_OVER_ROOT_PI =
      new BigDecimal("1.12837916709551257389615890312154517168810125865799771368817");

  private ExactErf() {}

  static double erf(double x) {
    if (Double.isNaN(x)) {
      return x;
    }
    if (Math.abs(x) > 6) {
      return Math.signum(x);
    }
    if (Math.abs(x) < 1e-20) {
      // Rounded once, from two factors.
      return x == 0 ? x : TWO_OVER_ROOT_PI.multiply(new BigDecimal(x)).doubleValue();
    }
    BigDecimal value = new BigDecimal(x);
    BigDecimal square = value.multiply(value, DIGITS).negate();
    BigDecimal power = value;
    BigDecimal sum = value;
    for (int n = 1; power.abs().compareTo(new BigDecimal("1e-50")) > 0; n++) {
      power = power.multiply(square, DIGITS).divide(BigDecimal.valueOf(n), DIGITS);
      sum = sum.add(power.divide(BigDecimal.valueOf(2L * n + 1), DIGITS), DIGITS);
    }
    return TWO_OVER_ROOT_PI.multiply(sum, DIGITS).doubleValue();
  }
}
