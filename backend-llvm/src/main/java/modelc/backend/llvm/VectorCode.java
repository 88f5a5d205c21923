package modelc.backend.llvm;

import modelc.ir.DType;

/**
 * Writes float arithmetic on vectors of one type, and arithmetic on their bits, as LLVM
 * instructions: the vocabulary of the math functions. It knows no functions itself.
 */
final class VectorCode {
  final FunctionText f;
  final DType dtype;
  final int lanes;

  /** The type of the values, of integers as wide, and of masks. */
  final String type;

  final String intType;
  final String maskType;

  VectorCode(FunctionText f, DType dtype, int lanes) {
    this.f = f;
    this.dtype = dtype;
    this.lanes = lanes;
    this.type = LlvmTypes.value(dtype, lanes);
    this.intType = LlvmTypes.vector(isF32() ? "i32" : "i64", lanes);
    this.maskType = LlvmTypes.vector("i1", lanes);
  }

  boolean isF32() {
    return dtype == DType.F32;
  }

  /** Bits of the significand that are stored. */
  int fractionBits() {
    return isF32() ? 23 : 52;
  }

  int bias() {
    return isF32() ? 127 : 1023;
  }

  /** {@code f32} or {@code f64}, whichever this is. */
  double pick(double f32, double f64) {
    return isF32() ? f32 : f64;
  }

  String c(double value) {
    return Arithmetic.splat(dtype, value, lanes);
  }

  String ci(long value) {
    String scalar = isF32() ? "i32" : "i64";
    return LlvmTypes.splat(
        scalar, isF32() ? Integer.toString((int) value) : Long.toString(value), lanes);
  }

  String add(String x, String y) {
    return f.pure("fadd " + type + " " + x + ", " + y);
  }

  String sub(String x, String y) {
    return f.pure("fsub " + type + " " + x + ", " + y);
  }

  String mul(String x, String y) {
    return f.pure("fmul " + type + " " + x + ", " + y);
  }

  String div(String x, String y) {
    return f.pure("fdiv " + type + " " + x + ", " + y);
  }

  String neg(String x) {
    return f.pure("fneg " + type + " " + x);
  }

  /** {@code x * y + z}, rounded once (f32 without such an instruction: nearly always). */
  String fma(String x, String y, String z) {
    if (f.module().fuses() || !isF32()) {
      return intrinsic("fma", x, y, z);
    }
    var wide = new VectorCode(f, DType.F64, lanes);
    String product = wide.mul(widened(wide, x), widened(wide, y)); // exact
    String sum = wide.add(product, widened(wide, z));
    return f.pure("fptrunc " + wide.type + " " + sum + " to " + type);
  }

  private String widened(VectorCode wide, String x) {
    return f.pure("fpext " + type + " " + x + " to " + wide.type);
  }

  /** An LLVM intrinsic on values of this type. */
  String intrinsic(String name, String... operands) {
    var typed = new String[operands.length];
    for (int i = 0; i < typed.length; i++) {
      typed[i] = type + " " + operands[i];
    }
    return f.intrinsic(type, "llvm." + name + "." + LlvmTypes.suffix(dtype, lanes), typed);
  }

  String abs(String x) {
    return intrinsic("fabs", x);
  }

  /** {@code magnitude} with the sign of {@code sign}. */
  String copySign(String magnitude, String sign) {
    return intrinsic("copysign", magnitude, sign);
  }

  /** {@code coefficients[0] + x * (coefficients[1] + x * ...)}. */
  String polynomial(String x, double... coefficients) {
    String value = c(coefficients[coefficients.length - 1]);
    for (int i = coefficients.length - 2; i >= 0; i--) {
      value = fma(value, x, c(coefficients[i]));
    }
    return value;
  }

  /** A comparison of floats by LLVM's name for it, e.g. {@code ogt}. */
  String compare(String how, String x, String y) {
    return f.pure("fcmp " + how + " " + type + " " + x + ", " + y);
  }

  String select(String mask, String x, String y) {
    return f.pure(
        "select " + maskType + " " + mask + ", " + type + " " + x + ", " + type + " " + y);
  }

  String selectInt(String mask, String x, String y) {
    return f.pure(
        "select " + maskType + " " + mask + ", " + intType + " " + x + ", " + intType + " " + y);
  }

  String and(String mask, String other) {
    return f.pure("and " + maskType + " " + mask + ", " + other);
  }

  /** {@code x}, not above {@code high}; NaN stays. */
  String atMost(String x, double high) {
    return select(compare("ogt", x, c(high)), c(high), x);
  }

  /** {@code x}, not below {@code low}; NaN stays. */
  String atLeast(String x, double low) {
    return select(compare("olt", x, c(low)), c(low), x);
  }

  String bits(String x) {
    return f.pure("bitcast " + type + " " + x + " to " + intType);
  }

  String fromBits(String x) {
    return f.pure("bitcast " + intType + " " + x + " to " + type);
  }

  /** An integer instruction by its name. */
  String integer(String op, String x, String y) {
    return f.pure(op + " " + intType + " " + x + ", " + y);
  }

  String compareInt(String how, String x, String y) {
    return f.pure("icmp " + how + " " + intType + " " + x + ", " + y);
  }

  String toFloat(String integer) {
    return f.pure("sitofp " + intType + " " + integer + " to " + type);
  }

  /** 2^n for n such that the result is a normal number. */
  String powerOfTwo(String n) {
    return fromBits(integer("shl", integer("add", n, ci(bias())), ci(fractionBits())));
  }

  /** A sum and what its rounding lost, for |x| at least |y|. */
  DoubleDouble fastTwoSum(String x, String y) {
    String high = add(x, y);
    return new DoubleDouble(high, add(sub(x, high), y));
  }

  /** A product and what its rounding lost. */
  DoubleDouble twoProduct(String x, String y) {
    String high = mul(x, y);
    return new DoubleDouble(high, fma(x, y, neg(high)));
  }

  /** An unevaluated sum of two values, the second far smaller. */
  record DoubleDouble(String high, String low) {}

  /**
   * The nearest integer to {@code x}, |x| below 2^22 (f32) or 2^51 (f64), as a float and as an
   * integer.
   */
  Nearest nearest(String x, String factor) {
    String magic = c(pick(0x1.8p23, 0x1.8p52));
    String shifted = fma(x, factor, magic);
    return new Nearest(sub(shifted, magic), integer("sub", bits(shifted), bits(magic)));
  }

  /** An integer in both forms; the integer form of a NaN is arbitrary. */
  record Nearest(String asFloat, String asInt) {}
}
