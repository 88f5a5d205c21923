package modelc.backend.llvm;

import modelc.ir.DType;

/**
 * Sine and cosine of any float. It holds no inverse functions.
 *
 * <p>x = n pi/2 + r with |r| at most pi/4, then a polynomial for the sine or cosine of r. Below
 * 2^28 the reduction uses pi/2 in two or three parts, in double precision for f32 too; the rare
 * lanes beyond go one by one to a function that multiplies with as many bits of 2/pi as it takes
 * (Payne and Hanek, 1983).
 */
final class Trigonometry {
  private static final double LARGE = 0x1p28;
  private static final double[] HALF_PI = {
    0x1.921fb54442d18p0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110
  };

  /** (sin(r) - r) / r^3 in r^2. */
  private static final double[] SINE_F32 = {
    -0.16666655242443085, 0.008332191035151482, -0.00019518604676704854
  };

  private static final double[] SINE_F64 = {
    -0.16666666666666632,
    0.008333333333322486,
    -0.00019841269829853404,
    2.7557313705097205e-06,
    -2.5050759898113295e-08,
    1.5896887201641606e-10
  };

  /** (cos(r) - 1 + r^2/2) / r^4 in r^2. */
  private static final double[] COSINE_F32 = {
    0.04166664555668831, -0.00138873013202101, 2.443066841806285e-05
  };

  private static final double[] COSINE_F64 = {
    0.0416666666666666,
    -0.001388888888887447,
    2.48015872896669e-05,
    -2.7557314399261344e-07,
    2.0875728993361625e-09,
    -1.1359917269546091e-11
  };

  /** 64 zero bits, then the bits of 2/pi after the binary point. */
  private static final String TWO_OVER_PI =
      "0, 11743562013128004905, 18169587780923219392, 15808362127397457985, 18325537948574664033,"
          + " 13196794004601950944, 452944820249399836, 18311050168422213438, 16754012890938950788,"
          + " 16833452818741296705, 4148332274289687028, 11278244420634880059, 2303758334597371919,"
          + " 17235013589178936607, 7869616827067468215, 5712322887342352941, 8441921394348257659,"
          + " 4397547296490951402, 7780917995555872008, 6197850593633725355, 17352294737506481693";

  private static final int WORDS = 21;

  private Trigonometry() {}

  /** n modulo 4 and r = {@code r + tail}; {@code tail} is empty where it does not matter. */
  private record Reduced(String n, String r, String tail) {}

  static String sine(VectorCode v, String x) {
    // Zero keeps its sign.
    return v.select(v.compare("oeq", x, v.c(0)), x, write(v, x, 0));
  }

  static String cosine(VectorCode v, String x) {
    return write(v, x, 1);
  }

  private static String write(VectorCode v, String x, int quarters) {
    FunctionText f = v.f;
    String fast = evaluate(v, v.isF32() ? reduceF32(v, x) : reduceF64(v, x), quarters);
    String large = v.compare("oge", v.abs(x), v.c(LARGE));
    String any = large;
    if (v.lanes > 1) {
      String packed = f.pure("bitcast " + v.maskType + " " + large + " to i" + v.lanes);
      any = f.pure("icmp ne i" + v.lanes + " " + packed + ", 0");
    }
    String slow = f.freshLabel("large");
    String join = f.freshLabel("join");
    String before = f.block();
    f.branch(any, slow, join);
    f.startBlock(slow);
    f.enter();
    String merged = v.select(large, largeLanes(v, x, quarters), fast);
    f.leave();
    f.jump(join);
    f.startBlock(join);
    return f.result(
        "phi " + v.type + " [ " + fast + ", %" + before + " ], [ " + merged + ", %" + slow + " ]");
  }

  private static Reduced reduceF32(VectorCode v, String x) {
    var w = new VectorCode(v.f, DType.F64, v.lanes);
    String wide = v.f.pure("fpext " + v.type + " " + x + " to " + w.type);
    var n = w.nearest(wide, w.c(2 / Math.PI));
    String r = w.fma(n.asFloat(), w.c(-HALF_PI[1]), w.fma(n.asFloat(), w.c(-HALF_PI[0]), wide));
    return new Reduced(
        v.f.pure("trunc " + w.intType + " " + n.asInt() + " to " + v.intType),
        v.f.pure("fptrunc " + w.type + " " + r + " to " + v.type),
        "");
  }

