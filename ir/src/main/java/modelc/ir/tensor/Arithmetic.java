package modelc.ir.tensor;

import modelc.ir.BinaryFn;
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
    if (fn == UnaryFn.IS_FINITE) {
      return bool(Double.isFinite(x));
    }
    return dtype.isFloat()
        ? Scalars.floats(fn).applyAsDouble(x)
        : wrap(dtype, Scalars.integers(fn, dtype).applyAsLong((long) x));
  }

  static double binary(BinaryFn fn, DType dtype, double x, double y) {
    return dtype.isFloat()
        ? Scalars.floats(fn).applyAsDouble(x, y)
        : wrap(dtype, Scalars.integers(fn, dtype).applyAsLong((long) x, (long) y));
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
    return binary(Scalars.combiner(fn), dtype, x, y);
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
