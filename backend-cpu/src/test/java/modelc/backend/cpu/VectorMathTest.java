package modelc.backend.cpu;

import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.size;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import modelc.ir.UnaryFn;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The math functions against StrictMath in double (against series in BigDecimal for erf), over
 * random bit patterns, a grid of ordinary magnitudes and special values. Errors are in units of the
 * last place of the exact result.
 */
class VectorMathTest {
  private static final Symbol N = new Symbol("n", 1 << 24);
  private static final int POINTS = 1 << 18;
  private static final double[] SPECIAL = {
    0.0,
    -0.0,
    1,
    -1,
    0.5,
    -0.5,
    2,
    -2,
    3,
    -3,
    1e-300,
    1e-45,
    -1e-45,
    1e-40,
    -1e-40,
    1e-20,
    -1e-20,
    1e10,
    -1e10,
    1e30,
    -1e30,
    88.7,
    88.8,
    89.5,
    -87.3,
    -87.4,
    -103.9,
    -104.1,
    -150,
    709.7,
    709.9,
    -744.5,
    -745.5,
    Float.MIN_VALUE,
    Float.MIN_NORMAL,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Double.MIN_VALUE,
    Double.MIN_NORMAL,
    Double.MAX_VALUE,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    Double.NaN,
    Math.PI,
    Math.PI / 2,
    22,
    0x1p28,
    0x1p29,
    0x1.8p100
  };

  @ParameterizedTest
  @CsvSource({
    "EXP, 1.0, 1.1",
    "EXPM1, 2.0, 2.3",
    "LOG, 1.0, 1.5",
    "LOG1P, 1.5, 2.0",
    "TANH, 2.5, 4.0",
    "LOGISTIC, 2.5, 3.0",
    "ERF, 1.5, 3.0",
    "SINE, 1.6, 2.5",
    "COSINE, 1.6, 2.5",
    "RSQRT, 1.5, 1.5",
    "SQRT, 0.51, 0.51"
  })
  void unaryFunctionsAreWithinTheirBounds(UnaryFn fn, double boundF32, double boundF64) {
    // The exact erf is slow.
    int share = fn == UnaryFn.ERF ? 32 : 1;
    checkUnary(fn, DType.F32, 8, POINTS / share, boundF32);
    checkUnary(fn, DType.F64, 4, POINTS / share, boundF64);
    for (int lanes : new int[] {1, 4, 16}) {
      checkUnary(fn, DType.F32, lanes, 4096 / share, boundF32);
    }
    checkUnary(fn, DType.F64, 1, 4096 / share, boundF64);
  }

  @Test
  void powersAreWithinTheirBounds() {
    for (int lanes : new int[] {1, 8}) {
      checkBinary(BinaryFn.POWER, DType.F32, lanes, POINTS, 0.51, VectorMathTest::pow);
      checkBinary(BinaryFn.POWER, DType.F64, lanes, POINTS, 2.0, VectorMathTest::pow);
    }
  }

  @Test
  void remaindersAreExact() {
    for (int lanes : new int[] {1, 8}) {
      checkBinary(BinaryFn.REMAINDER, DType.F32, lanes, 1 << 15, 0, (x, y) -> x % y);
      checkBinary(BinaryFn.REMAINDER, DType.F64, lanes, 1 << 15, 0, (x, y) -> x % y);
    }
  }

  /** Adam's bias corrections: 1 - beta^step to 1e-15 of beta^step. */
  @Test
  void powersOfDecayRatesAreExactEnoughForBiasCorrection() {
    double[] x = IntStream.range(0, 2000).mapToDouble(i -> i % 2 == 0 ? 0.9 : 0.999).toArray();
    double[] y = IntStream.range(0, 2000).mapToDouble(i -> i + 1).toArray();
    double[] z = run(binary(BinaryFn.POWER, DType.F64, 1), DType.F64, x, y);
    for (int i = 0; i < z.length; i++) {
      double exact =
          new java.math.BigDecimal(x[i]).pow(i + 1, new java.math.MathContext(40)).doubleValue();
      assertThat(Math.abs(z[i] - exact) / exact).isLessThan(4e-16);
    }
  }

