package modelc.frontend.elaborate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import modelc.frontend.Checked;
import modelc.frontend.FakeCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.frontend.ModelSummary;
import modelc.frontend.Models;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.ir.DType;
import modelc.ir.Shape;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Tensor;
import org.junit.jupiter.api.Test;

class LayersTest {
  private static List<String> parameters(Checked c) {
    return c.summary().parameters().stream().map(ModelSummary.Parameter::name).toList();
  }

  @Test
  void parametersAreNamedByLabelsBindingsAndLoops() {
    Checked c =
        Models.compile(
            """
            layer block(units: int)  x: [batch, n] {
                return x -> inner: dense(units) -> relu -> dense(units)
            }
            model M {
                input x: f32[4]
                encode = dense(8, bias = false)
                y = x -> encode
                for i in 1..2 { y = y -> stage: block(8) }
                heads = [dense(2), dense(3)]
                output a = y -> heads[0]
                output b = y -> heads[1]
                output c = y -> dense(5) -> dense(6)
            }
            """);
    assertThat(parameters(c))
        .containsExactly(
            "encode.w",
            "stage[1].inner.w",
            "stage[1].inner.b",
            "stage[1].dense.w",
            "stage[1].dense.b",
            "stage[2].inner.w",
            "stage[2].inner.b",
            "stage[2].dense.w",
            "stage[2].dense.b",
            "heads[0].w",
            "heads[0].b",
            "heads[1].w",
            "heads[1].b",
            "dense.w",
            "dense.b",
            "dense_2.w",
            "dense_2.b");
  }

  @Test
  void aBoundLayerAppliedTwiceIsShared() {
    Checked c =
        Models.compile(
            """
            model Siamese {
                input a: f32[4]
                input b: f32[4]
                encode = dense(3)
                output distance = norm((a -> encode) - (b -> encode), over = last)
            }
            """);
    assertThat(c.summary().totalParameters()).isEqualTo(15);
    Map<String, Tensor> arguments = new HashMap<>(Models.init(c, 3));
    arguments.put("a", Tensor.full(DType.F32, new long[] {2, 4}, 0.5));
    arguments.put("b", Tensor.full(DType.F32, new long[] {2, 4}, 0.5));
    assertThat(Models.run(c, "infer", arguments).get("distance").data()).containsExactly(0, 0);
  }

  @Test
  void aSharedCompositeSharesItsInnerLayers() {
    Checked c =
        Models.compile(
            """
            layer two(units: int)  x: [batch, n] { return x -> dense(units) -> dense(n) }
            model M {
                input x: f32[4]
                t = two(3)
                output y = x -> t -> t
            }
            """);
    assertThat(parameters(c))
        .containsExactly("t.dense.w", "t.dense.b", "t.dense_2.w", "t.dense_2.b");
    assertThat(c.summary().flops()).isEqualTo(2 * 2 * (12 + 12));
  }

  @Test
  void aModelIsALayerOfAnother() {
    String source =
        """
        model Encoder(units: int = 3) {
            input x: f32[4]
            output code = x -> dense(units)
            output raw = x
        }
        model M {
            input x: f32[4]
            both = x -> encoder: Encoder(units = 2)
            output y = both.code -> dense(1)
            output z = both.raw
        }
        """;
    Checked c =
        Frontend.load("test.model", source, FrontendOptions.of(new FakeCatalog()).withModel("M"));
    assertThat(parameters(c))
        .containsExactly("encoder.dense.w", "encoder.dense.b", "dense.w", "dense.b");
  }

  @Test
  void aBoundLayerTakesNoOtherLabel() {
    assertThat(Models.errors("model M { input x: f32[4];  a = dense(3);  output y = x -> b: a }"))
        .extracting(Diagnostic::code)
        .containsExactly(Code.LABEL);
    Models.compile("model M { input x: f32[4];  a = dense(3);  output y = x -> a: a }");
  }

  @Test
  void denseIsTheProductWithTransposedWeights() {
    Checked c = Models.compile("model M { input x: f32[2];  output y = x -> fc: dense(3) }");
    var r =
        Models.run(
            c,
            "infer",
            Map.of(
                "x", Tensor.of(DType.F32, new long[] {1, 2}, 1, 10),
                "fc.w", Tensor.of(DType.F32, new long[] {3, 2}, 1, 2, 3, 4, 5, 6),
                "fc.b", Tensor.vector(DType.F32, 0.5, 0, -1)));
    assertThat(r.get("y").data()).containsExactly(21.5, 43, 64);
  }

