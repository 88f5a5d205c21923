package modelc.ir.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Origin;
import modelc.ir.ParseException;
import modelc.ir.ReduceFn;
import modelc.ir.Role;
import modelc.ir.Span;
import modelc.ir.Symbol;
import modelc.ir.UnaryFn;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text forms: what they look like, and that reading and writing them are inverse. */
class LoopTextTest {
  static final String EVERY_STATEMENT =
      """
      kernel every(x: f32[784*batch], idx: i32[batch], y: f32[10*batch*time]) where batch <= 64, time <= 7
          from backward "" at "lenet.model":4:5-4:20, "<std>/layers.model":1:2-3:4
          from forward "stage[2].fc1"
      {
        parallel for %i0 = 0 to batch {
          alloc acc: f32x8[12] register
          alloc row: f32[64] private
          unroll for %u = 0 to 12 {
            store acc[%u] = splat(0.0, 8)
          }
          for %k = %i0 * 4 to minimum(%i0 * 4 + 64, 784 * batch) step 8 {
            let %b0: f32x8 = load x[%k * 16 + 3 : 8]
            let %m: boolx8 = ramp(%k, 1, 8) < splat(batch, 8)
            let %g: f32x8 = load x[ramp(%k, 16, 8) if %m]
            store acc[0] = fma(%b0, %g, load acc[0])
            store y[%k : 8 if %m] = %b0
            store y[ramp(%k, 2, 8)] = %g
            prefetch x[%k + 64]
          }
          if i64(load idx[%i0]) == 3 {
            store y[%i0] = horizontal_add(load acc[0])
          } else {
            store y[%i0] = lane(load acc[1], 7) - (0.5 - -2.0E-9)
          }
          {
            let %t: f64 = f64(load row[0]) * 0.1f64 + -inff64
            store row[1] = f32(%t)
          }
          vector for %v = 0 to time {
            store y[%v] = select(true & (1 < 2) == false, logistic(load x[%v]), power(inf, nan))
          }
        }
      }
      """;

  static final String GPU =
      """
      kernel gpu(y: f32[64]) {
        grid_x for %b = 0 to 2 {
          grid_y for %c = 0 to 1 {
            alloc s: f32[32] shared
            thread_x for %t = 0 to 32 {
              store s[%t] = 1.0
              barrier
              copy s[%t * 2 : 2] = y[%t * 4 : 2 if %t < 16]
              copy s[0] = y[0]
              commit_copies
              await_copies 1
              alloc acc: f32[8] register
              mma_tf32(1.0, 2.0, 3.0, 4.0) * (load y[%t], -1.0) to acc[4]
              store y[%b * 32 + %t] = warp_shuffle_xor(load s[31 - %t], 16)
            }
          }
        }
      }
      """;

  @ParameterizedTest
  @ValueSource(strings = {EVERY_STATEMENT, GPU})
  void textOfKernelsRoundTrips(String text) {
    Kernel k = LoopParser.parseKernel(text);
    assertThat(LoopPrinter.print(k)).isEqualTo(text);
    assertThat(LoopParser.parseKernel(LoopPrinter.print(k))).isEqualTo(k);
  }

  @Test
  void originsAreRead() {
    assertThat(LoopParser.parseKernel(EVERY_STATEMENT).origins())
        .containsExactlyInAnyOrder(
            new Origin("stage[2].fc1", List.of(), Role.FORWARD),
            new Origin(
                "",
                List.of(
                    new Span("lenet.model", 4, 5, 4, 20),
                    new Span("<std>/layers.model", 1, 2, 3, 4)),
                Role.BACKWARD));
  }

  private static final String PROGRAM =
      """
      loops "my \\"net\\""

      kernel copy(x: f32[batch], y: f32[batch]) where batch <= 4 {
        for %i = 0 to batch {
          store y[%i] = load x[%i]
        }
      }

      entry infer(x: f32[batch], "2 y": f32[batch]) where batch <= 4 {
        arena 64
        split launch copy(x, arena[0])
        barrier split launch copy(arena[0], "2 y")
      }

      entry twice(a: f32[batch], a: f32[batch]) where batch <= 4 {
        arena 0
        launch copy(#0, #1)
      }
      """;

  @Test
  void textOfProgramsRoundTrips() {
    LoopProgram p = LoopParser.parseProgram(PROGRAM);
    assertThat(LoopPrinter.print(p)).isEqualTo(PROGRAM);
    assertThat(p.entries().get(1).launches().getFirst().kernel())
        .isSameAs(p.entries().get(0).launches().getFirst().kernel());
    LoopEntry e = p.entries().getFirst();
    assertThat(LoopParser.parseEntry(LoopPrinter.print(e))).isEqualTo(e);
  }

