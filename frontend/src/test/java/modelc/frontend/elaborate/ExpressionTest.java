package modelc.frontend.elaborate;

import static modelc.frontend.Models.evaluate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import modelc.frontend.Models;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.ir.DType;
import modelc.ir.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ExpressionTest {
  private static final Map<String, Tensor> X =
      Map.of("x", Tensor.of(DType.F32, new long[] {2, 3}, 1, 2, 3, 4, 5, 6));

  private static double[] of(String expression) {
    return evaluate(expression, "input x: f32[3]", X).data();
  }

  /** A compile-time number, seen through a tensor of ones. */
  private static double number(String expression) {
    return evaluate(
            "x * (" + expression + ")",
            "input x: f32[1]",
            Map.of("x", Tensor.of(DType.F32, new long[] {1, 1}, 1)))
        .data()[0];
  }

  @Test
  void numbersMeetTensors() {
    assertThat(of("2 * x + 1")).containsExactly(3, 5, 7, 9, 11, 13);
    assertThat(of("1 - x / 2")).containsExactly(0.5, 0, -0.5, -1, -1.5, -2);
    assertThat(of("x^2")).containsExactly(1, 4, 9, 16, 25, 36);
    assertThat(of("x^3 - x^4")).containsExactly(0, -8, -54, -192, -500, -1080);
    assertThat(of("-x")).containsExactly(-1, -2, -3, -4, -5, -6);
    assertThat(of("max(x, 3.5)")).containsExactly(3.5, 3.5, 3.5, 4, 5, 6);
    assertThat(of("where(x > 2 and x < 5, x, 0)")).containsExactly(0, 0, 3, 4, 0, 0);
    assertThat(of("where(not (x >= 2 or x == 1), 7, -1)")).containsExactly(-1, -1, -1, -1, -1, -1);
    assertThat(of("2^x")[5]).isCloseTo(64, within(1e-9));
    assertThat(of("x^0.5")[3]).isEqualTo(2);
  }

  @Test
  void integersAreExact() {
    assertThat(number("7 % 3")).isEqualTo(1);
    assertThat(number("(-7) % 3")).isEqualTo(2);
    assertThat(number("floor_div(-7, 2)")).isEqualTo(-4);
    assertThat(number("ceil_div(7, 2)")).isEqualTo(4);
    assertThat(number("12 / 4")).isEqualTo(3);
    assertThat(number("7.0 / 2")).isEqualTo(3.5);
    assertThat(number("2^10 - 1")).isEqualTo(1023);
    assertThat(number("(-1)^1_000_000_001")).isEqualTo(-1);
    assertThat(number("floor(2.7) + ceil(2.1) + round(2.5)")).isEqualTo(7);
    assertThat(number("max(3, 5) - min(3, 5)")).isEqualTo(2);
    assertThat(number("sqrt(16) + abs(-3) + exp(0)")).isEqualTo(8);
    assertThat(number("sum(1..100)")).isEqualTo(5050);
    assertThat(number("product([2, 3, 4])")).isEqualTo(24);
    assertThat(number("len([1, 2] + [3])")).isEqualTo(3);
    assertThat(number("[5, 6, 7][-1] + [5, 6, 7][0]")).isEqualTo(12);
    assertThat(number("[5, 6, 7][1..2][1]")).isEqualTo(7);
    assertThat(number("if 2 > 1 and not (1 == 2) then 10 else 20")).isEqualTo(10);
  }

  @Test
  void reductionsNameTheirAxes() {
    assertThat(of("sum(x, over = last)")).containsExactly(6, 15);
    assertThat(of("sum(x, over = batch)")).containsExactly(5, 7, 9);
    assertThat(of("max(x, over = all)")).containsExactly(6);
    assertThat(of("mean(x, over = [batch, last])")).containsExactly(3.5);
    assertThat(of("variance(x, over = last)")[0]).isCloseTo(2.0 / 3, within(1e-12));
    assertThat(of("count(x, over = all) * x")[0]).isEqualTo(6);
    assertThat(of("logsumexp(x, over = last)")[0])
        .isCloseTo(Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)), within(1e-12));
  }

  @Test
  void smallerRanksAreFoundByNameAlone() {
    String types = "input t: f32[3, 2];  x: [batch, n, m] = t";
    var t = Map.of("t", Tensor.of(DType.F32, new long[] {1, 3, 2}, 1, 2, 3, 4, 5, 6));
    assertThat(evaluate("x - sum(x, over = m)", types, t).data())
        .containsExactly(-2, -1, -4, -3, -6, -5);
    assertThat(evaluate("x - sum(x, over = n)", types, t).data())
        .containsExactly(-8, -10, -6, -8, -4, -6);
    // The axes of the smaller one may stand in another order.
    String turned = types + ";  param w: [m, n] = [[1, 2, 3], [10, 20, 30]]";
    var c = Models.compile("model M {\n" + turned + "\noutput y = x + w\n}");
    Tensor w = Models.init(c, 1).get("w");
    assertThat(w.shape()).containsExactly(2, 3);
    assertThat(Models.run(c, "infer", Map.of("t", t.get("t"), "w", w)).get("y").data())
        .containsExactly(2, 12, 5, 24, 8, 36);
  }

  @Test
  void nothingIsAlignedFromTheEnd() {
    var errors =
        Models.errors(
            """
            model M {
                input x: f32[4, 4]
                param b: [4] = zeros()
                output y = x + b
            }
            """);
    assertThat(errors).extracting(Diagnostic::code).containsExactly(Code.SHAPES);
  }

  @Test
  void sizesOfOneStretch() {
    String types = "input x: f32[3];  input k: f32[1]";
    var in = Map.of("x", X.get("x"), "k", Tensor.of(DType.F32, new long[] {2, 1}, 10, 20));
    assertThat(evaluate("x + k", types, in).data()).containsExactly(11, 12, 13, 24, 25, 26);
  }

  @Test
  void productsContractTheLastAxisWithTheFirst() {
    String types = "input x: f32[3];  param w: [3, 2] = [[1, 0], [0, 1], [1, 1]]";
    var c =
        Models.compile(
            "model M {\n"
                + types
                + "\noutput y = x @ w\noutput z = x @ transpose(transpose(w))\n}");
    Tensor w = Models.init(c, 1).get("w");
    var r = Models.run(c, "infer", Map.of("x", X.get("x"), "w", w));
    assertThat(r.get("y").data()).containsExactly(4, 5, 10, 11);
    assertThat(r.get("z").data()).containsExactly(4, 5, 10, 11);
    String square = "input x: f32[2, 2]";
    var in = Map.of("x", Tensor.of(DType.F32, new long[] {1, 2, 2}, 1, 2, 3, 4));
    assertThat(evaluate("x @ x", square, in).data()).containsExactly(7, 10, 15, 22);
    assertThat(evaluate("x @ transpose(x)", square, in).data()).containsExactly(5, 11, 11, 25);
  }

  @Test
  void elementsMove() {
    assertThat(of("reverse(x, over = last)")).containsExactly(3, 2, 1, 6, 5, 4);
    assertThat(of("cumsum(x, axis = last)")).containsExactly(1, 3, 6, 4, 9, 15);
    assertThat(of("slice(x, last, 1, 3)")).containsExactly(2, 3, 5, 6);
    assertThat(of("slice(x, last, 0, 3, step = 2)")).containsExactly(1, 3, 4, 6);
    assertThat(of("concat([x, 10 * slice(x, last, 0, 1)], axis = last)"))
        .containsExactly(1, 2, 3, 10, 4, 5, 6, 40);
    assertThat(of("split(x, 3)[1]")).containsExactly(2, 5);
    assertThat(of("pad_axis(x, last, 1, 0, value = 9)")).containsExactly(9, 1, 2, 3, 9, 4, 5, 6);
    assertThat(of("cast(iota(x, axis = last), f32) + 0 * x")).containsExactly(0, 1, 2, 0, 1, 2);
    assertThat(of("permute(x, [last, batch])")).containsExactly(1, 4, 2, 5, 3, 6);
    assertThat(of("reshape(x, [batch, 3, 1])")).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(of("fill([2], 3) + 0 * sum(x, over = all)")).containsExactly(3, 3);
    String types = "input x: f32[3];  input i: i32[]";
    var in = Map.of("x", X.get("x"), "i", Tensor.vector(DType.I32, 2, 0));
    assertThat(evaluate("pick(x, i, axis = last)", types, in).data()).containsExactly(3, 4);
    assertThat(evaluate("one_hot(i, 3)", types, in).data()).containsExactly(0, 0, 1, 1, 0, 0);
    assertThat(evaluate("take(x, 1, axis = last)", types, in).data()).containsExactly(2, 5);
    assertThat(evaluate("cast(argmax(-x, over = last), f32)", types, in).data())
        .containsExactly(0, 0);
  }

  @Test
  void namesDoNotCrossSignatures() {
    // The n of f is not the caller's n: adding a [n] of the caller inside would not find it.
    var c =
        Models.compile(
            """
            fn centred(x: [batch, n]) -> [batch, n] { return x - mean(x, over = n) }
            model M(n: int = 3) {
                input x: f32[n]
                param b: [n] = ones()
                y: [batch, n] = centred(x)
                output z = y + b
            }
            """);
    var r = Models.run(c, "infer", Map.of("x", X.get("x"), "b", Tensor.vector(DType.F32, 1, 1, 1)));
    assertThat(r.get("z").data()).containsExactly(0, 1, 2, 0, 1, 2);
    assertThat(
            Models.errors(
                """
                fn centred(x: [batch, n]) -> [batch, n] { return x - mean(x, over = n) }
                model M(n: int = 3) {
                    input x: f32[n]
                    param b: [n] = ones()
                    output z = centred(x) + b
                }
                """))
        .extracting(Diagnostic::code)
        .containsExactly(Code.SHAPES);
  }

  @Test
  void whatARestMatchedKeepsItsNames() {
    var c =
        Models.compile(
            """
            model M(n: int = 3) {
                input x: f32[n]
                param b: [n] = ones()
                output z = relu(x) + b
            }
            """);
    var r = Models.run(c, "infer", Map.of("x", X.get("x"), "b", Tensor.vector(DType.F32, 1, 2, 3)));
    assertThat(r.get("z").data()).containsExactly(2, 4, 6, 5, 7, 9);
  }

  @Test
  void errorsOfSeveralStatementsAreReportedTogetherAndNotTwice() {
    var errors =
        Models.errors(
            """
            model M {
                input x: f32[4]
                a = x -> dense(2.5)
                b = a + 1
                c = x @ x
                output y = b + c
            }
            """);
    assertThat(errors).extracting(d -> d.place().line()).containsExactly(3, 5);
  }
}