  /** The first difference is exact, the second is rounded and its error kept. */
  private static Reduced reduceF64(VectorCode v, String x) {
    var n = v.nearest(x, v.c(2 / Math.PI));
    String first = v.fma(n.asFloat(), v.c(-HALF_PI[0]), x);
    String second = v.fma(n.asFloat(), v.c(-HALF_PI[1]), first);
    String error = v.fma(n.asFloat(), v.c(-HALF_PI[1]), v.sub(first, second));
    String tail = v.fma(n.asFloat(), v.c(-HALF_PI[2]), error);
    String r = v.add(second, tail);
    return new Reduced(n.asInt(), r, v.add(v.sub(second, r), tail));
  }

  private static String evaluate(VectorCode v, Reduced e, int quarters) {
    String r = e.r();
    String z = v.mul(r, r);
    String cubic = v.mul(v.mul(r, z), v.polynomial(z, v.isF32() ? SINE_F32 : SINE_F64));
    String sine = v.add(r, e.tail().isEmpty() ? cubic : v.add(cubic, e.tail()));
    String top = v.fma(z, v.c(-0.5), v.c(1));
    String lost = v.fma(z, v.c(-0.5), v.sub(v.c(1), top));
    String rest = v.fma(v.mul(z, z), v.polynomial(z, v.isF32() ? COSINE_F32 : COSINE_F64), lost);
    String cosine = v.add(top, e.tail().isEmpty() ? rest : v.fma(v.neg(r), e.tail(), rest));
    String n = quarters == 0 ? e.n() : v.integer("add", e.n(), v.ci(quarters));
    String odd = v.compareInt("ne", v.integer("and", n, v.ci(1)), v.ci(0));
    String sign = v.integer("shl", v.integer("and", n, v.ci(2)), v.ci(v.isF32() ? 30 : 62));
    return v.fromBits(v.integer("xor", v.bits(v.select(odd, cosine, sine)), sign));
  }

  private static String largeLanes(VectorCode v, String x, int quarters) {
    FunctionText f = v.f;
    String function = "modelc." + (quarters == 0 ? "sine" : "cosine") + ".large";
    f.module().helper(function, () -> defineLarge(f.module(), function, quarters));
    String scalar = LlvmTypes.scalar(v.dtype);
    String result = "poison";
    for (int i = 0; i < v.lanes; i++) {
      String lane = v.lanes == 1 ? x : f.pure("extractelement " + v.type + " " + x + ", i64 " + i);
      String wide = v.isF32() ? f.pure("fpext float " + lane + " to double") : lane;
      String y = f.pure("call double @" + function + "(double " + wide + ")");
      String narrow = v.isF32() ? f.pure("fptrunc double " + y + " to float") : y;
      result =
          v.lanes == 1
              ? narrow
              : f.pure(
                  "insertelement "
                      + v.type
                      + " "
                      + result
                      + ", "
                      + scalar
                      + " "
                      + narrow
                      + ", i64 "
                      + i);
    }
    return result;
  }

