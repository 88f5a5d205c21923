package modelc.ir.loop;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.ReduceFn;
import modelc.ir.Scalars;
import modelc.ir.UnaryFn;

/**
 * The elementwise functions at their element type's own precision: f32 is held in a double and
 * rounded after every operation, i32 and BOOL (0 or 1) in a long. Which functions a type has is not
 * checked here.
 */
final class LoopArithmetic {
  private LoopArithmetic() {}

  static DoubleUnaryOperator floatUnary(UnaryFn fn, DType dtype) {
    DoubleUnaryOperator exact =
        switch (fn) {
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
    return dtype == DType.F32 ? x -> (float) exact.applyAsDouble(x) : exact;
  }

  static LongUnaryOperator integerUnary(UnaryFn fn, DType dtype) {
    LongUnaryOperator wide =
        switch (fn) {
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
    return dtype == DType.I32 ? x -> (int) wide.applyAsLong(x) : wide;
  }

  /**
   * For f32, rounding the double result once more is exact for the four operations (a double has
   * enough bits).
   */
  static DoubleBinaryOperator floatBinary(BinaryFn fn, DType dtype) {
    DoubleBinaryOperator exact =
        switch (fn) {
          case ADD -> (x, y) -> x + y;
          case SUBTRACT -> (x, y) -> x - y;
          case MULTIPLY -> (x, y) -> x * y;
          case DIVIDE -> (x, y) -> x / y;
          case REMAINDER -> (x, y) -> x % y;
          case POWER -> Scalars::power;
          case MAXIMUM -> Math::max;
          case MINIMUM -> Math::min;
          case AND, OR, XOR, SHIFT_LEFT, SHIFT_RIGHT_LOGICAL ->
              throw new IllegalArgumentException(fn + " of " + dtype);
        };
    return dtype == DType.F32 ? (x, y) -> (float) exact.applyAsDouble(x, y) : exact;
  }

  static LongBinaryOperator integerBinary(BinaryFn fn, DType dtype) {
    int width = dtype.bytes() * 8;
    LongBinaryOperator wide =
        switch (fn) {
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
    return dtype == DType.I32 ? (x, y) -> (int) wide.applyAsLong(x, y) : wide;
  }

  static BinaryFn binary(ReduceFn fn) {
    return switch (fn) {
      case ADD -> BinaryFn.ADD;
      case MULTIPLY -> BinaryFn.MULTIPLY;
      case MAXIMUM -> BinaryFn.MAXIMUM;
      case MINIMUM -> BinaryFn.MINIMUM;
      case AND -> BinaryFn.AND;
      case OR -> BinaryFn.OR;
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

  static boolean compare(CompareFn fn, long x, long y) {
    return switch (fn) {
      case EQ -> x == y;
      case NE -> x != y;
      case LT -> x < y;
      case LE -> x <= y;
      case GT -> x > y;
      case GE -> x >= y;
    };
  }

  static double fma(DType dtype, double x, double y, double z) {
    return dtype == DType.F32 ? Math.fma((float) x, (float) y, (float) z) : Math.fma(x, y, z);
  }

  // Conversions

  static double toFloat(DType to, double x) {
    return to == DType.F32 ? (float) x : x;
  }

  static double toFloat(DType to, long x) {
    // Rounded once: through a double, an i64 would be rounded twice.
    return to == DType.F32 ? (float) x : (double) x;
  }

  /** Truncates toward zero and saturates, NaN to 0; to BOOL is {@code != 0}. */
  static long toLong(DType to, double x) {
    return switch (to) {
      case I32 -> (int) x;
      case I64 -> (long) x;
      case BOOL -> x != 0 ? 1 : 0;
      case F32, F64 -> throw new IllegalArgumentException(to + " is no integer");
    };
  }

  static long wrap(DType to, long x) {
    return switch (to) {
      case I32 -> (int) x;
      case I64 -> x;
      case BOOL -> x != 0 ? 1 : 0;
      case F32, F64 -> throw new IllegalArgumentException(to + " is no integer");
    };
  }
}
