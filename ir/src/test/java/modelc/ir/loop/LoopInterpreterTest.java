package modelc.ir.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import modelc.ir.DType;
import modelc.ir.Symbol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Loop IR computes, form by form, and that every check of the interpreter fires. */
class LoopInterpreterTest {
  private static final Symbol BATCH = new Symbol("batch", 8);

  /** The value of an expression of that type; %n is lane numbers 0 to 7 as i64. */
  private static double[] eval(String type, int lanes, String e) {
    String vector = lanes == 1 ? type : type + "x" + lanes;
    String at = lanes == 1 ? "0" : "0 : " + lanes;
    Kernel k =
        LoopParser.parseKernel(
            """
            kernel k(x: f32[8], n: i32[8], y: %s[%d]) where batch <= 8 {
              let %%n: i64x8 = ramp(0, 1, 8)
              let %%v: %s = %s
              store y[%s] = %%v
            }
            """
                .formatted(type, lanes, vector, e, at));
    Memory y = Memory.undefined(DType.parse(type), lanes);
    Memory x = Memory.ofFloats(0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f, 6.5f, 7.5f);
    Memory n = Memory.ofInts(7, 6, 5, 4, 3, 2, 1, 0);
    LoopInterpreter.run(k, List.of(x, n, y), Map.of(BATCH, 5L));
    return y.toDoubles();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "f32 ; 0.1 + 0.2 ; 0.30000001192092896",
        "f64 ; 0.1f64 + 0.2f64 ; 0.30000000000000004",
        "f32 ; 16777216.0 + 1.0 ; 16777216",
        "f32 ; 1.0 - 2.5 ; -1.5",
        "f32 ; 3.0 * -0.5 ; -1.5",
        "f32 ; 1.0 / 3.0 ; 0.3333333432674408",
        "f32 ; -7.5 % 2.0 ; -1.5",
        "f32 ; power(2.0, 0.5) ; 1.4142135381698608",
        "f32 ; power(1.0, nan) ; 1",
        "f32 ; maximum(1.0, nan) ; NaN",
        "f32 ; minimum(-inf, 1.0) ; -Infinity",
        // Once rounded, 1 - 2^-24 + 2^-48 would be 1 - 2^-24 and the difference 0.
        "f32 ; fma(0.99999994, 0.99999994, -0.9999999) ; 3.552713678800501E-15",
        "f32 ; negate(2.0) ; -2",
        "f32 ; abs(-2.0) ; 2",
        "f32 ; sign(-2.0) ; -1",
        "f32 ; exp(1.0) ; 2.7182817459106445",
        "f32 ; expm1(1.0E-10) ; 1.000000013351432E-10",
        "f32 ; log(2.0) ; 0.6931471824645996",
        "f32 ; log1p(1.0E-10) ; 1.000000013351432E-10",
        "f32 ; sqrt(2.0) ; 1.4142135381698608",
        "f32 ; rsqrt(4.0) ; 0.5",
        "f32 ; tanh(0.5) ; 0.46211716532707214",
        "f32 ; logistic(0.0) ; 0.5",
        "f32 ; erf(0.5) ; 0.5204998850822449",
        "f64 ; exp(1.0f64) ; 2.718281828459045",
        "f32 ; sine(1.0) ; 0.8414709568023682",
        "f32 ; cosine(1.0) ; 0.5403022766113281",
        "f32 ; floor(-1.5) ; -2",
        "f32 ; ceil(-1.5) ; -1",
        "f32 ; round_nearest_even(2.5) ; 2",
        "bool ; is_finite(inf) ; 0",
        "bool ; is_finite(1.0) ; 1",
        "i32 ; 2147483647i32 + 1i32 ; -2147483648",
        "i32 ; negate(-2147483648i32) ; -2147483648",
        "i32 ; -7i32 / 2i32 ; -3",
        "i32 ; -7i32 % 2i32 ; -1",
        "i32 ; 7i32 / 0i32 ; -1",
        "i32 ; 7i32 % 0i32 ; 7",
        "i32 ; abs(-7i32) ; 7",
        "i32 ; sign(-7i32) ; -1",
        "i32 ; not(5i32) ; -6",
        "i32 ; power(3i32, 4i32) ; 81",
        "i32 ; 6i32 & 3i32 ; 2",
        "i32 ; 6i32 | 3i32 ; 7",
        "i32 ; 6i32 ^ 3i32 ; 5",
        "i32 ; 1i32 << 31i32 ; -2147483648",
        "i32 ; 1i32 << 32i32 ; 0",
        "i32 ; -1i32 >>> 28i32 ; 15",
        "i64 ; 1 << 40 ; 1099511627776",
        "i64 ; -1 >>> 60 ; 15",
        "i64 ; maximum(3, 5) * minimum(3, 5) ; 15",
        "i64 ; batch * 2 - 3 ; 7",
        "bool ; not(true) ; 0",
        "bool ; true & false ; 0",
        "bool ; true ^ false ; 1",
        "bool ; 1 < 2 ; 1",
        "bool ; 2 <= 1 ; 0",
        "bool ; 1.0 == nan ; 0",
        "bool ; 1.0 != nan ; 1",
        "bool ; 2 > 1 ; 1",
        "bool ; 2.0 >= 2.0 ; 1",
        "f32 ; select(1 < 2, 3.0, 4.0) ; 3",
        "i64 ; select(1 > 2, 3, 4) ; 4",
        "i32 ; i32(-1.9) ; -1",
        "i32 ; i32(nan) ; 0",
        "i32 ; i32(1.0E10) ; 2147483647",
        "i32 ; i32(4294967297) ; 1",
        "i64 ; i64(-3i32) ; -3",
        "bool ; bool(0.5) ; 1",
        "f32 ; f32(true) ; 1",
        "f32 ; f32(0.1f64) ; 0.10000000149011612",
        "f64 ; f64(0.1) ; 0.10000000149011612",
        // Rounded twice, by way of f64, it would be 9007199791611904.
        "f32 ; f32((1 << 53) + (1 << 29) + 1) ; 9007200328482816",
        "f32 ; load x[3] ; 3.5",
        "f32 ; load x[99 if false] ; 0",
        "f32 ; load x[3 if true] ; 3.5",
        "i32 ; load n[3] ; 4",
        "f32 ; lane(load x[2 : 4], 3) ; 5.5",
        "i64 ; lane(%n, 3) ; 3",
        "f32 ; horizontal_add(load x[0 : 8]) ; 32",
        // Pairwise, (1e8 + 1) + (-1e8 + 1), where left to right would be 1.
        "f32 ; horizontal_add(select(ramp(0, 1, 4) == splat(0, 4), splat(1.0E8, 4), select(ramp(0, 1, 4) == splat(1, 4), splat(-1.0E8, 4), splat(1.0, 4)))) ; 0",
        "f32 ; horizontal_multiply(load x[0 : 4]) ; 6.5625",
        "f32 ; horizontal_maximum(load x[0 : 8]) ; 7.5",
        "f32 ; horizontal_minimum(load x[0 : 8]) ; 0.5",
        "i64 ; horizontal_add(%n) ; 28",
        "bool ; horizontal_and(%n < splat(7, 8)) ; 0",
        "bool ; horizontal_or(%n < splat(1, 8)) ; 1",
      })
  void scalarExpressions(String type, String e, double expected) {
    assertThat(Double.valueOf(eval(type, 1, e)[0])).isEqualTo(Double.valueOf(expected));
  }

  @Test
  void vectorExpressions() {
    assertThat(eval("f32", 8, "load x[0 : 8] * splat(2.0, 8) + f32(%n)"))
        .containsExactly(1, 4, 7, 10, 13, 16, 19, 22);
    assertThat(eval("f32", 4, "load x[ramp(7, -2, 4)]")).containsExactly(7.5, 5.5, 3.5, 1.5);
    assertThat(eval("f32", 8, "load x[i64(load n[0 : 8])]"))
        .containsExactly(7.5, 6.5, 5.5, 4.5, 3.5, 2.5, 1.5, 0.5);
    assertThat(eval("f32", 8, "load x[%n * splat(2, 8) if %n < splat(4, 8)]"))
        .containsExactly(0.5, 2.5, 4.5, 6.5, 0, 0, 0, 0);
    assertThat(eval("f32", 8, "load x[4 : 8 if %n < splat(4, 8)]"))
        .containsExactly(4.5, 5.5, 6.5, 7.5, 0, 0, 0, 0);
    assertThat(eval("i32", 8, "load n[0 : 8] - splat(1i32, 8)"))
        .containsExactly(6, 5, 4, 3, 2, 1, 0, -1);
    assertThat(eval("i32", 4, "ramp(2147483647i32, 1i32, 4)"))
        .containsExactly(2147483647, -2147483648, -2147483647, -2147483646);
    assertThat(eval("i64", 8, "select(%n % splat(2, 8) == splat(0, 8), %n, negate(%n))"))
        .containsExactly(0, -1, 2, -3, 4, -5, 6, -7);
    assertThat(
            eval("f32", 4, "select(load x[0 : 4] > splat(2.0, 4), splat(1.0, 4), splat(0.0, 4))"))
        .containsExactly(0, 0, 1, 1);
    assertThat(eval("f32", 4, "fma(load x[0 : 4], splat(2.0, 4), splat(-1.0, 4))"))
        .containsExactly(0, 2, 4, 6);
    assertThat(eval("f64", 4, "exp(f64(load x[0 : 4]))"))
        .satisfies(v -> assertThat(v[1]).isEqualTo(Math.exp(1.5)));
    assertThat(eval("f32", 4, "f32(splat(0.1f64, 4))")).containsOnly(0.1f);
    assertThat(eval("bool", 4, "is_finite(splat(nan, 4))")).containsOnly(0);
    assertThat(eval("bool", 4, "not(load x[0 : 4] < splat(2.0, 4))")).containsExactly(0, 0, 1, 1);
    assertThat(eval("i32", 4, "i32(load x[0 : 4])")).containsExactly(0, 1, 2, 3);
    assertThat(eval("i32", 8, "i32(%n)")).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
  }

  private static Memory run(String body, int size) {
    Memory y = Memory.undefined(DType.F32, size);
    run(body, y);
    return y;
  }

  private static void run(String body, Memory y) {
    Kernel k =
        LoopParser.parseKernel(
            "kernel k(x: f32[4], y: f32[%d]) where batch <= 8 { %s }".formatted(y.size(), body));
    LoopInterpreter.run(k, List.of(Memory.ofFloats(1, 2, 3, 4), y), Map.of(BATCH, 5L));
  }

  @Test
  void statements() {
    assertThat(run("for %i = 1 to 8 step 3 { store y[%i / 3] = f32(%i) }", 3).toFloats())
        .containsExactly(1, 4, 7);
    assertThat(run("for %i = 3 to 1 { store y[9] = 0.0 }", 1).isDefined(0)).isFalse();
    assertThat(
            run(
                    "unroll for %i = 0 to 2 { vector for %j = 0 to 2 { store y[%i * 2 + %j] = f32(%j) } }",
                    4)
                .toFloats())
        .containsExactly(0, 1, 0, 1);
    assertThat(
            run(
                    "parallel for %i = 0 to 3 { if %i < 2 { store y[%i] = 1.0 } else { store y[%i] = 2.0 } }",
                    3)
                .toFloats())
        .containsExactly(1, 1, 2);
    assertThat(
            run("let %a: f32 = 1.5 let %b: f32 = %a + %a store y[0] = %b prefetch y[-99]", 1)
                .toFloats())
        .containsExactly(3);
    assertThat(
            run(
                    """
                    alloc p: f32[4] private
                    store p[0 : 4] = load x[0 : 4]
                    alloc r: f32x4[2] register
                    unroll for %i = 0 to 2 { store r[%i] = load p[0 : 4] * splat(f32(%i), 4) }
                    store y[0 : 4] = load r[1]
                    store y[ramp(7, -1, 4)] = load r[0] + load r[1]
                    """,
                    8)
                .toFloats())
        .containsExactly(1, 2, 3, 4, 4, 3, 2, 1);
    assertThat(
            run(
                    "store y[0 : 4] = splat(9.0, 4) store y[0 : 4 if ramp(0, 1, 4) < splat(2, 4)] = load x[0 : 4]",
                    4)
                .toFloats())
        .containsExactly(1, 2, 9, 9);
    assertThat(run("store y[0] = 1.0 store y[7 if false] = 2.0", 1).toFloats()).containsExactly(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "store y[4] = 1.0 | kernel k: store y[4] = 1.0: index 4 is out of bounds of y, which has 4 elements",
        "store y[-1] = 1.0 | index -1 is out of bounds of y",
        "store y[0] = load x[4] | index 4 is out of bounds of x",
        "store y[1 : 4] = splat(1.0, 4) | index 4 is out of bounds of y",
        "store y[0 : 4] = load x[ramp(0, 2, 4)] | index 4 is out of bounds of x",
        "store y[ramp(3, -2, 4)] = splat(1.0, 4) | index -1 is out of bounds of y",
        "for %i = 0 to batch { store y[%i] = 1.0 } | out of bounds of y, which has 4 elements, where %i = 4",
        "alloc r: f32x4[2] register store r[2] = splat(1.0, 4) | index 2 is out of bounds of r, which has 2 elements",
        "alloc p: f32[2] private store p[2] = 1.0 | index 2 is out of bounds of p",
        "store y[0] = load y[1] | reads y[1], which was never written",
        "store y[0] = 1.0 store x[0 : 2] = load y[0 : 2] | reads y[1], which was never written",
        "alloc p: f32[2] private store p[0] = 1.0 store y[0] = load p[1] | reads p[1], which was never written",
        "for %i = 0 to 2 { alloc p: f32[1] private if %i == 0 { store p[0] = 1.0 } store y[%i] = load p[0] } | reads p[0], which was never written, where %i = 1",
        "parallel for %i = 0 to 4 { store y[0] = 1.0 } | race: iteration 1 of %i writes y[0], written by iteration 0 of %i with no barrier between, where %i = 1",
        "parallel for %i = 0 to 4 { store y[%i] = load x[%i] store x[3 - %i] = 0.0 } | race: iteration 2 of %i reads x[2], written by iteration 1 of %i",
        "parallel for %i = 0 to 4 { store x[%i] = 0.0 store y[%i] = load x[3 - %i] } | race: iteration 2 of %i writes x[2], read by iteration 1 of %i",
        "parallel for %i = 0 to 4 { store y[%i] = load x[0] if %i == 3 { store x[0] = 0.0 } } | race: iteration 3 of %i writes x[0], read by several",
        "let %a: f32 = load x[0] parallel for %i = 0 to 1 { store x[0] = %a } | race: iteration 0 of %i writes x[0], read by all threads in k",
        "alloc p: f32[1] private parallel for %i = 0 to 2 { if %i == 0 { store p[0] = 1.0 } store y[%i] = load p[0] } | race: iteration 1 of %i reads p[0], written by iteration 0 of %i",
      })
  void brokenChecksAreReported(String body, String message) {
    assertThatThrownBy(() -> run(body, 4))
        .isInstanceOf(LoopCheckException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Reading together, and each its own scratch memory.
        "parallel for %i = 0 to 4 { store y[%i] = load x[0] + load x[%i] }",
        "parallel for %i = 0 to 4 { store y[%i] = load x[%i] store y[%i] = load y[%i] }",
        "alloc p: f32[1] private parallel for %i = 0 to 2 { store p[0] = 1.0 store y[%i] = load p[0] }",
        "alloc p: f32[1] private store p[0] = 1.0 parallel for %i = 0 to 2 { store y[%i] = load p[0] }",
        "for %i = 0 to 4 { store y[0] = load x[%i] }",
      })
  void fixedOrdersAreNoRaces(String body) {
    run(body, 4);
  }

  @Test
  void boundsAreThoseOfThisRun() {
    Kernel k =
        LoopParser.parseKernel("kernel k(y: f32[2*batch]) where batch <= 8 { store y[6] = 1.0 }");
    Memory y = Memory.undefined(DType.F32, 16);
    assertThatThrownBy(() -> LoopInterpreter.run(k, List.of(y), Map.of(BATCH, 3L)))
        .hasMessageContaining("index 6 is out of bounds of y, which has 6 elements");
    LoopInterpreter.run(k, List.of(y), Map.of(BATCH, 4L));
    assertThat(y.get(6)).isEqualTo(1);
  }

  @Test
  void argumentsAndSymbolsAreChecked() {
    Kernel k = LoopParser.parseKernel("kernel k(y: f32[2*batch]) where batch <= 8 { }");
    var y = List.of(Memory.undefined(DType.F32, 4));
    assertThatThrownBy(() -> LoopInterpreter.run(k, y, Map.of(BATCH, 3L)))
        .hasMessage("y is f32[6], not f32[4]");
    assertThatThrownBy(() -> LoopInterpreter.run(k, y, Map.of(BATCH, 9L)))
        .hasMessage("symbol batch is 9, not in 0 to 8");
    assertThatThrownBy(() -> LoopInterpreter.run(k, y, Map.of()))
        .hasMessageContaining("symbol batch is null");
    assertThatThrownBy(() -> LoopInterpreter.run(k, List.of(), Map.of(BATCH, 1L)))
        .hasMessage("k takes 1 arguments, not 0");
    assertThatThrownBy(
            () ->
                LoopInterpreter.run(
                    LoopParser.parseKernel("kernel k() { barrier }"), List.of(), Map.of()))
        .isInstanceOf(InvalidLoopException.class);
  }

  private static final String KERNELS =
      """
      kernel double(x: f32[4], y: f32[4]) {
        parallel for %i = 0 to 4 {
          store y[%i] = load x[%i] * 2.0
        }
      }
      kernel reverse(x: f32[4], y: f32[4]) {
        parallel for %i = 0 to 4 {
          store y[%i] = load x[3 - %i]
        }
      }
      kernel alone(x: f32[4], y: f32[4]) {
        for %i = 0 to 4 {
          store y[%i] = load x[%i] + 1.0
        }
      }
      kernel round(x: f32[4], y: i32[4]) {
        for %i = 0 to 4 {
          store y[%i] = i32(load x[%i])
        }
      }
      kernel bits(x: i32[4], y: bool[4]) {
        for %i = 0 to 4 {
          store y[%i] = load x[%i] > 2i32
        }
      }
      entry e(a: f32[4], b: f32[4], c: bool[4]) {
        arena 512
      """;

  private static List<Memory> entry(String launches) {
    var arguments =
        List.of(
            Memory.ofFloats(1, 2, 3, 4),
            Memory.undefined(DType.F32, 4),
            Memory.undefined(DType.BOOL, 4));
    LoopInterpreter.run(LoopParser.parseEntry(KERNELS + launches + "\n}"), arguments, Map.of());
    return arguments;
  }

  @Test
  void launchesShareTheArena() {
    assertThat(
            entry(
                    """
                    split launch double(a, arena[0])
                    barrier split launch reverse(arena[0], arena[64])
                    barrier launch alone(arena[64], b)
                    launch round(b, arena[0])
                    launch bits(arena[0], c)
                    """)
                .get(1)
                .toFloats())
        .containsExactly(9, 7, 5, 3);
    assertThat(entry("launch round(a, arena[128]) launch bits(arena[128], c)").get(2).toDoubles())
        .containsExactly(0, 0, 1, 1);
    // In place: an iteration reads an element before it writes it.
    assertThat(entry("split launch double(a, a) split launch double(a, b)").get(1).toFloats())
        .containsExactly(4, 8, 12, 16);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "launch alone(arena[0], b) | reads x[0], which was never written",
        "launch round(a, arena[0]) launch alone(arena[0], b) | reads x[0], which was last written as another type",
        "launch bits(arena[0], c) | reads x[0], which was never written",
        "launch alone(a, arena[0]) launch bits(arena[0], c) | reads x[0], which was last written as another type",
        "split launch double(a, arena[0]) split launch reverse(arena[0], b) | race: iteration 0 of %i reads x[3], written by iteration 3 of %i",
        "split launch double(a, arena[0]) launch alone(arena[0], b) | race: thread 0 in alone reads x[0], written by iteration 0 of %i",
        "launch alone(a, arena[0]) split launch double(arena[0], b) | race: iteration 0 of %i reads x[0], written by thread 0 in alone",
        "split launch reverse(a, b) split launch double(b, a) | race: iteration 0 of %i writes y[0], read by iteration 3 of %i",
        "split launch reverse(a, a) | race: iteration 2 of %i reads x[1], written by iteration 1 of %i",
      })
  void brokenPlansAreReported(String launches, String message) {
    assertThatThrownBy(() -> entry(launches))
        .isInstanceOf(LoopCheckException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aBufferThatOverlapsAnotherDestroysIt() {
    String text =
        """
        kernel fill(y: f32[32]) { for %i = 0 to 32 { store y[%i] = 1.0 } }
        kernel sum(x: f32[32], y: f32[1]) { for %i = 0 to 32 { store y[0] = load x[%i] } }
        entry e(y: f32[1]) {
          arena 192
          launch fill(arena[0])
          launch fill(arena[64])
          launch sum(arena[0], y)
        }
        """;
    assertThatThrownBy(
            () ->
                LoopInterpreter.run(
                    LoopParser.parseEntry(text), List.of(Memory.undefined(DType.F32, 1)), Map.of()))
        .hasMessageContaining(
            "reads x[16], which was last written through a buffer at another place of the arena");
  }

  @Test
  void launchesThatAreNotSplitFollowEachOther() {
    assertThat(
            entry(
                    "launch double(a, arena[0]) launch reverse(arena[0], arena[64]) launch double(arena[64], b)")
                .get(1)
                .toFloats())
        .containsExactly(16, 12, 8, 4);
    // But iterations are independent all the same.
    assertThatThrownBy(() -> entry("launch reverse(a, a)"))
        .hasMessageContaining("race: iteration 2 of %i");
  }

  @Test
  void memoryHoldsElementsAsTheMachineDoes() {
    assertThat(Memory.of(DType.F32, 0.1).get(0)).isEqualTo(0.1f);
    assertThat(Memory.of(DType.I32, 1e10, -1.9).toDoubles()).containsExactly(2147483647, -1);
    assertThat(Memory.ofLongs(Long.MAX_VALUE).getLong(0)).isEqualTo(Long.MAX_VALUE);
    assertThat(Memory.ofBooleans(true, false).getLong(0)).isEqualTo(1);
    assertThat(Memory.ofDoubles(0.1).get(0)).isEqualTo(0.1);
    Memory m = Memory.undefined(DType.I32, 2);
    m.setLong(0, 1L << 32 | 5);
    assertThat(m.getLong(0)).isEqualTo(5);
    assertThat(m.isDefined(0)).isTrue();
    assertThat(m.isDefined(1)).isFalse();
    Memory copy = m.copy();
    m.setLong(0, 7);
    assertThat(copy.getLong(0)).isEqualTo(5);
    assertThat(copy.isDefined(1)).isFalse();
    assertThatThrownBy(() -> m.get(2)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> Memory.ofFloats(1).getLong(0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aMillionStatementsTakeSecondsAtMost() {
    Kernel k =
        LoopParser.parseKernel(
            """
            kernel gemm(a: f32[10000], b: f32[10000], c: f32[10000]) {
              parallel for %i = 0 to 100 {
                for %j = 0 to 100 {
                  alloc acc: f32[1] register
                  store acc[0] = 0.0
                  for %k = 0 to 100 {
                    store acc[0] = fma(load a[%i * 100 + %k], load b[%k * 100 + %j], load acc[0])
                  }
                  store c[%i * 100 + %j] = load acc[0]
                }
              }
            }
            """);
    var ones = new float[10000];
    java.util.Arrays.fill(ones, 1);
    Memory c = Memory.undefined(DType.F32, 10000);
    long start = System.nanoTime();
    LoopInterpreter.run(k, List.of(Memory.ofFloats(ones), Memory.ofFloats(ones), c), Map.of());
    double seconds = (System.nanoTime() - start) / 1e9;
    assertThat(c.get(9999)).isEqualTo(100, within(0.0));
    // Far more than it needs (0.2 s), for machines that are busy.
    assertThat(seconds).isLessThan(10);
  }
}
