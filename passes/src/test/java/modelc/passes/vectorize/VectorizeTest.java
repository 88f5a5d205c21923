package modelc.passes.vectorize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopInterpreter;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.LoopParser;
import modelc.ir.loop.LoopPrinter;
import modelc.ir.loop.LoopVerifier;
import modelc.ir.loop.Memory;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.Var;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Vectorised loops compute what the scalar ones do, for trip counts around the number of lanes and
 * far from it.
 */
class VectorizeTest {
  private static final Symbol N = new Symbol("n", 100);
  private static final int[] TRIPS = {0, 1, 7, 8, 9, 13, 31, 32, 33, 67};
  private static final int[] TRIPS_OF_4 = {3, 4, 5, 19};
  private static final int[] TRIPS_OF_16 = {0, 8, 15, 16, 17, 30, 67};
  private static final int SIZE = 512;

  private static Memory floats(long seed) {
    var random = new Random(seed);
    var x = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      x[i] = random.nextFloat() * 4 - 2;
    }
    return Memory.ofFloats(x);
  }

  private static List<Memory> arguments() {
    var random = new Random(5);
    Memory doubles = Memory.undefined(DType.F64, SIZE);
    Memory permutation = Memory.undefined(DType.I32, SIZE);
    Memory flags = Memory.undefined(DType.BOOL, SIZE);
    for (int i = 0; i < SIZE; i++) {
      doubles.set(i, random.nextGaussian());
      // A bijection on 0 to 127, and on.
      permutation.set(i, i / 128 * 128 + (i * 37 + 11) % 128);
      flags.setLong(i, random.nextInt(2));
    }
    return List.of(
        floats(1),
        floats(2),
        permutation,
        flags,
        doubles,
        Memory.ofFloats(1, 2, 3, 4, 5),
        Memory.undefined(DType.F32, SIZE),
        Memory.undefined(DType.I32, SIZE),
        Memory.undefined(DType.BOOL, SIZE),
        Memory.undefined(DType.F64, SIZE));
  }

  private static Kernel kernel(String body) {
    return LoopParser.parseKernel(
        """
        kernel k(x: f32[512], w: f32[512], p: i32[512], b: bool[512], d: f64[512], five: f32[5],
                 y: f32[512], yi: i32[512], yb: bool[512], yd: f64[512]) where n <= 100 {
        %s
        }
        """
            .formatted(body));
  }

  private static List<Memory> run(Kernel k, long n) {
    List<Memory> memories = arguments();
    LoopInterpreter.run(k, memories, Map.of(N, n));
    return memories;
  }

  /**
   * Checks one kernel text for all trip counts, which stand for {@code N} in it: as a constant and
   * as a symbol.
   */
  private static void check(String body, double tolerance) {
    for (int lanes : new int[] {8, 4, 16}) {
      Kernel symbolic = kernel(body.replace("N", "n"));
      Kernel vectorised = vectorise(symbolic, lanes);
      int[] trips =
          switch (lanes) {
            case 4 -> TRIPS_OF_4;
            case 8 -> TRIPS;
            default -> TRIPS_OF_16;
          };
      for (int n : trips) {
        Kernel constant = kernel(body.replace("N", Integer.toString(n)));
        List<Memory> expected = run(symbolic, n);
        compare(expected, run(vectorised, n), tolerance, vectorised, n);
        Kernel vectorisedConstant = vectorise(constant, lanes);
        compare(expected, run(vectorisedConstant, n), tolerance, vectorisedConstant, n);
      }
    }
  }

  private static Kernel vectorise(Kernel k, int lanes) {
    Kernel v = Vectorize.run(k, lanes);
    String text = LoopPrinter.print(v);
    assertThat(LoopVerifier.problems(v)).as(text).isEmpty();
    assertThat(text).doesNotContain("vector for");
    return v;
  }

  private static void compare(
      List<Memory> expected, List<Memory> actual, double tolerance, Kernel k, long n) {
    for (int m = 0; m < expected.size(); m++) {
      for (int i = 0; i < expected.get(m).size(); i++) {
        double e = expected.get(m).get(i);
        double a = actual.get(m).get(i);
        boolean same =
            tolerance == 0 || Double.isNaN(e)
                ? Double.compare(e, a) == 0
                : Math.abs(e - a) <= tolerance;
        if (!same || expected.get(m).isDefined(i) != actual.get(m).isDefined(i)) {
          assertThat(a)
              .as("element %d of argument %d, n = %d, of\n%s", i, m, n, LoopPrinter.print(k))
              .isEqualTo(e, within(tolerance));
          assertThat(actual.get(m).isDefined(i))
              .as("defined")
              .isEqualTo(expected.get(m).isDefined(i));
        }
      }
    }
  }

  /** True when some statement has vectors: the loop was not given up. */
  private static boolean hasVectors(String body) {
    String text = LoopPrinter.print(Vectorize.run(kernel(body.replace("N", "n")), 8));
    return text.contains(" step 8 {") || text.contains(" step 32 {");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Contiguous
        "store y[%v] = load x[%v] * 2.0 + 1.0",
        "store y[%v + 3] = load x[5 + %v] - load w[%v]",
        "store y[%v] = tanh(load x[%v]) * exp(load w[%v])",
        "store y[n + %v] = load x[%v]",
        "let %i: i64 = %v + 7 store y[%i] = load x[%i * 2 - %v]",
        // Strided
        "store y[%v * 3] = load x[%v * 2 + 1]",
        "store y[99 - %v] = load x[%v]",
        "store y[%v] = load x[99 - %v]",
        "store y[%v] = load x[%v * n / 20]",
        "store y[%v] = load x[(%v * n) % 500]",
        "let %i: i64 = %v * 4 store y[%i + 1] = load x[%i + 2] store y[%i] = load x[%i]",
        // Broadcast
        "store y[%v] = load x[3]",
        "store y[%v] = 1.5",
        "store y[%v] = load x[%v] * load w[n]",
        "let %u: f32 = load x[n] let %t: f32 = %u * %u store y[%v] = %t + load w[%v]",
        // Gather and scatter
        "store y[%v] = load x[i64(load p[%v])]",
        "store y[i64(load p[%v])] = load x[%v]",
        "store y[%v] = load x[%v / 5 + %v % 5 * 20]",
        "store y[%v / 8 * 8 + 7 - %v % 8] = load x[%v]",
        "store y[%v] = load x[%v * %v % 500]",
        "store y[%v] = load x[minimum(%v, 10) + maximum(%v, 5)]",
        "store y[%v] = load x[(%v - 5) / 4 + 10] + load x[(%v - 5) % 4 + 10]",
        "store y[%v] = load x[%v / 16] + load w[%v % 16] + load w[(%v + 8) % 16] + load x[(%v + 4) / 8]",
        "store y[%v] = load x[(%v - 8) / 8 + 10] + load x[(%v * 8 - 20) / 8 + 20] + load w[(%v - 16) % 8 + 20]",
        "store y[%v] = load x[(%v * 16 + 3) / 4] + load w[%v * 8 % 24]",
        "store y[%v] = load x[select(load b[%v], %v, 3)]",
        // Values of indices
        "store y[%v] = f32(%v) store yi[%v] = i32(%v * 3) - 2i32 store yd[%v] = f64(negate(%v))",
        "let %i: i32 = i32(%v) + 5i32 store yi[%v] = %i * %i store y[i64(%i)] = 2.0",
        // Mixed element types
        "store yi[%v] = load p[%v] % 7i32 << 2i32 store y[%v] = f32(load p[%v])",
        "store yb[%v] = load x[%v] > 0.0 & not(load b[%v])",
        "store yd[%v] = load d[%v] * f64(load x[%v]) store y[%v] = f32(load d[%v])",
        "store y[%v] = select(load b[%v], load x[%v], load w[%v]) store yi[%v] = i32(load x[%v])",
        "store y[%v] = fma(load x[%v], load w[%v], 0.5) store yb[%v] = is_finite(load x[%v])",
        "store yi[%v] = load p[%v] / (load p[%v] % 3i32)",
        // Conditions
        "if %v < 5 { store y[%v] = load five[%v] }",
        "if %v < 5 { store y[%v] = load five[%v] } else { store y[%v] = load x[%v] }",
        "if load b[%v] { if load x[%v] > 0.0 { store y[%v] = 1.0 } else { store y[%v] = 2.0 } } store yi[%v] = 3i32",
        "if n > 10 { store y[%v] = load x[%v] } else { store y[%v] = 7.0 }",
        "if %v > 1000 { store y[%v] = load five[999] }",
        "if load b[%v] { let %t: f32 = load x[%v] * 2.0 store y[%v] = %t store yb[%v] = %t > 1.0 }",
        "if load b[%v] { for %j = 0 to 3 { store y[%v * 3 + %j] = load x[%j] } }",
        "store y[%v if load b[%v]] = load x[%v if load x[%v] < 0.5]",
        "store y[%v if n > 3] = load x[%v if n > 5]",
        // Local buffers and inner loops
        """
        alloc a: f32[1] register
        store a[0] = 0.0
        for %j = 0 to 4 { store a[0] = load a[0] + load x[%j * 100 + %v] }
        store y[%v] = load a[0]
        """,
        """
        alloc a: f32[2] register
        alloc c: i32[1] register
        store c[0] = 0i32
        unroll for %z = 0 to 2 { store a[%z] = -inf }
        for %j = 0 to n / 30 {
          unroll for %h = 0 to 2 { store a[%h] = maximum(load a[%h], load x[(%j * 2 + %h) * 50 + %v % 50]) }
          store c[0] = load c[0] + i32(%j)
        }
        store y[%v] = load a[0] + load a[1]
        store yi[%v] = load c[0]
        """,
        """
        alloc a: f32[1] register
        if load b[%v] { store a[0] = load x[%v] } else { store a[0] = 3.0 }
        store y[%v] = load a[0]
        """,
        """
        alloc q: f32[6] private
        for %j = 0 to 6 { store q[%j] = load x[%v + %j] }
        for %h = 0 to 6 step 2 { store y[%v * 3 + %h / 2] = load q[%h] * load q[%v % 6] }
        store q[%v % 6] = 9.0
        store yd[%v] = f64(load q[3])
        """,
        "alloc q: bool[2] private store q[0] = load b[%v] store q[1] = not(load q[0]) store yb[%v] = load q[1]",
        "{ store y[%v] = 1.0 } prefetch x[%v + 64] prefetch x[%v * %v] prefetch x[0]",
        // In place
        "store x[%v] = load x[%v] + 1.0 store x[%v] = load x[%v] * 2.0",
      })
  void elementwiseLoops(String body) {
    String loop = "vector for %v = 0 to N { " + body + " }";
    check(loop, 0);
    assertThat(hasVectors(loop)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vector for %v = 3 to N + 3 { store y[%v] = load x[%v - 3] }",
        "vector for %v = n to N + n { store y[%v] = load x[%v % 16] }",
        "vector for %v = 5 to N { store y[%v] = load x[%v] }",
        "vector for %v = -4 to N - 4 { store y[%v + 4] = load x[%v / 3 + 50] }",
        "for %c = 0 to 3 { vector for %v = %c * 16 to %c * 16 + 16 { store y[%v] = load x[%v % 16] + load w[%v / 16] } }",
        "parallel for %c = 0 to 3 { vector for %v = 0 to N { store y[%c * N + %v] = load x[%v * 3 + %c] } }",
        "parallel for %c = 0 to 3 { vector for %v = %c * N to %c * N + N { store y[%v] = load x[%v] } }",
        "parallel for %c = 0 to 4 { vector for %v = %c * 24 to minimum(%c * 24 + 24, N) { store y[%v] = load x[%v] } }",
        "vector for %u = 0 to 3 { vector for %v = 0 to N { store y[%u * N + %v] = load x[%v] } }",
        "for %c = 0 to 2 { let %o: i64 = %c * 128 vector for %v = %o to %o + N { store y[%v] = load x[%v % 64] } }",
        "if n > 5 { vector for %v = 0 to N { store y[%v] = 1.0 } } else { vector for %w = 0 to N { store y[%w] = 2.0 } }",
        "vector for %v = 0 to N { store y[%v] = 1.0 } vector for %w = 0 to N { store yi[%w] = 1i32 }",
      })
  void loopsOfAllKinds(String text) {
    check(text, 0);
    assertThat(hasVectors(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vector for %v = 0 to N { store y[0] = load x[%v] }",
        "vector for %v = 0 to N { for %j = 0 to %v { store y[%v] = load x[%j] } }",
        "vector for %v = 0 to N { let %t: f32x4 = load x[%v : 4] store y[%v] = horizontal_add(%t) }",
        "alloc q: f32[1] private store q[0] = 0.0 vector for %v = 0 to N { store q[0] = load q[0] + load x[%v] } store y[0] = load q[0]",
        "alloc r: f32[1] register store r[0] = 0.0 vector for %v = 0 to N { store r[0] = load x[%v] - load r[0] } store y[0] = load r[0]",
        "alloc r: f32[1] register store r[0] = 0.0 vector for %v = 0 to N { store r[0] = load r[0] + load x[%v] store y[%v] = load r[0] }",
        "alloc r: f32[1] register store r[0] = 0.0 vector for %v = 0 to N { store r[0] = load r[0] + load x[%v] * load r[0] } store y[0] = load r[0]",
        "alloc r: f32[1] register store r[0] = 1.0 vector for %v = 0 to N { store r[0] = load r[0] + load x[%v] store r[0] = load r[0] * 0.5 } store y[0] = load r[0]",
      })
  void loopsWithoutAVectorFormStayAsTheyAre(String text) {
    check(text, 0);
    assertThat(LoopPrinter.print(Vectorize.run(kernel(text.replace("N", "n")), 8)))
        .isEqualTo(LoopPrinter.print(kernel(text.replace("N", "n"))).replace("vector for", "for"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "store a[0] = load a[0] + load x[%v]",
        "store a[0] = load x[%v] * load w[%v] + load a[0]",
        "store a[0] = fma(load x[%v], load w[%v * 2], load a[0])",
        "let %t: f32 = load x[%v] - 0.5 store a[0] = load a[0] + %t * %t store a[1] = load a[1] + exp(%t)",
        "if load b[%v] { store a[0] = load a[0] + load x[%v] }",
        "if %v < 5 { store a[0] = load a[0] + load five[%v] } else { store a[1] = load a[1] + 1.0 }",
        "store a[0 if load b[%v]] = load a[0] + load x[%v]",
        "for %j = 0 to 3 { store a[0] = load a[0] + load x[%j * 100 + %v] }",
        "unroll for %j = 0 to 2 { store a[%j] = load a[%j] + load x[%j * 100 + %v] }",
        "let %t: f32 = load x[%v] * 2.0 store y[%v] = %t store a[1] = load a[1] + %t",
        "store a[0] = load a[0] + 1.0",
        "store a[0] = load a[0] + load x[i64(load p[%v])]",
      })
  void sums(String body) {
    String text =
        """
        alloc a: f32[2] register
        store a[0] = 1.0
        store a[1] = 2.0
        vector for %%v = 0 to N { %s }
        store y[510] = load a[0]
        store y[511] = load a[1]
        """
            .formatted(body);
    if (body.contains("if load b[%v]]")) {
      // Registers have no masks.
      assertThat(LoopVerifier.problems(kernel(text.replace("N", "n")))).isNotEmpty();
      return;
    }
    check(text, 1e-4);
    assertThat(hasVectors(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "f32 | maximum(load a[0], load x[%v]) | -inf | y",
        "f32 | minimum(load x[%v], load a[0]) | inf | y",
        "f32 | maximum(load a[0], select(%v == 12, nan, load x[%v])) | -1.0 | y",
        "i32 | load a[0] + load p[%v] | 5i32 | yi",
        "i32 | load a[0] * (load p[%v] | 1i32) | 1i32 | yi",
        "i32 | maximum(load a[0], load p[%v]) | -9i32 | yi",
        "i32 | minimum(load a[0], load p[%v]) | 999i32 | yi",
        "i32 | load a[0] & load p[%v] | -1i32 | yi",
        "i32 | load a[0] | load p[%v] | 0i32 | yi",
        "bool | load a[0] & load b[%v] | true | yb",
        "bool | load b[%v + 3] | load a[0] | false | yb",
      })
  void exactReductions(String line) {
    String[] columns =
        line.split(" \\| (?=\\S*$)|(?<=^\\w{3,4}) \\| | \\| (?=-?[\\w.]+ \\| \\w+$)");
    String text =
        """
        alloc a: %s[1] register
        store a[0] = %s
        vector for %%v = 0 to N { store a[0] = %s }
        store %s[0] = load a[0]
        """
            .formatted(columns[0], columns[2], columns[1], columns[3]);
    check(text, 0);
    assertThat(hasVectors(text)).isTrue();
  }

  @Test
  void reductionsOfI64AndF64() {
    check(
        """
        alloc a: i64[2] register
        store a[0] = -5
        store a[1] = 1000
        vector for %v = 0 to N {
          store a[0] = maximum(load a[0], i64(load p[%v]))
          store a[0] = maximum(%v, load a[0])
        }
        store yi[0] = i32(load a[0])
        vector for %w = 0 to N { store a[1] = minimum(load a[1], %w * 3 - 7) }
        store yi[1] = i32(load a[1])
        """,
        0);
    check(
        """
        alloc a: f64[1] register
        store a[0] = 0.5f64
        vector for %v = 0 to N { store a[0] = load a[0] + load d[%v] * f64(load x[%v]) }
        store yd[0] = load a[0]
        """,
        1e-12);
  }

  @Test
  void reductionsAreAFixedFunctionOfTheTripCount() {
    String text =
        """
        alloc a: f32[1] register
        store a[0] = 0.0
        vector for %v = 0 to N { store a[0] = load a[0] + load x[%v] }
        store y[0] = load a[0]
        """;
    Kernel symbolic = Vectorize.run(kernel(text.replace("N", "n")), 8);
    for (int n : TRIPS) {
      // Eight lanes, four accumulators, then pairs of accumulators and of lanes.
      float[] x = arguments().getFirst().toFloats();
      var acc = new float[4][8];
      int done = 0;
      for (; done + 32 <= n; done += 32) {
        for (int i = 0; i < 32; i++) {
          acc[i / 8][i % 8] += x[done + i];
        }
      }
      for (; done + 8 <= n; done += 8) {
        for (int i = 0; i < 8; i++) {
          acc[0][i] += x[done + i];
        }
      }
      // The tail, masked.
      for (int i = done; i < n; i++) {
        acc[0][i - done] += x[i];
      }
      var lanes = new float[8];
      for (int i = 0; i < 8; i++) {
        lanes[i] = (acc[0][i] + acc[1][i]) + (acc[2][i] + acc[3][i]);
      }
      float sum =
          ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
              + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
      assertThat(run(symbolic, n).get(6).get(0)).as("n = %d", n).isEqualTo(sum);
    }
  }

  private static String constantLoop(int trips, String body) {
    return LoopPrinter.print(
        Vectorize.run(kernel("vector for %v = 0 to " + trips + " { " + body + " }"), 8));
  }

  @Test
  void theCheapestTailIsMade() {
    // A copy in pieces, work worth one masked vector, and one by one where masks are dear and the
    // rest unknown.
    assertThat(constantLoop(15, "store y[%v] = load x[%v]"))
        .contains(
            "store y[8 : 4] = load x[8 : 4]",
            "store y[12 : 2] = load x[12 : 2]",
            "store y[14] = load x[14]");
    assertThat(constantLoop(15, "store y[%v] = tanh(load x[%v])"))
        .contains(
            "let %m: boolx8 = ramp(0, 1, 8) < splat(7, 8)",
            "store y[8 : 8 if %m] = tanh(load x[8 : 8 if %m])")
        .doesNotContain(": 4]");
    String unknown =
        LoopPrinter.print(
            Vectorize.run(kernel("vector for %v = 0 to n { store y[%v] = load x[%v] }"), 8));
    assertThat(unknown).doesNotContain(" if ").contains("for %v_1 = %v_end to n {");
    assertThat(constantLoop(6, "store y[%v] = load x[%v]")).doesNotContain("for");
  }

  @Test
  void randomIndicesAgree() {
    var random = new Random(11);
    for (int i = 0; i < 150; i++) {
      String index = index(random, 4);
      String stores =
          "store y[%v + 64 * %c] = load x[abs("
              + index
              + ") % 500] + f32("
              + index(random, 3)
              + ")";
      String lower =
          List.of("0", "%c * 8", "%c", "%c * 16 + 4", "-3 + %c * 4").get(random.nextInt(5));
      int trips = random.nextInt(40);
      String text =
          "for %%c = 0 to 3 { vector for %%v = %s to %s + %s { %s } }"
              .formatted(
                  lower,
                  lower,
                  random.nextBoolean() ? "n" : Integer.toString(trips),
                  stores.replace("[%v", "[%v + 3"));
      Kernel scalar = kernel(text);
      for (int lanes : new int[] {4, 8, 16}) {
        Kernel vectorised = vectorise(scalar, lanes);
        compare(run(scalar, trips), run(vectorised, trips), 0, vectorised, trips);
      }
    }
  }

  private static String index(Random r, int depth) {
    if (depth == 0 || r.nextInt(6) == 0) {
      return List.of("%v", "%v", "%c", "n", "3", "16").get(r.nextInt(6));
    }
    String x = index(r, depth - 1);
    String y = index(r, depth - 1);
    return switch (r.nextInt(7)) {
      case 0, 1 -> "(" + x + " + " + y + ")";
      case 2 -> "(" + x + " - " + y + ")";
      case 3 -> "(" + x + " * " + (1 + r.nextInt(20)) + ")";
      case 4 -> "(" + x + " / " + List.of(1, 2, 4, 5, 8, 16, 24).get(r.nextInt(7)) + ")";
      case 5 -> "(" + x + " % " + List.of(1, 2, 4, 5, 8, 16, 24).get(r.nextInt(7)) + ")";
      default -> "minimum(" + x + ", " + y + ")";
    };
  }

  // The utilities

  private static final Buffer X = Buffer.global("x", DType.F32, Dim.of(64));
  private static final Buffer Y = Buffer.global("y", DType.F32, Dim.of(64));

  private static float[] runUtility(LoopBuilder b) {
    var k = new Kernel("k", List.of(X, Y), List.of(), b.block(), Set.of());
    assertThat(LoopVerifier.problems(k)).isEmpty();
    var x = new float[64];
    for (int i = 0; i < 64; i++) {
      x[i] = i;
    }
    Memory y = Memory.ofFloats(new float[64]);
    LoopInterpreter.run(k, List.of(Memory.ofFloats(x), y), Map.of());
    return y.toFloats();
  }

  @Test
  void oneExpressionIsVectorised() {
    var v = Var.index("v");
    Expr scalar =
        new Expr.Binary(
            modelc.ir.BinaryFn.MULTIPLY,
            LoopBuilder.load(X, LoopBuilder.add(new Expr.VarRef(v), LoopBuilder.index(2))),
            LoopBuilder.load(X, LoopBuilder.index(3)));
    Expr vector = Vectorize.expr(scalar, v, LoopBuilder.index(16), 4);
    assertThat(LoopPrinter.print(vector)).isEqualTo("load x[18 : 4] * splat(load x[3], 4)");
    var b = new LoopBuilder();
    b.store(Y, LoopBuilder.index(0), vector);
    assertThat(runUtility(b)).startsWith(54, 57, 60, 63, 0);
    // What does not depend on the variable becomes a vector all the same.
    assertThat(LoopPrinter.print(Vectorize.expr(LoopBuilder.f32(1), v, LoopBuilder.index(0), 4)))
        .isEqualTo("splat(1.0, 4)");
  }

  @Test
  void statementsAreVectorisedSeveralTimesAndMasked() {
    var v = Var.index("v0");
    var inner = new LoopBuilder();
    Expr t = new Expr.VarRef(new Var("t1", DType.F32, 1));
    inner.emit(new Stmt.Let(new Var("t1", DType.F32, 1), LoopBuilder.load(X, new Expr.VarRef(v))));
    inner.store(Y, new Expr.VarRef(v), LoopBuilder.add(t, t));
    var b = new LoopBuilder();
    b.loop(
        LoopKind.SERIAL,
        "i",
        LoopBuilder.index(2),
        (c, i) -> {
          Expr base = LoopBuilder.mul(i, LoopBuilder.index(8));
          Vectorize.stmts(c, inner.block(), v, base, 4, Optional.empty());
          Expr exists =
              LoopBuilder.lt(
                  new Expr.Ramp(LoopBuilder.index(0), LoopBuilder.index(1), 4),
                  LoopBuilder.splat(LoopBuilder.index(3), 4));
          Vectorize.stmts(
              c,
              inner.block(),
              v,
              LoopBuilder.add(base, LoopBuilder.index(4)),
              4,
              Optional.of(exists));
        });
    assertThat(runUtility(b)).startsWith(0, 2, 4, 6, 8, 10, 12, 0, 16, 18, 20, 22, 24, 26, 28, 0);
  }

  @Test
  void whatHasNoVectorFormIsRefused() {
    var v = Var.index("v");
    var b = new LoopBuilder();
    var body = new ArrayList<Stmt>();
    body.add(
        new Stmt.Store(
            Y, LoopBuilder.index(0), LoopBuilder.load(X, new Expr.VarRef(v)), Optional.empty()));
    assertThatThrownBy(
            () ->
                Vectorize.stmts(
                    b, new Stmt.Block(body), v, LoopBuilder.index(0), 4, Optional.empty()))
        .isInstanceOf(NotVectorizableException.class)
        .hasMessage("all lanes write one element of y");
    assertThat(b.block().body()).isEmpty();
  }
}
