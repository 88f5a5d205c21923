package modelc.backend.llvm;

import modelc.backend.llvm.VectorCode.DoubleDouble;
import modelc.ir.DType;

/**
 * Powers of floats, exp(y log |x|) with C's special cases (pow(x, 0) = pow(1, y) = 1). Integer
 * powers are {@link IntegerPower}'s.
 *
 * <p>f32 goes through f64; f64 through a logarithm of twice the precision, since y log x loses as
 * many bits as the result's exponent has.
 */
final class Power {
  private Power() {}

  static String power(VectorCode v, String x, String y) {
    String magnitude = v.isF32() ? magnitudeF32(v, x, y) : magnitudeF64(v, x, y);
    String one = v.c(1);
    String a = v.abs(x);
    String zeroExponent = v.compare("oeq", y, v.c(0));
    magnitude =
        v.select(v.compare("oeq", a, one), v.select(v.compare("uno", y, y), y, one), magnitude);
    // An odd y gives the result the sign of x; a fractional one has no power of a negative x.
    String half = v.mul(y, v.c(0.5));
    String isInteger = v.compare("oeq", v.intrinsic("floor", y), y);
    String isEven = v.compare("oeq", v.intrinsic("floor", half), half);
    String signed = v.select(v.and(isInteger, not(v, isEven)), v.copySign(magnitude, x), magnitude);
    String negative =
        v.and(v.compare("olt", x, v.c(0)), v.compare("une", a, v.c(Double.POSITIVE_INFINITY)));
    String undefined = v.and(negative, not(v, isInteger));
    String value = v.select(undefined, v.c(Double.NaN), signed);
    String isOne = v.compare("oeq", x, one);
    return v.select(zeroExponent, one, v.select(isOne, one, value));
  }

  private static String not(VectorCode v, String mask) {
    return v.f.pure(
        "xor " + v.maskType + " " + mask + ", " + LlvmTypes.splat("i1", "true", v.lanes));
  }

  private static String magnitudeF32(VectorCode v, String x, String y) {
    var w = new VectorCode(v.f, DType.F64, v.lanes);
    String wideX = v.f.pure("fpext " + v.type + " " + v.abs(x) + " to " + w.type);
    String wideY = v.f.pure("fpext " + v.type + " " + y + " to " + w.type);
    String value = Exponential.exp(w, w.mul(wideY, Logarithm.log(w, wideX)));
    return v.f.pure("fptrunc " + w.type + " " + value + " to " + v.type);
  }

  private static String magnitudeF64(VectorCode v, String x, String y) {
    String a = v.abs(x);
    DoubleDouble log = Logarithm.logPrecise(v, a);
    String high = v.mul(y, log.high());
    String low = v.fma(y, log.low(), v.fma(y, log.high(), v.neg(high)));
    // Where the result overflows or underflows anyway the low part may be NaN.
    String ordinary = v.compare("olt", v.abs(high), v.c(800));
    String value = Exponential.expPlus(v, high, v.select(ordinary, low, v.c(0)));
    // Zero and infinity: their logarithms are infinite.
    String rough = Exponential.exp(v, v.mul(y, Logarithm.log(v, a)));
    String extreme = v.compare("oeq", v.mul(a, v.c(0)), v.c(0));
    String regular = v.and(extreme, v.compare("ogt", a, v.c(0)));
    return v.select(regular, value, rough);
  }
}