  private static void checkUnary(UnaryFn fn, DType dtype, int lanes, int points, double bound) {
    double[] x = points(dtype, points, 7);
    double[] y = run(unary(fn, dtype, lanes), dtype, x);
    DoubleUnaryOperator exact = exact(fn);
    double worst = 0;
    double at = 0;
    for (int i = 0; i < x.length; i++) {
      double error = ulps(dtype, y[i], exact.applyAsDouble(x[i]));
      if (!(error <= worst)) {
        worst = error;
        at = x[i];
      }
    }
    assertThat(worst)
        .as("%s of %s, %d lanes, at %s", fn, dtype, lanes, at)
        .isLessThanOrEqualTo(bound);
  }

  private static void checkBinary(
      BinaryFn fn, DType dtype, int lanes, int points, double bound, DoubleBinaryOperator exact) {
    double[] x = points(dtype, points, 11);
    double[] y = points(dtype, points, 12);
    var random = new SplittableRandom(3);
    for (int i = 0; i < points; i++) {
      if (random.nextInt(4) == 0) {
        x[i] = SPECIAL[random.nextInt(SPECIAL.length)];
        x[i] = dtype == DType.F32 ? (float) x[i] : x[i];
      }
      if (random.nextInt(4) == 0) {
        y[i] = random.nextInt(40) - 20;
      } else if (random.nextInt(4) == 0) {
        y[i] = SPECIAL[random.nextInt(SPECIAL.length)];
        y[i] = dtype == DType.F32 ? (float) y[i] : y[i];
      }
    }
    double[] z = run(binary(fn, dtype, lanes), dtype, x, y);
    double worst = 0;
    int at = 0;
    for (int i = 0; i < x.length; i++) {
      double error = ulps(dtype, z[i], exact.applyAsDouble(x[i], y[i]));
      if (!(error <= worst)) {
        worst = error;
        at = i;
      }
    }
    assertThat(worst)
        .as("%s of %s, %d lanes, at %s, %s: %s", fn, dtype, lanes, x[at], y[at], z[at])
        .isLessThanOrEqualTo(bound);
  }

  private static DoubleUnaryOperator exact(UnaryFn fn) {
    return switch (fn) {
      case EXP -> StrictMath::exp;
      case EXPM1 -> StrictMath::expm1;
      case LOG -> StrictMath::log;
      case LOG1P -> StrictMath::log1p;
      case TANH -> StrictMath::tanh;
      case LOGISTIC ->
          x -> x >= 0 ? 1 / (1 + StrictMath.exp(-x)) : StrictMath.exp(x) / (1 + StrictMath.exp(x));
      case SINE -> StrictMath::sin;
      case COSINE -> StrictMath::cos;
      case SQRT -> StrictMath::sqrt;
      case RSQRT -> x -> 1 / StrictMath.sqrt(x);
      case ERF -> ExactErf::erf;
      case NEGATE, ABS, SIGN, FLOOR, CEIL, ROUND_NEAREST_EVEN, IS_FINITE, NOT ->
          throw new AssertionError(fn);
    };
  }

  /** C's pow where Java's differs. */
  private static double pow(double x, double y) {
    return x == 1 || x == -1 && Double.isInfinite(y) ? 1 : StrictMath.pow(x, y);
  }

  /**
   * How far {@code y} is from {@code exact}, in units of the last place of the type nearest to it.
   */
  private static double ulps(DType dtype, double y, double exact) {
    if (Double.isNaN(exact) || Double.isNaN(y)) {
      return Double.isNaN(exact) && Double.isNaN(y) ? 0 : Double.POSITIVE_INFINITY;
    }
    double rounded = dtype == DType.F32 ? (float) exact : exact;
    if (y == rounded) {
      boolean signs =
          y != 0 || Double.doubleToRawLongBits(y) == Double.doubleToRawLongBits(rounded);
      return !signs
          ? Double.POSITIVE_INFINITY
          : Double.isInfinite(y) ? 0 : Math.abs(y - exact) / ulp(dtype, exact);
    }
    return Math.abs(y - exact) / ulp(dtype, exact);
  }

