package modelc.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Floating-point arithmetic: roundings, flushing, NaN, comparisons, functions. */
class FloatTest {
  private static final long NAN = 0x7fffffff;
  private static final float INF = Float.POSITIVE_INFINITY;

  private static float randomFloat(Random random) {
    return Float.intBitsToFloat(random.nextInt() & 0x80ff_ffff | (random.nextInt(32) + 48) << 24);
  }

  /** Rounds an exact value to float32 by comparing it with its neighbours. */
  private static float rounded(BigDecimal exact, String mode) {
    float near = exact.floatValue();
    int sign = exact.compareTo(new BigDecimal(near));
    boolean up = mode.equals("rp") || mode.equals("rz") && exact.signum() < 0;
    boolean down = mode.equals("rm") || mode.equals("rz") && exact.signum() > 0;
    return sign > 0 && up ? Math.nextUp(near) : sign < 0 && down ? Math.nextDown(near) : near;
  }

  @ParameterizedTest
  @ValueSource(strings = {"rn", "rz", "rm", "rp"})
  void float32IsRoundedInEveryDirection(String mode) {
    var random = new Random(3);
    int n = 500;
    var a = new float[n];
    var b = new float[n];
    var c = new float[n];
    for (int i = 0; i < n; i++) {
      a[i] = randomFloat(random);
      b[i] = randomFloat(random);
      c[i] = i % 3 == 0 ? -a[i] * b[i] : randomFloat(random);
    }
    String types = "f32 f32 f32 f32";
    long[][] in = {Ptx.f32(a), Ptx.f32(b), Ptx.f32(c)};
    float[] sum = Ptx.floats(Ptx.lanes(types, "add." + mode + ".f32 d, a, b;", in));
    float[] product = Ptx.floats(Ptx.lanes(types, "mul." + mode + ".f32 d, a, b;", in));
    float[] fma = Ptx.floats(Ptx.lanes(types, "fma." + mode + ".f32 d, a, b, c;", in));
    float[] quotient = Ptx.floats(Ptx.lanes(types, "div." + mode + ".f32 d, a, b;", in));
    for (int i = 0; i < n; i++) {
      var x = new BigDecimal(a[i]);
      var y = new BigDecimal(b[i]);
      assertThat(sum[i]).isEqualTo(rounded(x.add(y), mode));
      assertThat(product[i]).isEqualTo(rounded(x.multiply(y), mode));
      assertThat(fma[i]).isEqualTo(rounded(x.multiply(y).add(new BigDecimal(c[i])), mode));
      assertThat(quotient[i]).isEqualTo(rounded(x.divide(y, new MathContext(60)), mode));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rn", "rz", "rm", "rp"})
  void rootsAreRounded(String mode) {
    var random = new Random(4);
    var a = new float[200];
    for (int i = 0; i < a.length; i++) {
      a[i] = i < 20 ? i : Math.abs(randomFloat(random));
    }
    float[] d = Ptx.floats(Ptx.lanes("f32 f32", "sqrt." + mode + ".f32 d, a;", Ptx.f32(a)));
    for (int i = 0; i < a.length; i++) {
      assertThat(d[i]).isEqualTo(rounded(new BigDecimal(a[i]).sqrt(new MathContext(60)), mode));
    }
  }

  @Test
  void roundingsAtTheEnds() {
    float max = Float.MAX_VALUE;
    float min = Float.MIN_VALUE;
    String t = "f32 f32 f32";
    long[] a = Ptx.f32(max, -max, min, -min, 1, 0f, -0f);
    long[] b = Ptx.f32(max, -max, 0.5f, 0.5f, -1, 0f, -0f);
    assertThat(Ptx.lanes(t, "add.rn.f32 d, a, b;", a, b))
        .startsWith(Ptx.f32(INF, -INF, 0.5f, 0.5f, 0, 0, -0f));
    assertThat(Ptx.lanes(t, "add.rz.f32 d, a, b;", a, b))
        .startsWith(Ptx.f32(max, -max, 0.5f, Math.nextDown(0.5f), 0, 0, -0f));
    // The difference of equal numbers is -0 when rounding down.
    assertThat(Ptx.lanes(t, "add.rm.f32 d, a, b;", a, b))
        .startsWith(Ptx.f32(max, -INF, 0.5f, Math.nextDown(0.5f), -0f, 0, -0f));
    assertThat(Ptx.lanes(t, "mul.rp.f32 d, a, b;", a, b))
        .startsWith(Ptx.f32(INF, INF, min, -0f, -1, 0, 0));
    assertThat(Ptx.lanes(t, "mul.rm.f32 d, a, b;", a, b))
        .startsWith(Ptx.f32(max, max, 0, -min, -1, 0, 0));
  }

  @Test
  void subnormalsAreFlushedWithFtzOnly() {
    float min = Float.MIN_NORMAL;
    long[] a = Ptx.f32(min, min / 4, -min / 4, min);
    long[] b = Ptx.f32(0.5f, 8, 8, 1);
    String t = "f32 f32 f32";
    assertThat(Ptx.lanes(t, "mul.f32 d, a, b;", a, b))
        .isEqualTo(Ptx.f32(min / 2, min * 2, -min * 2, min));
    assertThat(Ptx.lanes(t, "mul.ftz.f32 d, a, b;", a, b)).isEqualTo(Ptx.f32(0, 0, -0f, min));
    assertThat(Ptx.lanes(t, "add.ftz.f32 d, a, b;", a, b)).isEqualTo(Ptx.f32(0.5f, 8, 8, 1));
    assertThat(Ptx.lanes("f32 f32", "neg.ftz.f32 d, a;", a)).isEqualTo(Ptx.f32(-min, -0f, 0, -min));
    assertThat(Ptx.lanes(t, "setp.gt.ftz.f32 p, a, 0f00000000;\nselp.f32 d, a, b, p;", a, b))
        .isEqualTo(Ptx.f32(min, 8, 8, min));
  }

  @Test
  void nanHasOnePattern() {
    long[] a = {0x7fc12345, 0x7f800000, 0xff800001L, 0x7f800000};
    long[] b = Ptx.f32(1, -INF, 1, 0);
    String t = "f32 f32 f32";
    assertThat(Ptx.lanes(t, "add.f32 d, a, b;", a, b)).startsWith(NAN, NAN, NAN, 0x7f800000);
    assertThat(Ptx.lanes(t, "mul.rz.f32 d, a, b;", a, b))
        .containsExactly(NAN, 0xff800000L, NAN, NAN);
    assertThat(Ptx.lanes(t, "fma.rn.f32 d, a, b, b;", a, b))
        .containsExactly(NAN, 0xff800000L, NAN, NAN);
    assertThat(Ptx.lanes("f32 f32", "sqrt.rn.f32 d, a;", Ptx.f32(-1, -0f)))
        .containsExactly(NAN, 0x80000000L);
  }

  @Test
  void minimumAndMaximumSkipNaN() {
    float nan = Float.NaN;
    long[] a = Ptx.f32(nan, 1, nan, -0f, 0f, 2);
    long[] b = Ptx.f32(1, nan, nan, 0f, -0f, -3);
    String t = "f32 f32 f32";
    assertThat(Ptx.lanes(t, "min.f32 d, a, b;", a, b))
        .containsExactly(0x3f800000, 0x3f800000, NAN, 0x80000000L, 0x80000000L, 0xc0400000L);
    assertThat(Ptx.lanes(t, "max.f32 d, a, b;", a, b))
        .containsExactly(0x3f800000, 0x3f800000, NAN, 0, 0, 0x40000000);
    assertThat(Ptx.lanes(t, "max.NaN.f32 d, a, b;", a, b))
        .containsExactly(NAN, NAN, NAN, 0, 0, 0x40000000);
  }

  @Test
  void saturationClampsAndRemovesNaN() {
    long[] a = Ptx.f32(-1, 0.5f, 2, Float.NaN);
    assertThat(Ptx.lanes("f32 f32 f32", "add.sat.f32 d, a, b;", a, Ptx.f32(0, 0, 0, 0)))
        .isEqualTo(Ptx.f32(0, 0.5f, 1, 0));
    assertThat(Ptx.lanes("f32 f32", "cvt.sat.f32.f32 d, a;", a)).isEqualTo(Ptx.f32(0, 0.5f, 1, 0));
  }

  @ParameterizedTest
  @CsvSource({
    // 1 < 2, 2 < 1, 1 < 1, NaN
    "eq, 0010", "ne, 1100", "lt, 1000", "le, 1010", "gt, 0100", "ge, 0110",
    "equ, 0011", "neu, 1101", "ltu, 1001", "leu, 1011", "gtu, 0101", "geu, 0111",
    "num, 1110", "nan, 0001",
  })
  void comparisonsAreOrderedOrNot(String comparison, String expected) {
    float[] a = {1, 2, 1, Float.NaN};
    float[] b = {2, 1, 1, 1};
    long[] d =
        Ptx.lanes(
            "b32 f32 f32",
            "setp." + comparison + ".f32 p, a, b;\nselp.b32 d, 1, 0, p;",
            Ptx.f32(a),
            Ptx.f32(b));
    var said = new StringBuilder();
    for (long x : d) {
      said.append(x);
    }
    assertThat(said.toString()).isEqualTo(expected);
  }

  @Test
  void approximateDivisionLosesHugeDivisors() {
    float huge = 0x1.8p126f;
    long[] a = Ptx.f32(3, huge, INF, 0, 1);
    long[] b = Ptx.f32(2, huge, huge, 0, 0);
    String t = "f32 f32 f32";
    assertThat(Ptx.lanes(t, "div.approx.f32 d, a, b;", a, b))
        .containsExactly(0x3fc00000, 0, NAN, NAN, 0x7f800000);
    assertThat(Ptx.lanes(t, "div.full.f32 d, a, b;", a, b))
        .containsExactly(0x3fc00000, 0x3f800000, 0x7f800000, NAN, 0x7f800000);
  }

  @Test
  void functionsAreNearTheTruth() {
    checkFunction("ex2.approx.f32", x -> Math.pow(2, x), -10, 10);
    checkFunction("ex2.approx.ftz.f32", x -> Math.pow(2, x), -10, 10);
    checkFunction("lg2.approx.f32", x -> Math.log(x) / Math.log(2), 0.01, 10);
    checkFunction("rcp.approx.f32", x -> 1 / x, 0.01, 10);
    checkFunction("rcp.rn.f32", x -> 1 / x, 0.01, 10);
    checkFunction("rsqrt.approx.f32", x -> 1 / Math.sqrt(x), 0.01, 10);
    checkFunction("sqrt.approx.f32", Math::sqrt, 0.01, 10);
    checkFunction("sin.approx.f32", Math::sin, -3, 3);
    checkFunction("cos.approx.f32", Math::cos, -3, 3);
    checkFunction("tanh.approx.f32", Math::tanh, -5, 5);
  }

  private static void checkFunction(String f, DoubleUnaryOperator truth, double from, double to) {
    var a = new float[101];
    for (int i = 0; i < a.length; i++) {
      a[i] = (float) (from + (to - from) * i / 100);
    }
    float[] d = Ptx.floats(Ptx.lanes("f32 f32", f + " d, a;", Ptx.f32(a)));
    for (int i = 0; i < a.length; i++) {
      double t = truth.applyAsDouble(a[i]);
      assertThat(d[i]).as("%s(%s)", f, a[i]).isEqualTo((float) t);
    }
  }

  @Test
  void functionsAtTheEnds() {
    assertThat(Ptx.lanes("f32 f32", "ex2.approx.f32 d, a;", Ptx.f32(-INF, INF, -149, -151, 128)))
        .isEqualTo(Ptx.f32(0, INF, Float.MIN_VALUE, 0, INF));
    assertThat(Ptx.lanes("f32 f32", "ex2.approx.ftz.f32 d, a;", Ptx.f32(-149))).containsExactly(0);
    assertThat(Ptx.lanes("f32 f32", "lg2.approx.f32 d, a;", Ptx.f32(0, INF, 8)))
        .isEqualTo(Ptx.f32(-INF, INF, 3));
    assertThat(Ptx.lanes("f32 f32", "lg2.approx.f32 d, a;", Ptx.f32(-1))).containsExactly(NAN);
    assertThat(Ptx.lanes("f32 f32", "rcp.approx.f32 d, a;", Ptx.f32(0, -0f, INF, -INF)))
        .isEqualTo(Ptx.f32(INF, -INF, 0, -0f));
    assertThat(Ptx.lanes("f32 f32", "rsqrt.approx.f32 d, a;", Ptx.f32(0, -0f, INF)))
        .isEqualTo(Ptx.f32(INF, -INF, 0));
    assertThat(Ptx.lanes("f32 f32", "sin.approx.f32 d, a;", Ptx.f32(INF))).containsExactly(NAN);
  }

  @Test
  void float64() {
    long[] a = Ptx.f64(1, 1e300, -1, 3);
    long[] b = Ptx.f64(1e-30, 1e300, -1e-30, 7);
    String t = "f64 f64 f64";
    assertThat(Ptx.lanes(t, "add.rn.f64 d, a, b;", a, b)).isEqualTo(Ptx.f64(1, 2e300, -1, 10));
    assertThat(Ptx.lanes(t, "add.rp.f64 d, a, b;", a, b))
        .isEqualTo(Ptx.f64(Math.nextUp(1.0), 2e300, -1, 10));
    assertThat(Ptx.lanes(t, "add.rz.f64 d, a, b;", a, b)).isEqualTo(Ptx.f64(1, 2e300, -1, 10));
    assertThat(Ptx.lanes(t, "add.rm.f64 d, a, b;", a, b))
        .isEqualTo(Ptx.f64(1, 2e300, Math.nextDown(-1.0), 10));
    assertThat(Ptx.lanes(t, "mul.rz.f64 d, a, b;", a, b))
        .startsWith(Ptx.f64(1e-30, Double.MAX_VALUE, 1e-30, 21));
    assertThat(Ptx.lanes(t, "div.rn.f64 d, a, b;", a, b)[3]).isEqualTo(Ptx.f64(3.0 / 7)[0]);
    assertThat(Ptx.lanes("f64 f64 f64 f64", "fma.rn.f64 d, a, b, c;", a, b, a))
        .startsWith(Ptx.f64(1, Double.POSITIVE_INFINITY));
    assertThat(Ptx.lanes("f64 f64", "rcp.approx.ftz.f64 d, a;", Ptx.f64(3)))
        .containsExactly(Double.doubleToRawLongBits(1.0 / 3) & 0xffffffff00000000L);
  }

  @Test
  void halves() {
    // 1.5, 65504 (the largest), the smallest subnormal
    long[] a = {0x3e00, 0x7bff, 0x0001};
    long[] b = {0x3c00, 0x7bff, 0x3800};
    String t = "b16 b16 b16";
    assertThat(Ptx.lanes(t, "add.rn.f16 d, a, b;", a, b)).containsExactly(0x4100, 0x7c00, 0x3800);
    // Half the smallest subnormal is a tie: to the even zero.
    assertThat(Ptx.lanes(t, "mul.rn.f16 d, a, b;", a, b)).containsExactly(0x3e00, 0x7c00, 0);
    assertThat(
            Ptx.lanes("b16 b16 b16 b16", "fma.rn.f16 d, a, b, c;", a, b, new long[] {0, 0xfbff, 1}))
        .containsExactly(0x3e00, 0x7c00, 2);
    assertThat(
            Ptx.lanes(
                "b16 b16 b16 b16", "fma.rn.relu.f16 d, a, b, c;", a, b, new long[] {0xc400, 0, 1}))
        .containsExactly(0, 0x7c00, 2);
    long[] x = {0x3e003c00L};
    long[] y = {0xbc004000L};
    assertThat(Ptx.lanes("b32 b32 b32", "add.rn.f16x2 d, a, b;", x, y)).containsExactly(0x38004200);
    assertThat(Ptx.lanes("b32 b32 b32", "mul.rn.f16x2 d, a, b;", x, y))
        .containsExactly(0xbe004000L);
    assertThat(Ptx.lanes("b32 b32", "neg.f16x2 d, a;", x)).containsExactly(0xbe00bc00L);
  }

  @Test
  void fusedHalvesAreRoundedOnce() {
    // (1 + 2^-10) * (1 - 2^-11) + 9 * 2^-24 = 1 + 2^-11 + 2^-24: rounded to float32 first it would
    // be
    // a tie.
    assertThat(
            Ptx.lanes(
                "b16 b16 b16 b16",
                "fma.rn.f16 d, a, b, c;",
                new long[] {0x3c01},
                new long[] {0x3bff},
                new long[] {9}))
        .containsExactly(0x3c01);
  }

  @Test
  void brainFloats() {
    long[] a = {0x3fc0, 0x7f7f};
    long[] b = {0x4000, 0x7f7f};
    long[] c = {0x3f80, 0};
    assertThat(Ptx.lanes("b16 b16 b16 b16", "fma.rn.bf16 d, a, b, c;", a, b, c))
        .containsExactly(0x4080, 0x7f80);
    assertThat(Ptx.lanes("b16 b16 b16", "max.bf16 d, a, b;", a, b)).containsExactly(0x4000, 0x7f7f);
    assertThat(
            Ptx.lanes(
                "b32 b32 b32",
                "min.bf16x2 d, a, b;",
                new long[] {0x3fc04000},
                new long[] {0x40003fc0}))
        .containsExactly(0x3fc03fc0);
    assertThat(Ptx.lanes("b16 b16 b16", "add.rn.bf16 d, a, b;", a, b))
        .containsExactly(0x4060, 0x7f80);
  }

  @Test
  void signs() {
    long[] a = Ptx.f32(-1, 1, -0f);
    long[] b = Ptx.f32(2, -3, 5);
    assertThat(Ptx.lanes("f32 f32 f32", "copysign.f32 d, a, b;", a, b))
        .isEqualTo(Ptx.f32(-2, 3, -5));
    assertThat(Ptx.lanes("f32 f32", "abs.f32 d, a;", a)).isEqualTo(Ptx.f32(1, 1, 0));
    assertThat(
            Ptx.lanes(
                "b32 f32",
                "testp.subnormal.f32 p, a;\nselp.b32 d, 1, 0, p;",
                Ptx.f32(1e-40f, 1, 0)))
        .containsExactly(1, 0, 0);
  }
}