  @Test
  void randomExpressionsRoundTripExactly() {
    var random = new Random(7);
    var x = Buffer.global("x", DType.F32, Dim.of(9));
    for (int i = 0; i < 300; i++) {
      Expr e = expression(random, 5, x);
      var k =
          new Kernel(
              "k",
              List.of(x),
              List.of(new Symbol("n", 9)),
              new Stmt.Block(List.of(new Stmt.Let(new Var("v", e.dtype(), e.lanes()), e))),
              Set.of());
      assertThat(LoopParser.parseKernel(LoopPrinter.print(k))).isEqualTo(k);
    }
  }

  private static <T> T one(Random r, T[] of) {
    return of[r.nextInt(of.length)];
  }

  /** Of any nesting; well-typed enough for the text form, which does not check. */
  private static Expr expression(Random r, int depth, Buffer x) {
    if (depth == 0) {
      return switch (r.nextInt(5)) {
        case 0 -> new Expr.Const(DType.I64, r.nextInt(20) - 10);
        case 1 -> new Expr.Const(DType.F32, r.nextFloat() - 0.5f);
        case 2 -> new Expr.Const(DType.F64, r.nextGaussian() * 1e-300);
        case 3 -> new Expr.Const(DType.I32, r.nextInt());
        default -> new Expr.Size(new Symbol("n", 9));
      };
    }
    Expr a = expression(r, r.nextInt(depth), x);
    Expr b = expression(r, r.nextInt(depth), x);
    return switch (r.nextInt(12)) {
      case 0 -> new Expr.Unary(one(r, UnaryFn.values()), a);
      case 1, 2, 3, 4 -> new Expr.Binary(one(r, BinaryFn.values()), a, b);
      case 5 -> new Expr.Fma(a, b, a);
      case 6, 7 -> new Expr.Compare(one(r, CompareFn.values()), a, b);
      case 8 -> new Expr.Select(a, b, a);
      case 9 -> new Expr.Convert(one(r, DType.values()), a);
      case 10 -> new Expr.Horizontal(one(r, ReduceFn.values()), new Expr.Splat(a, 4));
      default ->
          new Expr.Load(
              x, a, 1 + r.nextInt(3), r.nextBoolean() ? Optional.of(b) : Optional.empty());
    };
  }

  @Test
  void messagesSayWhere() {
    var cases = new ArrayList<List<String>>();
    cases.add(List.of("kernel k() { store x[0] = 1 }", "1:20: there is no buffer 'x'"));
    cases.add(List.of("kernel k() {\n  let %a: f32 = %b }", "2:17: there is no variable %b"));
    cases.add(List.of("kernel k() { let %a: f33 = 1.0 }", "1:22: there is no element type f33"));
    cases.add(List.of("kernel k() { let %a: i64 = batch }", "1:28: there is no symbol 'batch'"));
    cases.add(
        List.of("kernel k() { let %a: f32 = sinh(1.0) }", "1:28: there is no function 'sinh'"));
    cases.add(
        List.of(
            "kernel k() { let %a: f32 = fma(1.0, 2.0) }", "1:28: 'fma' takes 3 operands, not 2"));
    cases.add(List.of("kernel k() { jump }", "1:14: there is no statement 'jump'"));
    cases.add(List.of("kernel k() { barrier", "1:21: expected a statement, found the end"));
    cases.add(List.of("kernel k(x: f32[2], x: f32[2]) { }", "1:21: there is a buffer x already"));
    cases.add(List.of("kernel k() { } kernel", "1:16: expected the end, found 'kernel'"));
    cases.add(List.of("kernel \"k", "1:8: this string does not end"));
    for (List<String> c : cases) {
      assertThatThrownBy(() -> LoopParser.parseKernel(c.get(0)))
          .isInstanceOf(ParseException.class)
          .hasMessage(c.get(1));
    }
  }

  @Test
  void equalCodeHasOneCanonicalForm() {
    Kernel a =
        LoopParser.parseKernel(
            "kernel a(x: f32[4], y: f32[4]) { for %i = 0 to 4 { let %t: f32 = load x[%i] store y[%i] = %t } }");
    Kernel b =
        LoopParser.parseKernel(
            "kernel b(p: f32[4], q: f32[4]) { for %k = 0 to 4 { let %i: f32 = load p[%k] store q[%k] = %i } }");
    Kernel other =
        LoopParser.parseKernel(
            "kernel b(p: f32[4], q: f32[4]) { for %k = 0 to 4 { let %i: f32 = load q[%k] store p[%k] = %i } }");
    assertThat(Canonical.of(a)).isEqualTo(Canonical.of(b)).isNotEqualTo(Canonical.of(other));
    assertThat(LoopPrinter.print(Canonical.of(a)))
        .isEqualTo(
            """
            kernel kernel(b0: f32[4], b1: f32[4]) {
              for %v0 = 0 to 4 {
                let %v1: f32 = load b0[%v0]
                store b1[%v0] = %v1
              }
            }
            """);
  }
}