  @Test
  void convolutionsPadStrideAndDilate() {
    assertThat(output("conv2d(2, 3)", 1, 8, 8)).isEqualTo(Shape.of(2, 6, 6));
    assertThat(output("conv2d(2, 3, padding = same)", 1, 8, 8)).isEqualTo(Shape.of(2, 8, 8));
    assertThat(output("conv2d(2, 4, padding = same)", 1, 8, 8)).isEqualTo(Shape.of(2, 8, 8));
    assertThat(output("conv2d(2, 3, padding = full)", 1, 8, 8)).isEqualTo(Shape.of(2, 10, 10));
    assertThat(output("conv2d(2, 3, stride = 2, padding = 1)", 1, 8, 8))
        .isEqualTo(Shape.of(2, 4, 4));
    assertThat(output("conv2d(2, [3, 5], padding = [1, 2])", 1, 8, 8)).isEqualTo(Shape.of(2, 8, 8));
    assertThat(output("conv2d(2, 2, padding = [[0, 1], [1, 0]])", 1, 8, 8))
        .isEqualTo(Shape.of(2, 8, 8));
    assertThat(output("conv2d(2, 3, dilation = 2)", 1, 8, 8)).isEqualTo(Shape.of(2, 4, 4));
    assertThat(output("conv2d(4, 3, groups = 4)", 4, 8, 8)).isEqualTo(Shape.of(4, 6, 6));
    assertThat(output("max_pool2d(3, stride = 2)", 1, 8, 8)).isEqualTo(Shape.of(1, 3, 3));
    assertThat(output("max_pool2d(3, stride = 2, ceil_mode = true)", 1, 8, 8))
        .isEqualTo(Shape.of(1, 4, 4));
    assertThat(output("avg_pool2d(2)", 1, 9, 9)).isEqualTo(Shape.of(1, 4, 4));
    assertThat(output("global_avg_pool2d", 3, 9, 9)).isEqualTo(Shape.of(3));
    assertThat(output("pad([1, 2])", 3, 9, 9)).isEqualTo(Shape.of(3, 11, 13));
  }

  private static Shape output(String stage, int c, int h, int w) {
    Checked checked =
        Models.compile(
            "model M { input x: f32["
                + c
                + ", "
                + h
                + ", "
                + w
                + "];  output y = x -> "
                + stage
                + " }");
    return checked.summary().layers().getFirst().output();
  }

  @Test
  void formulasCarryTheirNumbers() {
    Checked c =
        Models.compile(
            """
            model M {
                input x: f32[4, 9, 8]
                output y = x -> conv2d(6, [3, 5], stride = [2, 1], padding = [1, 2], groups = 2)
                             -> batch_norm() -> conv2d(8, 3, dilation = 2, padding = [[1, 0], [2, 2]])
            }
            """);
    List<ModelSummary.Layer> rows = c.summary().layers();
    assertThat(rows.get(0).windows())
        .containsExactly("(9 - 3 + 2*1)/2 + 1 = 5", "(8 - 5 + 2*2)/1 + 1 = 8");
    assertThat(rows.get(0).formula()).isEqualTo("5*3*2*6 + 6");
    assertThat(rows.get(1).formula()).isEqualTo("6 + 6");
    assertThat(rows.get(2).windows())
        .containsExactly(
            "(5 - (2*(3 - 1) + 1) + 1 + 0)/1 + 1 = 2", "(8 - (2*(3 - 1) + 1) + 2*2)/1 + 1 = 8");
    assertThat(c.summary().formula()).isEqualTo("(5*3*2*6 + 6) + (6 + 6) + (3*3*6*8 + 8)");
    assertThat(c.summary().totalParameters()).isEqualTo(180 + 6 + 12 + 432 + 8);
  }

  @Test
  void aPerceptronIsCountedByItsFormula() {
    Checked c =
        Models.compile(
            "model M { input x: f32[784];  output y = x -> dense(128) -> relu -> dense(10) }");
    assertThat(c.summary().formula()).isEqualTo("(784*128 + 128*10) + (128 + 10)");
    assertThat(c.summary().totalParameters()).isEqualTo(101_770);
  }

  @Test
  void aResidualBlockOfTheSketchesCounts() {
    Checked c =
        Models.compile(
            """
            layer basic_block(out: int, stride: int = 1)  x: [batch, c, h, w] {
                y = x -> conv1: conv2d(out, 3, stride, padding = 1, bias = false) -> bn1: batch_norm() -> relu
                      -> conv2: conv2d(out, 3, padding = 1, bias = false)         -> bn2: batch_norm()
                shortcut = if stride == 1 and c == out then x
                           else x -> down: conv2d(out, 1, stride, bias = false) -> batch_norm()
                return relu(y + shortcut)
            }
            model M {
                input x: f32[8, 8, 8]
                output y = x -> a: basic_block(8) -> b: basic_block(16, stride = 2)
            }
            """);
    assertThat(c.summary().totalParameters())
        .isEqualTo(
            (2 * 8 * 8 * 9 + 4 * 8) + (16 * 8 * 9 + 16 * 16 * 9 + 4 * 16) + (16 * 8 + 2 * 16));
    assertThat(parameters(c)).contains("a.conv1.w", "b.bn2.scale", "b.down.w", "b.batch_norm.mu");
    assertThat(c.summary().layers())
        .extracting(ModelSummary.Layer::name)
        .startsWith("a.conv1", "a.bn1", "a.relu", "a.conv2", "a.bn2", "b.conv1");
  }

