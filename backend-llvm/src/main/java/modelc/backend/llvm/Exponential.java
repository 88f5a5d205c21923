package modelc.backend.llvm;

import modelc.backend.llvm.VectorCode.Nearest;

/**
 * The exponential and the functions made of it: exp, expm1, logistic, tanh, erf. It holds no
 * logarithms.
 *
 * <p>exp(x) = 2^n exp(r) with n the nearest integer to x/ln 2, and a polynomial for r in [-ln 2/2,
 * ln 2/2].
 */
final class Exponential {
  private static final double LN2 = Math.log(2);
  private static final double LN2_LOW_F32 = LN2 - (float) LN2;
  private static final double LN2_LOW_F64 = 0x1.abc9e3b39803fp-56;

  /** (exp(r) - 1 - r) / r^2 over [-ln 2/2, ln 2/2], relative to exp(r). */
  private static final double[] EXP_F32 = {
    0.4999999403953552,
    0.16666516661643982,
    0.04166810214519501,
    0.008369192481040955,
    0.001383890979923308
  };

  private static final double[] EXP_F64 = {
    0.5,
    0.16666666666666688,
    0.041666666666666824,
    0.008333333333313892,
    0.0013888888888777973,
    0.00019841269903530235,
    2.480158755491843e-05,
    2.7557228112786336e-06,
    2.755708013267035e-07,
    2.5114378281938355e-08,
    2.0968670107125265e-09
  };

  /** erf(x) / x - 1 as a polynomial in x^2, for x^2 up to 0.85 and 1. */
  private static final double[] ERF_SMALL_F32 = {
    0.12837916612625122,
    -0.3761262893676758,
    0.11283625662326813,
    -0.026855729520320892,
    0.005192392505705357,
    -0.0008049514726735651,
    7.995047781150788e-05
  };

  private static final double[] ERF_SMALL_F64 = {
    0.1283791670955126,
    -0.3761263890318375,
    0.11283791670954857,
    -0.026866170645072893,
    0.005223977624780846,
    -0.0008548326978741064,
    0.00012055331036860156,
    -1.4925593506039327e-05,
    1.6460972805633744e-06,
    -1.6350025131339397e-07,
    1.4657879450379759e-08,
    -1.1365665359714586e-09,
    5.945262311366498e-11
  };

  /** -log(1 - erf(x)) over [0.9, 4]. */
  private static final double[] ERF_LARGE_F32 = {
    -0.0001692301593720913,
    1.1294885873794556,
    0.6334003210067749,
    0.10822121053934097,
    -0.025081364437937737,
    0.004156649578362703,
    -0.00043150605051778257,
    2.0841946025029756e-05
  };

  /** -log(1 - erf(x)) over [1, 6], a polynomial in x - 2. */
  private static final double[] ERF_LARGE_F64 = {
    5.364941264616638,
    4.418160805994415,
    0.9237508418237774,
    0.016465118136929177,
    -0.0035707563454850503,
    0.0007323993858191688,
    -0.00013530933960369072,
    2.070642896076318e-05,
    -1.9521784584597345e-06,
    -2.0362809928801287e-07,
    1.731791992717585e-07,
    -5.7821231749056596e-08,
    1.397699329636245e-08,
    -2.5195489831440267e-09,
    2.5650643621781595e-10,
    3.591870988984133e-11,
    -2.9944687090829304e-11,
    1.0424193797422544e-11,
    -2.4189973255048554e-12,
    3.460854372343302e-13,
    -2.252682663146254e-14
  };

  private Exponential() {}

  /** x = n ln 2 + r. */
  private record Reduced(Nearest n, String r) {}

  private static Reduced reduce(VectorCode v, String x) {
    Nearest n = v.nearest(x, v.c(1 / LN2));
    String r = v.fma(n.asFloat(), v.c(-LN2), x);
    return new Reduced(n, v.fma(n.asFloat(), v.c(v.pick(-LN2_LOW_F32, -LN2_LOW_F64)), r));
  }

  /** exp(r) - 1 for small r. */
  private static String expm1Small(VectorCode v, String r) {
    String q = v.polynomial(r, v.isF32() ? EXP_F32 : EXP_F64);
    return v.fma(v.mul(r, r), q, r);
  }

  static String exp(VectorCode v, String x) {
    return expPlus(v, x, "");
  }

  /** exp(x + tail), where {@code tail} (or nothing) is at most an ulp or so of x. */
  static String expPlus(VectorCode v, String x, String tail) {
    String bounded = v.atLeast(v.atMost(x, v.pick(89, 710)), v.pick(-105, -746));
    Reduced e = reduce(v, bounded);
    String r = tail.isEmpty() ? e.r() : v.add(e.r(), tail);
    String p = v.add(expm1Small(v, r), v.c(1));
    // In two steps, so that neither overflows before the result does and denormals are rounded
    // once.
    String half = v.integer("ashr", e.n().asInt(), v.ci(1));
    String rest = v.integer("sub", e.n().asInt(), half);
    return v.mul(v.mul(p, v.powerOfTwo(half)), v.powerOfTwo(rest));
  }

  static String expm1(VectorCode v, String x) {
    String bounded = v.atLeast(v.atMost(x, v.pick(89, 710)), v.pick(-20, -40));
    Reduced e = reduce(v, bounded);
    String p = expm1Small(v, e.r());
    // 2^n (1 + p) - 1, from half of each so that 2^n does not overflow first.
    String t = v.powerOfTwo(v.integer("sub", e.n().asInt(), v.ci(1)));
    String half = v.fma(t, p, v.sub(t, v.c(0.5)));
    String tiny = v.compare("olt", v.abs(x), v.c(v.pick(0x1p-25, 0x1p-54)));
    return v.select(tiny, x, v.add(half, half));
  }

  /**
   * 1 / (1 + exp(-x)), from exp(-|x|) so that nothing overflows and small results keep their
   * accuracy.
   */
  static String logistic(VectorCode v, String x) {
    String t = exp(v, v.neg(v.abs(x)));
    String positive = v.compare("oge", x, v.c(0));
    return v.div(v.select(positive, v.c(1), t), v.add(t, v.c(1)));
  }

  /** -t / (t + 2) with t = expm1(-2 |x|). */
  static String tanh(VectorCode v, String x) {
    String a = v.atMost(v.abs(x), v.pick(9.02, 19.1));
    Reduced e = reduce(v, v.mul(a, v.c(-2)));
    String scale = v.powerOfTwo(e.n().asInt());
    String t = v.fma(scale, expm1Small(v, e.r()), v.sub(scale, v.c(1)));
    return v.copySign(v.div(t, v.sub(v.c(-2), t)), x);
  }

  static String erf(VectorCode v, String x) {
    String a = v.abs(x);
    String z = v.mul(x, x);
    String small = v.fma(x, v.polynomial(z, v.isF32() ? ERF_SMALL_F32 : ERF_SMALL_F64), x);
    String bounded = v.atMost(a, v.pick(4, 6));
    String exponent =
        v.isF32()
            ? v.polynomial(bounded, ERF_LARGE_F32)
            : v.polynomial(v.sub(bounded, v.c(2)), ERF_LARGE_F64);
    Reduced e = reduce(v, v.neg(exponent));
    String complement = v.mul(v.add(expm1Small(v, e.r()), v.c(1)), v.powerOfTwo(e.n().asInt()));
    String large = v.copySign(v.sub(v.c(1), complement), x);
    return v.select(v.compare("ogt", a, v.c(v.pick(0.92, 1))), large, small);
  }
}
