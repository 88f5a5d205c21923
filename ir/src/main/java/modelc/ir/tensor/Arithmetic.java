package modelc.ir.tensor;

import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.ReduceFn;
import modelc.ir.Scalars;
import modelc.ir.UnaryFn;

/**
 * What the elementwise functions mean, on single elements held as doubles: floats of either width
 * in float64, integers exact.
 *
 * <p>A 64-bit integer that a double does not hold is refused, not rounded; the least and the
 * greatest are held.
 */
final class Arithmetic {
  private Arithmetic() {}

  static double unary(UnaryFn fn, DType dtype, double x) {
    return switch (fn) {
      case NEGATE -> dtype.isFloat() ? -x : wrap(dtype, -(long) x);
      case ABS -> dtype.isFloat() ? Math.abs(x) : wrap(dtype, Math.abs((long) x));
      case SIGN -> Math.signum(x);
      case EXP -> Math.exp(x);
      case EXPM1 -> Math.expm1(x);
      case LOG -> Math.log(x);
      case LOG1P -> Math.log1p(x);
      case SQRT -> Math.sqrt(x);
      case RSQRT -> 1 / Math.sqrt(x);
      case TANH -> Math.tanh(x);
      case LOGISTIC -> 1 / (1 + Math.exp(-x));
      case ERF -> Scalars.erf(x);
      case SINE -> Math.sin(x);
      case COSINE -> Math.cos(x);
      case FLOOR -> Math.floor(x);
      case CEIL -> Math.ceil(x);
      case ROUND_NEAREST_EVEN -> Math.rint(x);
      case IS_FINITE -> bool(Double.isFinite(x));
      case NOT -> dtype == DType.BOOL ? 1 - x : wrap(dtype, ~(long) x);
    };
  }

  static double binary(BinaryFn fn, DType dtype, double x, double y) {
    return dtype.isFloat()
        ? floats(fn, x, y)
        : wrap(dtype, integers(fn, dtype, (long) x, (long) y));
  }

  private static double floats(BinaryFn fn, double x, double y) {
    return switch (fn) {
      case ADD -> x + y;
      case SUBTRACT -> x - y;
      case MULTIPLY -> x * y;
      case DIVIDE -> x / y;
      case REMAINDER -> x % y;
      case POWER -> Scalars.power(x, y);
      case MAXIMUM -> Math.max(x, y);
      case MINIMUM -> Math.min(x, y);
      case AND, OR, XOR, SHIFT_LEFT, SHIFT_RIGHT_LOGICAL ->
          throw new IllegalArgumentException(fn + " of floats");
    };
  }

  private static long integers(BinaryFn fn, DType dtype, long x, long y) {
    int width = dtype.bytes() * 8;
    return switch (fn) {
      case ADD -> x + y;
      case SUBTRACT -> x - y;
      case MULTIPLY -> x * y;
      case DIVIDE -> y == 0 ? -1 : x / y;
      case REMAINDER -> y == 0 ? x : x % y;
      case POWER -> Scalars.power(x, y);
      case MAXIMUM -> Math.max(x, y);
      case MINIMUM -> Math.min(x, y);
      case AND -> x & y;
      case OR -> x | y;
      case XOR -> x ^ y;
      case SHIFT_LEFT -> y < 0 || y >= width ? 0 : x << y;
      case SHIFT_RIGHT_LOGICAL ->
          y < 0 || y >= width ? 0 : (dtype == DType.I32 ? x & 0xFFFFFFFFL : x) >>> y;
    };
  }

  static boolean compare(CompareFn fn, double x, double y) {
    return switch (fn) {
      case EQ -> x == y;
      case NE -> x != y;
      case LT -> x < y;
      case LE -> x <= y;
      case GT -> x > y;
      case GE -> x >= y;
    };
  }

  static double convert(DType from, DType to, double x) {
    return switch (to) {
      case F32, F64 -> x;
      case I32 -> from.isFloat() ? (int) x : (int) (long) x;
      case I64 -> wrap(to, (long) x);
      case BOOL -> bool(x != 0);
    };
  }

  static double reduce(ReduceFn fn, DType dtype, double x, double y) {
    return binary(combiner(fn), dtype, x, y);
  }

  private static BinaryFn combiner(ReduceFn fn) {
    return switch (fn) {
      case ADD -> BinaryFn.ADD;
      case MULTIPLY -> BinaryFn.MULTIPLY;
      case MAXIMUM -> BinaryFn.MAXIMUM;
      case MINIMUM -> BinaryFn.MINIMUM;
      case AND -> BinaryFn.AND;
      case OR -> BinaryFn.OR;
    };
  }

  /** The reduction of nothing. */
  static double identity(ReduceFn fn, DType dtype) {
    return switch (fn) {
      case ADD, OR -> 0;
      case MULTIPLY -> 1;
      case MAXIMUM -> least(dtype);
      case MINIMUM -> greatest(dtype);
      case AND -> dtype == DType.BOOL ? 1 : -1;
    };
  }

  private static double least(DType dtype) {
    return switch (dtype) {
      case F32, F64 -> Double.NEGATIVE_INFINITY;
      case I32 -> Integer.MIN_VALUE;
      case I64 -> Long.MIN_VALUE;
      case BOOL -> 0;
    };
  }

  private static double greatest(DType dtype) {
    return switch (dtype) {
      case F32, F64 -> Double.POSITIVE_INFINITY;
      case I32 -> Integer.MAX_VALUE;
      case I64 -> (double) Long.MAX_VALUE;
      case BOOL -> 1;
    };
  }

  static double bool(boolean b) {
    return b ? 1 : 0;
  }

  private static double wrap(DType dtype, long x) {
    return switch (dtype) {
      case I32 -> (int) x;
      case I64 -> {
        double held = (double) x;
        // 2^63 - 1 is held as 2^63: the cast back saturates.
        if ((long) held != x) {
          throw new ArithmeticException("this interpreter holds no i64 " + x);
        }
        yield held;
      }
      case BOOL -> x;
      case F32, F64 -> throw new IllegalArgumentException("wrapping a float");
    };
  }
}