  @Test
  void batchNormKeepsRunningStatistics() {
    Checked c =
        Models.compile(
            """
            model M {
                input features: f32[2]
                output y = features -> bn: batch_norm()
            }
            train M {
                data = csv("a.csv");  loss = sum(y, over = last);  optimizer = sgd();  batch = 8
            }
            """);
    Map<String, Tensor> a = new HashMap<>(Models.init(c, 1));
    assertThat(a.get("bn.var").data()).containsExactly(1, 1);
    a.put("features", Tensor.of(DType.F32, new long[] {4, 2}, 0, 2, 0, 4, 2, 6, 2, 8));
    double[] y = Models.run(c, "infer", a).get("y").data();
    assertThat(y[2]).isCloseTo(0, within(1e-9));
    assertThat(y[3]).isCloseTo(4 / Math.sqrt(1 + 1e-5), within(1e-9));
    // Gradients are the compiler's affair: here only what does not depend on them is looked at.
    var train = c.program().entry("train");
    var states =
        train.results().stream()
            .filter(r -> r.kind() == modelc.ir.tensor.Entry.Kind.STATE)
            .toList();
    assertThat(states)
        .extracting(modelc.ir.tensor.Entry.Result::name)
        .containsExactly("bn.mu", "bn.var");
    var updates = states.stream().map(r -> ((Op.Select) r.value().op()).onTrue()).toList();
    assertThat(updates).allMatch(v -> v.op() instanceof Op.StopGradient);
    var inputs = train.arguments().stream().filter(x -> a.containsKey(x.name())).toList();
    var f =
        new modelc.ir.tensor.Function(
            "states",
            inputs.stream().map(modelc.ir.tensor.Entry.Argument::value).toList(),
            updates);
    List<Tensor> r =
        modelc.ir.tensor.Interpreter.run(f, inputs.stream().map(x -> a.get(x.name())).toList());
    assertThat(r.get(0).data()).containsExactly(0.1, 0.5);
    // Unbiased variances 4/3 and 20/3, a tenth of the way from 1.
    assertThat(r.get(1).data()[0]).isCloseTo(0.9 + 0.4 / 3, within(1e-9));
    assertThat(r.get(1).data()[1]).isCloseTo(0.9 + 2.0 / 3, within(1e-9));
  }

  @Test
  void whatIsKeptWholeIsBuiltOncePerType() {
    Checked c =
        Models.compile(
            """
            model M {
                input x: f32[4]
                input z: f32[4]
                output a = softmax(x)
                output b = softmax(z)
                output c = softmax(softmax(x))
            }
            """);
    var calls =
        Graph.topological(
                c.program().entry("infer").results().stream().map(r -> r.value()).toList())
            .stream()
            .map(v -> v.op())
            .filter(op -> op instanceof Op.Call)
            .map(op -> ((Op.Call) op).callee())
            .toList();
    assertThat(calls).hasSize(3);
    assertThat(calls.stream().distinct()).hasSize(1);
    assertThat(calls.getFirst().gradient()).isNotNull();
  }

  @Test
  void errorsInsideALayerAreBlamedOnTheUsersLine() {
    Diagnostic d =
        Models.errors("model M {\n input x: f32[4, 4]\n output y = x -> conv2d(3, 3)\n}")
            .getFirst();
    assertThat(d.place().file()).isEqualTo("test.model");
    assertThat(d.place().line()).isEqualTo(3);
    assertThat(d.code()).isEqualTo(Code.SHAPE_MISMATCH);
  }

  @Test
  void aRecipeSeesTheModelsConfiguration() {
    String source =
        """
        model M(heads: bool = false, weight: float = 0.5, edge: int = 2) {
            input image: f32[1, 28 + 2 * edge, 32]
            output a = image -> flatten -> left: dense(10)
            if heads { output b = image -> flatten -> right: dense(10) }
        }
        train M {
            data      = digits() -> pad(edge)
            loss      = cross_entropy(a, label) + (if heads then weight * cross_entropy(b, label) else 0)
            optimizer = sgd()
        }
        """;
    for (boolean heads : List.of(true, false)) {
      var options =
          new FrontendOptions(
              Map.of("heads", Boolean.toString(heads)), Map.of(), new FakeCatalog());
      Checked c = Frontend.load("m.model", source, options);
      assertThat(c.program().entry("train").results())
          .filteredOn(r -> r.name().equals("right.w"))
          .hasSize(heads ? 1 : 0);
    }
  }
}
