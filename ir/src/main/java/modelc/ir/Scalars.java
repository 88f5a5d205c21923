package modelc.ir;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/**
 * What the elementwise functions mean on single numbers, for the interpreters of both IRs: floats
 * as doubles, integers as longs. How an element type rounds or wraps is each interpreter's own.
 * What the JDK lacks is slow and good to a few units in the last place of a double.
 */
public final class Scalars {
  private static final double TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

  private Scalars() {}

  /** The function of one float, in double precision. */
  public static DoubleUnaryOperator floats(UnaryFn fn) {
    return switch (fn) {
      case NEGATE -> x -> -x;
      case ABS -> Math::abs;
      case SIGN -> Math::signum;
      case EXP -> Math::exp;
      case EXPM1 -> Math::expm1;
      case LOG -> Math::log;
      case LOG1P -> Math::log1p;
      case SQRT -> Math::sqrt;
      case RSQRT -> x -> 1 / Math.sqrt(x);
      case TANH -> Math::tanh;
      case LOGISTIC -> x -> 1 / (1 + Math.exp(-x));
      case ERF -> Scalars::erf;
      case SINE -> Math::sin;
      case COSINE -> Math::cos;
      case FLOOR -> Math::floor;
      case CEIL -> Math::ceil;
      case ROUND_NEAREST_EVEN -> Math::rint;
      case IS_FINITE, NOT -> throw new IllegalArgumentException(fn + " has no float result");
    };
  }

  /** The function of one integer of that type, or BOOL (0 or 1); its result is not wrapped yet. */
  public static LongUnaryOperator integers(UnaryFn fn, DType dtype) {
    return switch (fn) {
      case NEGATE -> x -> -x;
      case ABS -> Math::abs;
      case SIGN -> Long::signum;
      case NOT -> dtype == DType.BOOL ? x -> 1 - x : x -> ~x;
      case EXP,
          EXPM1,
          LOG,
          LOG1P,
          SQRT,
          RSQRT,
          TANH,
          LOGISTIC,
          ERF,
          SINE,
          COSINE,
          FLOOR,
          CEIL,
          ROUND_NEAREST_EVEN,
          IS_FINITE ->
          throw new IllegalArgumentException(fn + " of " + dtype);
    };
  }

  /** The function of two floats, in double precision. */
  public static DoubleBinaryOperator floats(BinaryFn fn) {
    return switch (fn) {
      case ADD -> (x, y) -> x + y;
      case SUBTRACT -> (x, y) -> x - y;
      case MULTIPLY -> (x, y) -> x * y;
      case DIVIDE -> (x, y) -> x / y;
      case REMAINDER -> (x, y) -> x % y;
      case POWER -> Scalars::power;
      case MAXIMUM -> Math::max;
      case MINIMUM -> Math::min;
      case AND, OR, XOR, SHIFT_LEFT, SHIFT_RIGHT_LOGICAL ->
          throw new IllegalArgumentException(fn + " of floats");
    };
  }

  /** The function of two integers of that type, or BOOLs; its result is not wrapped yet. */
  public static LongBinaryOperator integers(BinaryFn fn, DType dtype) {
    int width = dtype.bytes() * 8;
    return switch (fn) {
      case ADD -> (x, y) -> x + y;
      case SUBTRACT -> (x, y) -> x - y;
      case MULTIPLY -> (x, y) -> x * y;
      case DIVIDE -> (x, y) -> y == 0 ? -1 : x / y;
      case REMAINDER -> (x, y) -> y == 0 ? x : x % y;
      case POWER -> Scalars::power;
      case MAXIMUM -> Math::max;
      case MINIMUM -> Math::min;
      case AND -> (x, y) -> x & y;
      case OR -> (x, y) -> x | y;
      case XOR -> (x, y) -> x ^ y;
      case SHIFT_LEFT -> (x, y) -> y < 0 || y >= width ? 0 : x << y;
      case SHIFT_RIGHT_LOGICAL ->
          dtype == DType.I32
              ? (x, y) -> y < 0 || y >= width ? 0 : (x & 0xFFFFFFFFL) >>> y
              : (x, y) -> y < 0 || y >= width ? 0 : x >>> y;
    };
  }

  public static boolean compare(CompareFn fn, double x, double y) {
    return switch (fn) {
      case EQ -> x == y;
      case NE -> x != y;
      case LT -> x < y;
      case LE -> x <= y;
      case GT -> x > y;
      case GE -> x >= y;
    };
  }

  /** As of doubles, which do not hold every long. */
  public static boolean compare(CompareFn fn, long x, long y) {
    return switch (fn) {
      case EQ -> x == y;
      case NE -> x != y;
      case LT -> x < y;
      case LE -> x <= y;
      case GT -> x > y;
      case GE -> x >= y;
    };
  }

  /** What a reduction combines two elements by. */
  public static BinaryFn combiner(ReduceFn fn) {
    return switch (fn) {
      case ADD -> BinaryFn.ADD;
      case MULTIPLY -> BinaryFn.MULTIPLY;
      case MAXIMUM -> BinaryFn.MAXIMUM;
      case MINIMUM -> BinaryFn.MINIMUM;
      case AND -> BinaryFn.AND;
      case OR -> BinaryFn.OR;
    };
  }

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
