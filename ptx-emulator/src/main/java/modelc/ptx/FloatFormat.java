package modelc.ptx;

import modelc.ptx.syntax.Type;

/** The floating-point formats: between bits and float64. NaN results have one bit pattern each. */
enum FloatFormat {
  F16(11, -14, 65504),
  BF16(8, -126, 0x1.fep127),
  TF32(11, -126, 0x1.ffcp127),
  F32(24, -126, Float.MAX_VALUE),
  F64(53, -1022, Double.MAX_VALUE);

  private final int precision;
  private final int minExponent;
  private final double max;
  private final double minNormal;

  FloatFormat(int precision, int minExponent, double max) {
    this.precision = precision;
    this.minExponent = minExponent;
    this.max = max;
    minNormal = Math.scalb(1.0, minExponent);
  }

  static FloatFormat of(Type t) {
    return switch (t.element()) {
      case F16 -> F16;
      case BF16 -> BF16;
      case TF32 -> TF32;
      case F32 -> F32;
      case F64 -> F64;
      default -> throw new IllegalArgumentException(t.toString());
    };
  }

  double decode(long bits) {
    return switch (this) {
      case F16 -> Float.float16ToFloat((short) bits);
      case BF16 -> Float.intBitsToFloat((int) bits << 16);
      // As the tensor cores do: the lower bits are not looked at.
      case TF32 -> Float.intBitsToFloat((int) bits & 0xffff_e000);
      case F32 -> Float.intBitsToFloat((int) bits);
      case F64 -> Double.longBitsToDouble(bits);
    };
  }

  /** The bits of a value of this format. */
  long bits(double x) {
    if (Double.isNaN(x)) {
      return switch (this) {
        case F16, BF16 -> 0x7fff;
        case TF32, F32 -> 0x7fff_ffff;
        case F64 -> Double.doubleToRawLongBits(x);
      };
    }
    return switch (this) {
      case F16 -> Float.floatToFloat16((float) x) & 0xffffL;
      case BF16 -> Float.floatToRawIntBits((float) x) >>> 16;
      case TF32, F32 -> Float.floatToRawIntBits((float) x) & 0xffff_ffffL;
      case F64 -> Double.doubleToRawLongBits(x);
    };
  }

  /** Rounds a float64 value, which may itself be rounded to odd, to this format. */
  double round(double x, Rounding mode) {
    if (this == F64 || x == 0 || !Double.isFinite(x)) {
      return x;
    }
    if (this == F32 && mode == Rounding.RN) {
      return (float) x;
    }
    int unit = Math.max(Math.getExponent(x), minExponent) - (precision - 1);
    double r = Math.scalb(mode.integer(Math.scalb(x, -unit)), unit);
    if (Math.abs(r) <= max) {
      return r;
    }
    double limit = mode.overflows(r < 0) ? Double.POSITIVE_INFINITY : max;
    return Math.copySign(limit, r);
  }

  /** Subnormal values become zeros of their sign. */
  double flush(double x) {
    return Math.abs(x) < minNormal ? Math.copySign(0.0, x) : x;
  }

  double max() {
    return max;
  }

  /** The smallest positive value that is not subnormal. */
  double minNormal() {
    return minNormal;
  }

  /** The bit of the sign. */
  long sign() {
    return switch (this) {
      case F16, BF16 -> 0x8000;
      case TF32, F32 -> 0x8000_0000L;
      case F64 -> Long.MIN_VALUE;
    };
  }
}