  private static double ulp(DType dtype, double x) {
    return dtype == DType.F32
        ? Math.ulp((float) Math.min(Math.abs(x), Float.MAX_VALUE))
        : Math.ulp(Math.min(Math.abs(x), Double.MAX_VALUE));
  }

  private static double[] points(DType dtype, int n, long seed) {
    var random = new SplittableRandom(seed);
    DoubleStream special = DoubleStream.of(SPECIAL);
    DoubleStream patterns =
        random
            .longs(n / 2)
            .mapToDouble(
                b ->
                    dtype == DType.F32
                        ? Float.intBitsToFloat((int) b)
                        : Double.longBitsToDouble(b));
    DoubleStream ordinary =
        random
            .doubles(n - n / 2 - SPECIAL.length)
            .map(u -> (u < 0.5 ? -1 : 1) * Math.exp((Math.abs(u - 0.5) * 2 - 0.8) * 8));
    DoubleStream all = DoubleStream.concat(special, DoubleStream.concat(patterns, ordinary));
    return (dtype == DType.F32 ? all.map(x -> (float) x) : all).toArray();
  }

  private static Kernel unary(UnaryFn fn, DType dtype, int lanes) {
    var x = Buffer.global("x", dtype, Dim.of(N));
    var y = Buffer.global("y", dtype, Dim.of(N));
    var b = new LoopBuilder();
    b.loop(
        LoopKind.SERIAL,
        "i",
        index(0),
        size(Dim.of(N)),
        lanes,
        (c, i) -> c.store(y, i, new Expr.Unary(fn, load(x, i, lanes))));
    return new Kernel("f", List.of(x, y), List.of(N), b.block(), Set.of());
  }

  private static Kernel binary(BinaryFn fn, DType dtype, int lanes) {
    var x = Buffer.global("x", dtype, Dim.of(N));
    var y = Buffer.global("y", dtype, Dim.of(N));
    var z = Buffer.global("z", dtype, Dim.of(N));
    var b = new LoopBuilder();
    b.loop(
        LoopKind.SERIAL,
        "i",
        index(0),
        size(Dim.of(N)),
        lanes,
        (c, i) -> c.store(z, i, new Expr.Binary(fn, load(x, i, lanes), load(y, i, lanes))));
    return new Kernel("f", List.of(x, y, z), List.of(N), b.block(), Set.of());
  }

  private static double[] run(Kernel kernel, DType dtype, double[]... inputs) {
    try (var runner = NativeRunner.of(kernel)) {
      var arguments = new MemorySegment[inputs.length + 1];
      int n = (inputs[0].length + 15) / 16 * 16;
      for (int a = 0; a < inputs.length; a++) {
        arguments[a] = runner.allocate(dtype, n);
        for (int i = 0; i < inputs[a].length; i++) {
          if (dtype == DType.F32) {
            arguments[a].setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) inputs[a][i]);
          } else {
            arguments[a].setAtIndex(ValueLayout.JAVA_DOUBLE, i, inputs[a][i]);
          }
        }
      }
      MemorySegment out = runner.allocate(dtype, n);
      arguments[inputs.length] = out;
      runner.run(1, Map.of(N, (long) n), arguments);
      return IntStream.range(0, inputs[0].length)
          .mapToDouble(
              i ->
                  dtype == DType.F32
                      ? out.getAtIndex(ValueLayout.JAVA_FLOAT, i)
                      : out.getAtIndex(ValueLayout.JAVA_DOUBLE, i))
          .toArray();
    }
  }
}
