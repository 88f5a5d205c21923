package modelc.ir.loop;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Scalars;
import modelc.ir.UnaryFn;

/**
 * The elementwise functions of {@link Scalars} at their element type's own precision: f32 is held
 * in a double and rounded after every operation, i32 and BOOL (0 or 1) in a long. Which functions a
 * type has is not checked here.
 */
final class LoopArithmetic {
  private LoopArithmetic() {}

  static DoubleUnaryOperator floatUnary(UnaryFn fn, DType dtype) {
    DoubleUnaryOperator exact = Scalars.floats(fn);
    return dtype == DType.F32 ? x -> (float) exact.applyAsDouble(x) : exact;
  }

  static LongUnaryOperator integerUnary(UnaryFn fn, DType dtype) {
    LongUnaryOperator wide = Scalars.integers(fn, dtype);
    return dtype == DType.I32 ? x -> (int) wide.applyAsLong(x) : wide;
  }

  /**
   * For f32, rounding the double result once more is exact for the four operations (a double has
   * enough bits).
   */
  static DoubleBinaryOperator floatBinary(BinaryFn fn, DType dtype) {
    DoubleBinaryOperator exact = Scalars.floats(fn);
    return dtype == DType.F32 ? (x, y) -> (float) exact.applyAsDouble(x, y) : exact;
  }

  static LongBinaryOperator integerBinary(BinaryFn fn, DType dtype) {
    LongBinaryOperator wide = Scalars.integers(fn, dtype);
    return dtype == DType.I32 ? (x, y) -> (int) wide.applyAsLong(x, y) : wide;
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