  /**
   * Sine or cosine of a double from 2^28 on; NaN for infinity. Of smaller values the result means
   * nothing.
   */
  private static String defineLarge(ModuleText module, String function, int quarters) {
    module.declare(
        "@modelc.two_over_pi = internal constant ["
            + WORDS
            + " x i64] ["
            + words()
            + "], align 64");
    var f = new FunctionText(module);
    var v = new VectorCode(f, DType.F64, 1);
    String bits = v.bits("%x");
    String exponent = v.integer("and", v.integer("lshr", bits, "52"), "2047");
    String finite = v.compareInt("ne", exponent, "2047");
    // |x| = m 2^e with m an integer. Bits of 2/pi before bit e - 1 contribute multiples of 4 to m
    // 2^e 2/pi.
    String e = v.selectInt(finite, v.integer("sub", exponent, "1075"), "0");
    String m =
        v.integer(
            "or", v.integer("and", bits, Long.toString((1L << 52) - 1)), Long.toString(1L << 52));
    String offset =
        f.intrinsic("i64", "llvm.smax.i64", "i64 " + v.integer("add", e, "62"), "i64 0");
    String word = v.integer("lshr", offset, "6");
    String shift = v.integer("and", offset, "63");
    String[] b = new String[3];
    for (int i = 0; i < 3; i++) {
      String high = word(f, v, word, i);
      String low = word(f, v, word, i + 1);
      b[i] = f.intrinsic("i64", "llvm.fshl.i64", "i64 " + high, "i64 " + low, "i64 " + shift);
    }
    // The low 192 bits of m times those 192 bits: two of n, then the fraction.
    String wideM = f.pure("zext i64 " + m + " to i128");
    String p0 = product(f, b[2], wideM);
    String p1 =
        f.pure("add i128 " + product(f, b[1], wideM) + ", " + f.pure("lshr i128 " + p0 + ", 64"));
    String lowHalf = f.pure("trunc i128 " + p1 + " to i64");
    String carry = f.pure("trunc i128 " + f.pure("lshr i128 " + p1 + ", 64") + " to i64");
    String top = v.integer("add", v.integer("mul", b[0], m), carry);
    String joined =
        f.pure(
            "or i128 "
                + f.pure("shl i128 " + f.pure("zext i64 " + top + " to i128") + ", 64")
                + ", "
                + f.pure("zext i64 " + lowHalf + " to i128"));
    String fraction = f.pure("shl i128 " + joined + ", 2");
    String half = f.pure("lshr i128 " + fraction + ", 127");
    String n =
        v.integer("add", v.integer("lshr", top, "62"), f.pure("trunc i128 " + half + " to i64"));
    String r = fractionTimesHalfPi(f, v, fraction);
    String negative = v.compareInt("slt", bits, "0");
    String signedN = v.selectInt(negative, v.integer("sub", "0", n), n);
    String signedR = v.select(negative, v.neg(r), r);
    String value = evaluate(v, new Reduced(signedN, signedR, ""), quarters);
    f.line("ret double " + v.select(finite, value, v.c(Double.NaN)));
    return f.define("define internal double @" + function + "(double %x) noinline nounwind", null);
  }

  /** A signed fraction of 128 bits as a double, times pi/2. */
  private static String fractionTimesHalfPi(FunctionText f, VectorCode v, String fraction) {
    String negative = f.pure("icmp slt i128 " + fraction + ", 0");
    String magnitude =
        f.pure(
            "select i1 "
                + negative
                + ", i128 "
                + f.pure("sub i128 0, " + fraction)
                + ", i128 "
                + fraction);
    String top = f.pure("trunc i128 " + f.pure("lshr i128 " + magnitude + ", 64") + " to i64");
    String zeros = f.intrinsic("i64", "llvm.ctlz.i64", "i64 " + top, "i1 false");
    String wide = f.pure("zext i64 " + zeros + " to i128");
    String normal = f.pure("shl i128 " + magnitude + ", " + wide);
    String leading = f.pure("trunc i128 " + f.pure("lshr i128 " + normal + ", 64") + " to i64");
    String asDouble = f.pure("uitofp i64 " + leading + " to double");
    String scale = v.powerOfTwo(v.integer("sub", "-64", zeros));
    String r = v.mul(v.mul(asDouble, scale), v.c(HALF_PI[0]));
    return f.pure("select i1 " + negative + ", double " + v.neg(r) + ", double " + r);
  }

  private static String word(FunctionText f, VectorCode v, String base, int i) {
    String index = i == 0 ? base : v.integer("add", base, Integer.toString(i));
    return f.pure(
        "load i64, ptr " + f.pure("getelementptr i64, ptr @modelc.two_over_pi, i64 " + index));
  }

  private static String product(FunctionText f, String word, String m) {
    return f.pure("mul i128 " + f.pure("zext i64 " + word + " to i128") + ", " + m);
  }

  private static String words() {
    var out = new StringBuilder();
    for (String w : TWO_OVER_PI.split(", *")) {
      out.append(out.isEmpty() ? "" : ", ").append("i64 ").append(w);
    }
    return out.toString();
  }
}
