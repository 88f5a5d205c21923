package modelc.backend.llvm;

import modelc.backend.llvm.VectorCode.DoubleDouble;

/**
 * Natural logarithms: log, log1p, and log to twice the precision for {@link Power}. It holds no
 * exponentials.
 *
 * <p>x = 2^k m with m in [sqrt(1/2), sqrt(2)), then log x = k ln 2 + log(1 + (m - 1)).
 */
final class Logarithm {
  private static final double SQRT_HALF = Math.sqrt(0.5);
  private static final double LN2_F32 = (float) Math.log(2);
  private static final double LN2_LOW_F32 = Math.log(2) - LN2_F32;

  /** ln 2 to 42 bits, so that its product with an exponent is exact, and the rest in two parts. */
  private static final double LN2_HIGH = 0x1.62e42fefa38p-1;

  private static final double LN2_LOW = 0x1.ef35793c7673p-45;

  /** (log(1 + f) - f + f^2/2) / f^3. */
  private static final double[] LOG_F32 = {
    0.3333331346511841,
    -0.2500016689300537,
    0.20002223551273346,
    -0.16659358143806458,
    0.14209583401679993,
    -0.12549112737178802,
    0.12112412601709366,
    -0.10919822007417679,
    0.053150441497564316
  };

  /** (2 atanh(s) - 2 s) / s^3 in s^2. */
  private static final double[] LOG_F64 = {
    0.6666666666666734,
    0.3999999999941665,
    0.28571428742024607,
    0.22222198605469665,
    0.18183562828872873,
    0.15314085418692025,
    0.14795627577598836
  };

  /** (atanh(s) - s - s^3/3) / s^5 in s^2. */
  private static final double[] ATANH_TAIL = {
    0.1999999999999999,
    0.1428571428572192,
    0.11111111108894871,
    0.0909090942199602,
    0.076922792143157,
    0.06668132247378762,
    0.05837890399710324,
    0.059908763828869255
  };

  private Logarithm() {}

  /** A positive number as 2^k m. */
  record Split(String k, String m) {}

  private static Split split(VectorCode v, String x) {
    String bits = v.bits(x);
    String offset = v.bits(v.c(SQRT_HALF));
    String k = v.integer("ashr", v.integer("sub", bits, offset), v.ci(v.fractionBits()));
    String m = v.fromBits(v.integer("sub", bits, v.integer("shl", k, v.ci(v.fractionBits()))));
    return new Split(k, m);
  }

  /** Also for denormals. */
  private static Split splitAny(VectorCode v, String x) {
    String denormal = v.compare("olt", x, v.c(v.isF32() ? Float.MIN_NORMAL : Double.MIN_NORMAL));
    String scaled = v.select(denormal, v.mul(x, v.c(v.pick(0x1p23, 0x1p52))), x);
    Split s = split(v, scaled);
    String correction = v.selectInt(denormal, v.ci(-v.fractionBits()), v.ci(0));
    return new Split(v.integer("add", s.k(), correction), s.m());
  }

  static String log(VectorCode v, String x) {
    Split s = splitAny(v, x);
    return special(v, x, logOf(v, v.sub(s.m(), v.c(1)), v.toFloat(s.k())), v.c(0));
  }

  /** log(1 + x): the rounding error of 1 + x goes into the reduced argument. */
  static String log1p(VectorCode v, String x) {
    String one = v.c(1);
    String u = v.add(one, x);
    String shift = v.sub(u, one);
    String lost = v.add(v.sub(x, shift), v.sub(one, v.sub(u, shift)));
    Split s = split(v, u);
    String exponent = v.integer("sub", v.ci(v.bias()), s.k());
    String bounded = v.selectInt(v.compareInt("sgt", exponent, v.ci(0)), exponent, v.ci(0));
    String scale = v.fromBits(v.integer("shl", bounded, v.ci(v.fractionBits())));
    String reduced = v.fma(lost, scale, v.sub(s.m(), one));
    String value = special(v, x, logOf(v, reduced, v.toFloat(s.k())), v.c(-1));
    return v.select(v.compare("olt", v.abs(x), v.c(v.pick(0x1p-25, 0x1p-54))), x, value);
  }

