package modelc.frontend.reception;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import modelc.frontend.Checked;
import modelc.frontend.ModelSummary;
import modelc.frontend.Models;
import modelc.ir.DType;
import modelc.ir.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Receptive fields against what happens: pixels are disturbed row by row and column by column, and
 * the elements of the output that move are those that see them.
 */
class ReceptiveFieldTest {
  private static final int H = 36;
  private static final int W = 32;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x -> conv2d(2, 3)",
        "x -> conv2d(2, [5, 3], stride = [2, 3], padding = same) -> conv2d(2, 3, dilation = 2)",
        "x -> conv2d(2, 3, padding = [[0, 2], [1, 0]]) -> avg_pool2d(2) -> conv2d(1, 2)",
        "x -> max_pool2d(3, stride = 2, padding = 1) -> conv2d(2, 3, groups = 2)",
        "x -> conv2d(2, 3) -> avg_pool2d(3, stride = 2, ceil_mode = true)",
        "x -> depthwise_conv2d(4, stride = 2) -> pixel_shuffle(1)",
        "x -> conv2d(2, 2, stride = 2) -> conv_transpose2d(2, 2, stride = 2)",
        "x -> conv2d(2, 3, stride = 2) -> conv_transpose2d(2, 3, stride = 2, padding = 1)",
        "x -> conv_transpose2d(2, 4, stride = [2, 3], padding = 1) -> conv2d(2, 3)",
        "x -> conv_transpose2d(2, 2, stride = 3) -> conv2d(2, 3)",
        "x -> max_pool2d(2) -> upsample(2) -> conv2d(2, 3)",
        "x -> avg_pool2d(2) -> upsample([2, 3]) -> conv2d(2, 2)",
        "x -> conv2d(8, 3) -> pixel_shuffle(2) -> conv2d(1, 2)",
        "x -> avg_pool2d(2) -> upsample(2, mode = \"bilinear\") -> conv2d(2, 3)",
        "x -> crop([30, 20], at = [2, 5]) -> conv2d(2, 3)",
        "reverse(x, over = last) -> conv2d(2, [1, 3], padding = [[0, 0], [2, 0]], stride = 2)",
        "x -> conv2d(6, 3) -> local_response_norm(3)",
        "cumsum(x -> conv2d(6, 3), axis = channel) -> conv2d(2, 3)",
        "x -> dense_block(2, growth = 2, width = 1)",
        "x -> inverted_residual(2, stride = 2)",
        "x -> basic_block(2) -> basic_block(2, stride = 2)",
        "x -> inception(1, 1, 1, 1, 1, 1)",
        "[x -> conv2d(1, 3, padding = 1) -> max_pool2d(2) -> conv2d(2, 3, padding = 1) ->"
            + " conv_transpose2d(1, 2, stride = 2), x] -> concat(axis = channel) -> conv2d(1, 3)",
      })
  void isWhatMoves(String expression) {
    var seen = new Seen(expression);
    ModelSummary.ReceptiveField field = seen.field();
    for (int axis = 0; axis < 2; axis++) {
      boolean[][] moves = seen.moves(axis);
      int largest = 0;
      int inside = 0;
      int first = -1;
      int last = -1;
      for (int o = 0; o < moves.length; o++) {
        int low = low(moves[o]);
        int high = high(moves[o]);
        largest = Math.max(largest, high - low + 1);
        if (low > 0 && high < moves[o].length - 1 && high >= low) {
          inside++;
          first = first < 0 ? o : first;
          last = o;
        }
      }
      assertThat((long) largest)
          .as(expression + " along " + axis)
          .isEqualTo(field.size().get(axis));
      assertThat(inside).as("elements away from the border").isGreaterThan(4);
      double slope = Math.abs((double) low(moves[last]) - low(moves[first])) / (last - first);
      assertThat(field.stride().get(axis).orElseThrow())
          .as("stride of " + expression)
          .isCloseTo(slope, within(2.0 / (last - first)));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x -> conv2d(2, 3) -> global_avg_pool2d",
        "x -> squeeze_excite(1)",
        "x -> group_norm(1)",
        "x -> conv2d(2, 3, stride = 2) -> flatten -> dense(3)",
      })
  void someSeeEverything(String expression) {
    ModelSummary.ReceptiveField field = new Seen(expression).field();
    assertThat(field.size().get(0)).isBetween(H - 1L, (long) H);
    assertThat(field.size().get(1)).isBetween(W - 1L, (long) W);
    assertThat(field.stride()).containsOnly(Optional.empty());
  }

  @Test
  void aFlattenedElementSeesWhatItSaw() {
    ModelSummary.ReceptiveField field =
        new Seen("x -> conv2d(2, 3) -> avg_pool2d(2) -> flatten").field();
    assertThat(field.size()).containsExactly(4L, 4L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x -> adaptive_avg_pool2d(5)", "x -> adaptive_max_pool2d([5, 7])"})
  void unevenWindowsCountTheLargest(String expression) {
    var seen = new Seen(expression);
    for (int axis = 0; axis < 2; axis++) {
      long largest = 0;
      for (boolean[] moved : seen.moves(axis)) {
        largest = Math.max(largest, high(moved) - low(moved) + 1);
      }
      assertThat(seen.field().size().get(axis)).isEqualTo(largest);
    }
  }

  @Test
  void theFormulaOfLeNet() {
    // r' = r + (k - 1) * j, j' = j * s.
    Checked c =
        Models.compile(
            """
            model M {
                input image: f32[1, 32, 32]
                output y = image -> conv2d(6, 5) -> avg_pool2d(2) -> conv2d(16, 5) -> avg_pool2d(2)
                    -> conv2d(120, 5)
            }
            """);
    assertThat(c.summary().layers().stream().map(l -> l.field().orElseThrow().size().getFirst()))
        .containsExactly(5L, 6L, 14L, 16L, 32L);
    assertThat(
            c.summary().layers().stream()
                .map(l -> l.field().orElseThrow().stride().getFirst().orElseThrow()))
        .containsExactly(1.0, 2.0, 2.0, 4.0, 4.0);
  }

  @Test
  void withoutWindowsThereIsNoImage() {
    for (String input : List.of("f32[4]", "f32[9, 4]")) {
      Checked c = Models.compile("model M { input x: " + input + ";  output y = x -> dense(2) }");
      assertThat(c.summary().layers().getFirst().field()).isEmpty();
    }
  }

  private static int low(boolean[] moved) {
    int i = 0;
    while (i < moved.length && !moved[i]) {
      i++;
    }
    return i;
  }

  private static int high(boolean[] moved) {
    int i = moved.length - 1;
    while (i >= 0 && !moved[i]) {
      i--;
    }
    return i;
  }

  /** A small network, run by the interpreter. */
  private static final class Seen {
    private final Checked checked;
    private final Map<String, Tensor> weights;
    private final Random random = new Random(3);

    Seen(String expression) {
      checked =
          Models.compile(
              "model M { input x: f32[2, %d, %d]\n output y = %s\n }".formatted(H, W, expression));
      weights = new HashMap<>();
      // Above 0, so that no activation is flat and no sum cancels.
      checked
          .program()
          .entry("infer")
          .arguments()
          .forEach(
              a -> {
                long[] shape = a.value().type().shape().evaluate(_ -> 1);
                int count = 1;
                for (long n : shape) {
                  count *= (int) n;
                }
                weights.put(
                    a.name(),
                    Tensor.of(DType.F32, shape, random.doubles(count, 0.01, 0.1).toArray()));
              });
    }

    ModelSummary.ReceptiveField field() {
      List<ModelSummary.Layer> layers = checked.summary().layers();
      return layers.getLast().field().orElseThrow();
    }

    /** Whether an element at place o of the axis moves with pixels at place i. */
    boolean[][] moves(int axis) {
      int size = axis == 0 ? H : W;
      Tensor still = run(image(axis, -1));
      int places = (int) still.shape()[2 + axis];
      var moves = new boolean[places][size];
      for (int i = 0; i < size; i++) {
        double[] moved = run(image(axis, i)).data();
        int across = (int) still.shape()[3];
        int down = (int) still.shape()[2];
        for (int e = 0; e < moved.length; e++) {
          int place = axis == 0 ? e / across % down : e % across;
          moves[place][i] |= moved[e] != still.data()[e];
        }
      }
      return moves;
    }

    private Tensor run(Tensor image) {
      weights.put("x", image);
      return Models.run(checked, "infer", weights).get("y");
    }

    /** Pixels that grow slowly, and at one place of the axis are far greater. */
    private static Tensor image(int axis, int disturbed) {
      var x = new double[2 * H * W];
      for (int i = 0; i < x.length; i++) {
        int place = axis == 0 ? i / W % H : i % W;
        x[i] = 0.001 * (i % 97) + (place == disturbed ? 1 : 0);
      }
      return Tensor.of(DType.F32, new long[] {1, 2, H, W}, x);
    }
  }
}
