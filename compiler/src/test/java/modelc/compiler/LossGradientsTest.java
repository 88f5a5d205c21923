package modelc.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.passes.autodiff.Autodiff;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The gradient of weighed and of pixels' losses in a whole step, against central differences in
 * float64; the plain forms stand in the table of layers.
 */
class LossGradientsTest {
  private static final double[] EXAMPLES = {0.2, -0.5, 1.5, 0.3, -0.1, 0.7, 0.4, -0.9};
  private static final double[] AT = {0.1, 0.2, -0.3, 0.05};
  private static final double[] TARGET = {0.6, 0.5, 0.2, 0.8, 0.3, 0.45, 0.5, 0.4};

  private static Program program(String loss) {
    DataCatalog catalog =
        _ ->
            List.of(
                new DataCatalog.Column("x", TensorType.of(DType.F32, 4)),
                new DataCatalog.Column("b", TensorType.of(DType.F32, 4)),
                new DataCatalog.Column("label", TensorType.scalar(DType.I32)));
    String source =
        "model M { input x: f32[4];  param w: [1, 4] = 0;  output a = x + w }\n"
            + "train M { data = boxes();  optimizer = sgd(lr = 1);  batch = 2\nloss = "
            + loss
            + " }";
    return new Autodiff()
        .run(Frontend.load("test.model", source, FrontendOptions.of(catalog)).program());
  }

  private static Tensor run(Program program, String entry, double[] at, String result) {
    Map<String, Tensor> given = new HashMap<>();
    given.put("w", new Tensor(DType.F32, new long[] {1, 4}, at));
    given.put("x", new Tensor(DType.F32, new long[] {2, 4}, EXAMPLES));
    given.put("b", new Tensor(DType.F32, new long[] {2, 4}, TARGET));
    given.put("label", Tensor.vector(DType.I32, 2, 0));
    given.put("seed", Tensor.vector(DType.I32, 1, 0));
    Entry e = program.entry(entry);
    List<Tensor> results =
        Interpreter.run(
            e.function(), e.arguments().stream().map(a -> given.get(a.name())).toList());
    int place = e.results().stream().map(Entry.Result::name).toList().indexOf(result);
    return results.get(place);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "weighted_cross_entropy(a, label, weights = [1, 2, 3, 4])",
        "weighted_cross_entropy(a, label, weights = [1, 2, 3, 4], smoothing = 0.1)",
        "weighted_cross_entropy(a, label, ignore = 0, smoothing = 0.1)",
        "weighted_cross_entropy(a, label, weights = [1, 2, 3, 4], mask = 0.5 + cast(label, f32))",
        "cross_entropy(channels_last(reshape(a, [batch, 2, 1, 2])), reshape(cast(slice(b, axis ="
            + " last, from = 0, to = 2) > 0.4, i32), [batch, 1, 2]))",
        "weighted_cross_entropy(channels_last(reshape(a, [batch, 2, 1, 2])), reshape(cast(slice(b,"
            + " axis = last, from = 0, to = 2) > 0.4, i32), [batch, 1, 2]), ignore = 0)",
        "dice_loss(softmax(a), one_hot(label, 4))",
        "giou_loss(sigmoid(a), b)",
        "giou_loss(sigmoid(a), 0.2 * b)"
      })
  void gradientIsTheSlope(String loss) {
    Program program = program(loss);
    double[] next = run(program, "train", AT, "w").data();
    boolean moved = false;
    for (int i = 0; i < AT.length; i++) {
      double h = 1e-5;
      double[] up = AT.clone();
      double[] down = AT.clone();
      up[i] += h;
      down[i] -= h;
      double slope =
          (run(program, "eval", up, "loss").scalar() - run(program, "eval", down, "loss").scalar())
              / (2 * h);
      assertThat(AT[i] - next[i]).as("%s at %d", loss, i).isCloseTo(slope, within(1e-8));
      moved |= slope != 0;
    }
    assertThat(moved).isTrue();
  }
}