  /** k ln 2 + log(1 + g). */
  private static String logOf(VectorCode v, String g, String k) {
    if (v.isF32()) {
      String square = v.mul(g, g);
      String tail = v.mul(v.mul(square, g), v.polynomial(g, LOG_F32));
      String low = v.fma(k, v.c(LN2_LOW_F32), v.fma(square, v.c(-0.5), tail));
      return v.fma(k, v.c(LN2_F32), v.add(low, g));
    }
    String s = v.div(g, v.add(g, v.c(2)));
    String z = v.mul(s, s);
    String r = v.mul(z, v.polynomial(z, LOG_F64));
    String low = v.fma(k, v.c(LN2_LOW), v.neg(v.mul(s, v.sub(g, r))));
    return v.fma(k, v.c(LN2_HIGH), v.add(low, g));
  }

  /** Infinity and NaN as they are, minus infinity at {@code pole}, NaN below it. */
  private static String special(VectorCode v, String x, String value, String pole) {
    String finite = v.select(v.compare("olt", x, v.c(Double.POSITIVE_INFINITY)), value, x);
    String notBelow = v.select(v.compare("olt", x, pole), v.c(Double.NaN), finite);
    return v.select(v.compare("oeq", x, pole), v.c(Double.NEGATIVE_INFINITY), notBelow);
  }

  /**
   * The logarithm of a positive finite f64 to about 100 bits; of 0 and infinity something large.
   */
  static DoubleDouble logPrecise(VectorCode v, String x) {
    Split parts = splitAny(v, x);
    String one = v.c(1);
    String g = v.sub(parts.m(), one);
    DoubleDouble sum = v.fastTwoSum(v.c(2), g);
    String s = v.div(g, sum.high());
    String left = v.fma(v.neg(s), sum.low(), v.fma(v.neg(s), sum.high(), g));
    String sLow = v.div(left, sum.high());
    // z = s^2, then w = 1/3 + z R(z), each with its rounding error.
    DoubleDouble z = v.twoProduct(s, s);
    String zLow = v.fma(v.add(s, s), sLow, z.low());
    DoubleDouble w =
        v.fastTwoSum(v.c(1.0 / 3), v.mul(z.high(), v.polynomial(z.high(), ATANH_TAIL)));
    String wLow = v.add(w.low(), v.c(0x1.5555555555555p-56));
    DoubleDouble zw = product(v, z.high(), zLow, w.high(), wLow);
    DoubleDouble cubic = product(v, s, sLow, zw.high(), zw.low());
    DoubleDouble atanh = v.fastTwoSum(s, cubic.high());
    String atanhLow = v.add(atanh.low(), v.add(sLow, cubic.low()));
    String k = v.toFloat(parts.k());
    String kHigh = v.mul(k, v.c(LN2_HIGH));
    String twice = v.add(atanh.high(), atanh.high());
    // |k ln 2| exceeds |2 atanh| unless k is 0, where it is exact anyway.
    String high = v.add(kHigh, twice);
    String shift = v.sub(high, kHigh);
    String error = v.add(v.sub(kHigh, v.sub(high, shift)), v.sub(twice, shift));
    String low = v.add(error, v.fma(k, v.c(LN2_LOW), v.add(atanhLow, atanhLow)));
    return v.fastTwoSum(high, low);
  }

  private static DoubleDouble product(VectorCode v, String x, String xLow, String y, String yLow) {
    DoubleDouble p = v.twoProduct(x, y);
    String low = v.fma(x, yLow, v.fma(xLow, y, p.low()));
    return v.fastTwoSum(p.high(), low);
  }
}
