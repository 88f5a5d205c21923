package modelc.frontend.elaborate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.Map;
import modelc.frontend.Checked;
import modelc.frontend.Models;
import modelc.ir.DType;
import modelc.ir.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * Losses of pixels and metrics of classes by hand arithmetic, examples to be ignored among them.
 */
class MetricsTest {
  private static final Map<String, Tensor> IMAGES =
      Map.of(
          "logits",
          new Tensor(
              DType.F32,
              new long[] {1, 3, 1, 4},
              new double[] {2, 0, 1, 0, /**/ 0, 3, 2, 0, /**/ 1, 0, 0, 4}),
          "label",
          new Tensor(DType.I32, new long[] {1, 1, 4}, new double[] {0, 1, 0, 255}));

  private static double[] image(String expression) {
    return Models.evaluate(
            expression, "input logits: f32[3, 1, 4];  input label: i32[1, 4]", IMAGES)
        .data();
  }

  private static double entropy(String more) {
    return image("weighted_cross_entropy(channels_last(logits), label, " + more + ")")[0];
  }

  /** What PyTorch gives: {@code F.cross_entropy} with ignore_index 255. */
  @Test
  void pixelsAreWeighedAsByPyTorch() {
    assertThat(entropy("ignore = 255")).isCloseTo(0.6367116284365738, within(1e-9));
    assertThat(entropy("weights = [1, 3, 2], ignore = 255"))
        .isCloseTo(0.4199961596303286, within(1e-9));
    assertThat(entropy("smoothing = 0.1, ignore = 255"))
        .isCloseTo(0.7367116284365738, within(1e-9));
    assertThat(entropy("weights = [1, 3, 2], smoothing = 0.1, ignore = 255"))
        .isCloseTo(0.5610686057463512, within(1e-9));
    assertThat(entropy("mask = cast(label < 3, f32)"))
        .as("a mask that leaves the same pixels")
        .isCloseTo(0.6367116284365738, within(1e-9));
    assertThat(entropy("mask = 0.5 * cast(label < 3, f32)"))
        .as("a mask's scale does not matter")
        .isCloseTo(0.6367116284365738, within(1e-9));
  }

  @Test
  void nothingThatCountsIsALossOfZero() {
    assertThat(entropy("mask = cast(label < 0, f32)")).isEqualTo(0);
  }

  @Test
  void aMaskOfAnotherShapeIsRefused() {
    assertThat(
            Models.errors(
                    "model M { input y: f32[3];  input label: i32[]\n"
                        + "output loss = weighted_cross_entropy(y, label, mask = y) }")
                .getFirst()
                .message())
        .contains("the mask is [batch, 3], the label [batch]");
  }

  @Test
  void aLabelThatIsNoClassIsNotAmongTheGreatest() {
    assertThat(image("top_k(channels_last(logits), label, k = 2)")).containsExactly(1, 1, 1, 0);
    assertThat(image("accuracy(channels_last(logits), label)")).containsExactly(1, 1, 0, 0);
  }

  /** Taken for 0 0 1 1 1, rightly 0 1 1 1 and one that is no class. */
  private static Map<String, Tensor> tallies(String more) {
    Checked c =
        Models.compile(
            """
            model M { input features: f32[2];  param w: [] = 1;  output y = features * w }
            train M {
                data = csv("a.csv");  loss = mse(mean(y, over = last), target);  optimizer = sgd()
                metrics = [confusion(LABELS), iou(LABELS), precision(LABELS), recall(LABELS), f1(LABELS)]
            }
            """
                .replace("LABELS", "y, cast(target, i32)" + more));
    var in = new HashMap<>(Models.init(c, 1));
    in.put(
        "features",
        new Tensor(DType.F32, new long[] {5, 2}, new double[] {1, 0, 1, 0, 0, 1, 0, 2, 0, 1}));
    in.put("target", new Tensor(DType.F32, new long[] {5}, new double[] {0, 1, 1, 1, 7}));
    return Models.run(c, "eval", in);
  }

  private static double[] data(Map<String, Tensor> results, String name) {
    Tensor t = results.get(name);
    assertThat(t).as(name).isNotNull();
    return t.data();
  }

  @Test
  void whatHasNoClassCountsNowhere() {
    Map<String, Tensor> got = tallies("");
    assertThat(data(got, "confusion")).containsExactly(1, 0, 1, 2);
    assertThat(data(got, "iou")).containsExactly(1, 2);
    assertThat(data(got, "iou.of")).containsExactly(2, 3);
    assertThat(data(got, "precision.of")).containsExactly(2, 2);
    assertThat(data(got, "recall.of")).containsExactly(1, 3);
    assertThat(data(got, "f1")).containsExactly(2, 4);
    assertThat(data(got, "f1.of")).containsExactly(3, 5);
  }

  @Test
  void aClassMayBeIgnored() {
    Map<String, Tensor> got = tallies(", ignore = 0");
    assertThat(data(got, "confusion")).containsExactly(0, 0, 1, 2);
    assertThat(data(got, "precision.of")).containsExactly(1, 2);
    assertThat(data(got, "recall.of")).containsExactly(0, 3);
  }
}
