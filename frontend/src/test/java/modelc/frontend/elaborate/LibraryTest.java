package modelc.frontend.elaborate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import modelc.frontend.Checked;
import modelc.frontend.Models;
import modelc.frontend.ast.Decl;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.ir.DType;
import modelc.ir.tensor.Callable;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** The standard library against its formulas, computed here in another way. */
class LibraryTest {
  private static final double[] POINTS = {-30, -3.5, -1, -0.25, 0, 0.25, 1, 2.75, 7, 30};

  private static void holds(String name, DoubleUnaryOperator formula) {
    Tensor x = new Tensor(DType.F32, new long[] {1, POINTS.length}, POINTS);
    double[] y =
        Models.evaluate(name + "(x)", "input x: f32[" + POINTS.length + "]", Map.of("x", x)).data();
    for (int i = 0; i < y.length; i++) {
      assertThat(y[i])
          .as(name + " of " + POINTS[i])
          .isCloseTo(formula.applyAsDouble(POINTS[i]), within(1e-9));
    }
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @Test
  void activationsAreTheirFormulas() {
    holds("relu", x -> x > 0 ? x : 0);
    holds("leaky_relu", x -> x > 0 ? x : 0.01 * x);
    holds("sigmoid", LibraryTest::sigmoid);
    holds("tanh", Math::tanh);
    holds("swish", x -> x * sigmoid(x));
    holds("silu", x -> x * sigmoid(x));
    holds("elu", x -> x > 0 ? x : Math.expm1(x));
    holds("selu", x -> 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)));
    holds("softplus", x -> x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));
    holds("hard_sigmoid", x -> Math.clamp(x / 6 + 0.5, 0, 1));
    holds("hard_swish", x -> x * Math.clamp(x / 6 + 0.5, 0, 1));
    holds("hard_tanh", x -> Math.clamp(x, -1, 1));
    holds("threshold", x -> x >= 0 ? 1 : 0);
  }

  @Test
  void geluIsTheNormalDistributionTimesX() {
    Tensor x = new Tensor(DType.F32, new long[] {1, 3}, new double[] {-1, 0, 2});
    double[] y = Models.evaluate("gelu(x)", "input x: f32[3]", Map.of("x", x)).data();
    assertThat(y[0]).isCloseTo(-0.15865525393145707, within(1e-7));
    assertThat(y[1]).isEqualTo(0);
    assertThat(y[2]).isCloseTo(1.9544997361036416, within(1e-7));
  }

  @Test
  void softmaxSumsToOneAndStatesItsGradient() {
    Tensor x = new Tensor(DType.F32, new long[] {1, 3}, new double[] {1, 2, 3});
    double[] y = Models.evaluate("softmax(x)", "input x: f32[3]", Map.of("x", x)).data();
    double sum = Math.exp(1) + Math.exp(2) + Math.exp(3);
    assertThat(y[2]).isCloseTo(Math.exp(3) / sum, within(1e-12));
    double[] log = Models.evaluate("log_softmax(x)", "input x: f32[3]", Map.of("x", x)).data();
    assertThat(log[0]).isCloseTo(Math.log(y[0]), within(1e-12));
    agreesWithDifferences("softmax");
    agreesWithDifferences("softplus");
  }

  /** A stated gradient against central differences of the body. */
  private static void agreesWithDifferences(String name) {
    Checked c = Models.compile("model M { input x: f32[4];  output y = " + name + "(x) }");
    Callable callee =
        Graph.topological(List.of(c.program().entry("infer").results().getFirst().value())).stream()
            .filter(v -> v.op() instanceof Op.Call)
            .map(v -> ((Op.Call) v.op()).callee())
            .findFirst()
            .orElseThrow();
    double[] at = {0.3, -1.2, 0, 2};
    double[] cotangent = {1, -0.5, 0.25, 2};
    Tensor x = new Tensor(DType.F32, new long[] {1, 4}, at);
    Tensor y = Interpreter.run(callee.body(), List.of(x)).getFirst();
    Tensor dy = new Tensor(DType.F32, new long[] {1, 4}, cotangent);
    double[] stated = Interpreter.run(callee.gradient(), List.of(x, y, dy)).getFirst().data();
    for (int i = 0; i < at.length; i++) {
      double h = 1e-5;
      double[] up = at.clone();
      double[] down = at.clone();
      up[i] += h;
      down[i] -= h;
      double[] a =
          Interpreter.run(callee.body(), List.of(new Tensor(DType.F32, new long[] {1, 4}, up)))
              .getFirst()
              .data();
      double[] b =
          Interpreter.run(callee.body(), List.of(new Tensor(DType.F32, new long[] {1, 4}, down)))
              .getFirst()
              .data();
      double expected = 0;
      for (int j = 0; j < a.length; j++) {
        expected += cotangent[j] * (a[j] - b[j]) / (2 * h);
      }
      assertThat(stated[i]).as(name + " at " + i).isCloseTo(expected, within(1e-8));
    }
  }

  @Test
  void thresholdForbidsItsGradient() {
    Checked c = Models.compile("model M { input x: f32[4];  output y = threshold(x, theta = 2) }");
    var call = (Op.Call) c.program().entry("infer").results().getFirst().value().op();
    assertThat(call.callee().noGradient()).contains("flat");
  }

  private static double loss(String call, double[] a, double[] b) {
    var in =
        Map.of(
            "a",
            new Tensor(DType.F32, new long[] {1, a.length}, a),
            "b",
            new Tensor(DType.F32, new long[] {1, b.length}, b));
    String types = "input a: f32[" + a.length + "];  input b: f32[" + b.length + "]";
    return Models.evaluate("mean(" + call + ", over = all)", types, in).data()[0];
  }

  @Test
  void lossesAreTheirFormulas() {
    assertThat(loss("binary_cross_entropy(a, b)", new double[] {0.8}, new double[] {1}))
        .isCloseTo(0.2231, within(1e-4));
    assertThat(loss("binary_cross_entropy(a, b)", new double[] {0.2}, new double[] {0}))
        .isCloseTo(0.2231, within(1e-4));
    assertThat(loss("binary_cross_entropy(a, b)", new double[] {1}, new double[] {0}))
        .isEqualTo(100);
    assertThat(
            loss(
                "binary_cross_entropy_with_logits(a, b)",
                new double[] {Math.log(4)},
                new double[] {1}))
        .isCloseTo(-Math.log(0.8), within(1e-12));
    assertThat(loss("mse(a, b)", new double[] {1, 2}, new double[] {3, 5})).isEqualTo(6.5);
    assertThat(loss("half_squared_error(a, b)", new double[] {1, 2}, new double[] {3, 5}))
        .isEqualTo(3.25);
    assertThat(loss("mae(a, b)", new double[] {1, 2}, new double[] {3, 5})).isEqualTo(2.5);
    assertThat(loss("huber(a, b)", new double[] {0, 0}, new double[] {0.5, 3}))
        .isEqualTo((0.125 + 2.5) / 2);
    assertThat(loss("hinge(a, b)", new double[] {0.5, 2}, new double[] {1, 1})).isEqualTo(0.25);
  }

  @Test
  void crossEntropyOfTheSequenceInTheNotes() {
    // Probabilities 0.7, 0.8, 0.9 and 0.6 of the right class: 1.1960 in all.
    double[] p = {0.7, 0.8, 0.9, 0.6};
    var logits = new double[8];
    for (int i = 0; i < 4; i++) {
      logits[2 * i] = Math.log(p[i]);
      logits[2 * i + 1] = Math.log(1 - p[i]);
    }
    var in =
        Map.of(
            "logits",
            new Tensor(DType.F32, new long[] {4, 2}, logits),
            "label",
            Tensor.vector(DType.I32, 0, 0, 0, 0));
    String types = "input logits: f32[2];  input label: i32[]";
    double[] each = Models.evaluate("cross_entropy(logits, label)", types, in).data();
    assertThat(Arrays.stream(each).sum()).isCloseTo(1.1960, within(1e-4));
    assertThat(Models.evaluate("accuracy(logits, label)", types, in).data())
        .containsExactly(1, 1, 1, 1);
    assertThat(Models.evaluate("top_k(logits, label, k = 1)", types, in).data())
        .containsExactly(1, 1, 1, 1);
  }

  @Test
  void crossEntropyDoesNotOverflow() {
    var in =
        Map.of(
            "logits",
            new Tensor(DType.F32, new long[] {1, 3}, new double[] {1000, -1000, 999}),
            "label",
            Tensor.vector(DType.I32, 1));
    assertThat(
            Models.evaluate(
                    "cross_entropy(logits, label)", "input logits: f32[3];  input label: i32[]", in)
                .data()[0])
        .isCloseTo(2000 + Math.log1p(Math.exp(-1)), within(1e-9));
  }

  private static double[] initial(String initializer, String shape) {
    Checked c =
        Models.compile(
            "model M { input x: f32[1];  param w: ["
                + shape
                + "] = "
                + initializer
                + ";  output y = x * sum(w, over = all) }");
    return Models.init(c, 7).get("w").data();
  }

  private static double deviation(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    return Math.sqrt(
        Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
  }

  @Test
  void initializersHaveTheirSpread() {
    assertThat(initial("zeros()", "3")).containsOnly(0);
    assertThat(initial("ones()", "3")).containsOnly(1);
    assertThat(initial("constant(2.5)", "3")).containsOnly(2.5);
    assertThat(initial("0.25", "3")).containsOnly(0.25);
    assertThat(initial("[1, 2, 3]", "3")).containsExactly(1, 2, 3);
    assertThat(initial("0.5 * ones()", "3")).containsOnly(0.5);
    String shape = "60, 40, 2, 2";
    double in = 160;
    double out = 240;
    assertThat(deviation(initial("glorot_uniform()", shape)))
        .isCloseTo(Math.sqrt(2 / (in + out)), within(0.002));
    assertThat(deviation(initial("glorot_normal()", shape)))
        .isCloseTo(Math.sqrt(2 / (in + out)), within(0.002));
    assertThat(deviation(initial("he_uniform()", shape)))
        .isCloseTo(Math.sqrt(2 / in), within(0.003));
    assertThat(deviation(initial("he_normal()", shape)))
        .isCloseTo(Math.sqrt(2 / in), within(0.003));
    assertThat(deviation(initial("lecun_normal()", shape)))
        .isCloseTo(Math.sqrt(1 / in), within(0.003));
    double[] uniform = initial("uniform(2, 3)", "1000");
    assertThat(Arrays.stream(uniform).min().orElseThrow()).isBetween(2.0, 2.01);
    assertThat(Arrays.stream(uniform).max().orElseThrow()).isBetween(2.99, 3.0);
    double[] normal = initial("normal(mean = 5, std = 2)", "4000");
    assertThat(Arrays.stream(normal).average().orElseThrow()).isCloseTo(5, within(0.1));
    assertThat(deviation(normal)).isCloseTo(2, within(0.06));
  }

  @Test
  void orthogonalRowsAreOrthonormal() {
    double[] w = initial("orthogonal()", "4, 9");
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 4; j++) {
        double dot = 0;
        for (int k = 0; k < 9; k++) {
          dot += w[9 * i + k] * w[9 * j + k];
        }
        assertThat(dot).isCloseTo(i == j ? 1 : 0, within(1e-9));
      }
    }
    assertThat(initial("orthogonal(gain = 2)", "9, 4")).hasSize(36);
  }

  @Test
  void everyDeclarationIsClosedOverTheLibrary() {
    var names = new ArrayList<String>();
    for (String file : Library.FILES) {
      var parsed = Library.file(file);
      List<Diagnostic> errors = NameCheck.check(parsed, Library.module());
      assertThat(errors).isEmpty();
      for (Decl d : parsed.declarations()) {
        names.add(d.name().name());
        assertThat(Library.module().lookup(d.name().name())).isNotNull();
        assertThat(Words.lookup(d.name().name())).as(d.name().name() + " hides a word").isNull();
      }
    }
    assertThat(names).doesNotHaveDuplicates();
    assertThat(Library.module().declared()).containsExactlyInAnyOrderElementsOf(names);
  }

  @Test
  void dropoutKeepsTheMean() {
    Checked c =
        Models.compile(
            """
            model M {
                input features: f32[2]
                param w: [2] = ones()
                big = fill([100, 100], 1) * sum(w, over = all) / 2
                y = big -> dropout(0.3)
                output a = features * mean(y, over = all)
                output b = features * mean(y^2, over = all)
            }
            train M { data = csv("a.csv");  loss = sum(a + b, over = last);  optimizer = sgd() }
            """);
    // In inference nothing is dropped.
    Map<String, Tensor> in = new HashMap<>(Models.init(c, 1));
    in.put("features", Tensor.of(DType.F32, new long[] {1, 2}, 1, 1));
    assertThat(Models.run(c, "infer", in).get("b").data()[0]).isCloseTo(1, within(1e-12));
    var train = c.program().entry("train");
    var random =
        Graph.topological(train.results().stream().map(r -> r.value()).toList()).stream()
            .filter(
                v ->
                    v.op() instanceof Op.Select s
                        && s.onTrue().type().rank() == 2
                        && v.type().dim(0).isConstant()
                        && v.type().dim(0).constant() == 100)
            .findFirst()
            .orElseThrow();
    var f =
        new modelc.ir.tensor.Function(
            "y",
            train.arguments().stream()
                .filter(a -> List.of("seed", "step", "w").contains(a.name()))
                .map(a -> a.value())
                .toList(),
            List.of(random));
    Map<String, Tensor> given = new HashMap<>(in);
    given.put("seed", Tensor.vector(DType.I32, 5, 0));
    var names =
        train.arguments().stream()
            .map(a -> a.name())
            .filter(n -> List.of("seed", "step", "w").contains(n))
            .toList();
    double[][] draws = new double[2][];
    for (int step = 1; step <= 2; step++) {
      given.put("step", Tensor.scalar(DType.F64, step));
      draws[step - 1] =
          Interpreter.run(f, names.stream().map(given::get).toList()).getFirst().data();
      double mean = Arrays.stream(draws[step - 1]).average().orElseThrow();
      assertThat(mean).isCloseTo(1, within(0.02));
      assertThat(draws[step - 1]).contains(new double[] {0, 1 / 0.7}, within(1e-12));
    }
    assertThat(draws[0]).isNotEqualTo(draws[1]);
  }

  @Test
  void dropout2dDropsWholeChannels() {
    Checked c =
        Models.compile(
            """
            fn within(y: [batch, c, h, w]) -> [] {
                return max(max(y, over = [h, w]) - min(y, over = [h, w]), over = all)
            }
            fn zero(y: [batch, c, h, w]) -> [...] { return cast(y == 0, f32) }
            model M {
                input features: f32[2]
                param w: [] = 1
                share = w + 0 * sum(features, over = all)
                output y = fill([batch, 50, 2, 3], 1) * share -> dropout2d(0.4)
            }
            train M {
                data = csv("a.csv");  loss = mean(y, over = all);  optimizer = sgd();  batch = 20
                metrics = [within(y), zero(y)]
            }
            """);
    var in = new HashMap<>(Models.init(c, 1));
    in.put("features", Tensor.full(DType.F32, new long[] {20, 2}, 1));
    assertThat(Models.run(c, "infer", in).get("y").data()).containsOnly(1);
    in.put("seed", Tensor.vector(DType.I32, 5, 0));
    for (String s : List.of("step", "steps", "epoch")) {
      in.put(s, Tensor.scalar(DType.F64, 1));
    }
    Entry train = c.program().entry("train");
    Entry judged =
        new Entry(
            "judged",
            train.arguments(),
            train.results().stream()
                .filter(r -> r.kind() == Entry.Kind.LOSS || r.kind() == Entry.Kind.METRIC)
                .toList());
    List<Tensor> step =
        Interpreter.run(
            judged.function(), judged.arguments().stream().map(a -> in.get(a.name())).toList());
    assertThat(step.get(0).data()[0]).as("loss").isCloseTo(1, within(0.1));
    assertThat(step.get(1).data()[0]).as("within a channel").isEqualTo(0);
    assertThat(step.get(2).data()[0]).as("zeros").isCloseTo(0.4, within(0.05));
  }

  @Test
  void imagesThatDoNotFitAreRefusedInWords() {
    assertThat(Models.errors(image("center_crop(x, 6)")).getFirst().message())
        .contains("4 x 5 has no part of 6 x 6");
    assertThat(Models.errors(image("pad(x, same)")).getFirst().message())
        .contains("depend on a window");
    assertThat(Models.errors(image("pixel_shuffle(x, 2)")).getFirst().message())
        .contains("3 channels");
    assertThat(Models.errors(image("resize(x, 2, mode = \"cubic\")")).getFirst().message())
        .contains("not cubic");
    assertThat(Models.errors(image("vector([0.5], i32)")).getFirst().message())
        .contains("made of ints");
  }

  private static String image(String expression) {
    return "model M { input x: f32[3, 4, 5];  output y = " + expression + " }";
  }
}
