package modelc.cli;

import static modelc.cli.Run.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import modelc.runtime.ElementType;
import modelc.runtime.Npy;
import modelc.runtime.Safetensors;
import modelc.runtime.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights under PyTorch's names, by the commands that take them. */
class WeightsCommandTest {
  @TempDir Path folder;

  private Path model;
  private Path input;

  @BeforeEach
  void write() throws IOException {
    model =
        Files.writeString(
            folder.resolve("net.model"),
            """
            model Net(classes: int = 2) {
                input x: f32[4]
                output y = x -> body: dense(3) -> norm: batch_norm() -> relu -> head: dense(classes)
            }
            """);
    input = folder.resolve("x.npy");
    Npy.write(input, tensor(1, 5, 4));
  }

  private static Tensor tensor(int seed, long... shape) {
    var random = new Random(seed);
    long count = java.util.Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    float[] values = new float[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() + 0.1f;
    }
    return Tensor.ofFloats(java.util.Arrays.stream(shape).boxed().toList(), values);
  }

  /** A file of the network's weights, the head called {@code head}. */
  private Path torchNames(String head, String prefix) {
    var tensors = new LinkedHashMap<String, Tensor>();
    tensors.put(prefix + "body.weight", tensor(2, 3, 4));
    tensors.put(prefix + "body.bias", tensor(3, 3));
    tensors.put(prefix + "norm.weight", tensor(4, 3));
    tensors.put(prefix + "norm.bias", tensor(5, 3));
    tensors.put(prefix + "norm.running_mean", tensor(6, 3));
    tensors.put(prefix + "norm.running_var", tensor(7, 3));
    tensors.put(prefix + head + ".weight", tensor(8, 2, 3));
    tensors.put(prefix + head + ".bias", tensor(9, 2));
    Path file = folder.resolve(head + ".safetensors");
    Safetensors.write(file, Map.of(), tensors);
    return file;
  }

  private float[] predict(Object... more) {
    Path y = folder.resolve("y.npy");
    var arguments = new java.util.ArrayList<Object>(List.of("predict", model));
    arguments.addAll(List.of("--input", input, "--output", y, "--threads", 1));
    arguments.addAll(List.of(more));
    Run r = run(arguments.toArray());
    assertThat(r.code()).as(r.err()).isZero();
    try (Arena arena = Arena.ofConfined()) {
      return Npy.read(y, arena).as(ElementType.F32, arena).floats();
    }
  }

  @Test
  void weightsArePredictedWithUnderEitherName() {
    float[] expected = predict("--weights", torchNames("head", ""));
    // y = head(relu(norm(body(x)))) in plain loops
    assertThat(expected[0]).isCloseTo(byHand()[0], org.assertj.core.data.Offset.offset(1e-5f));
    assertThat(expected[1]).isCloseTo(byHand()[1], org.assertj.core.data.Offset.offset(1e-5f));
    assertThat(predict("--weights", torchNames("fc", "module."), "--map", "module.fc=module.head"))
        .isEqualTo(expected);
    Path own = folder.resolve("own.safetensors");
    Run export =
        run("export", model, "--weights", torchNames("fc", ""), "--map", "fc=head", "-o", own);
    assertThat(export.code()).as(export.err()).isZero();
    assertThat(predict("--weights", own)).isEqualTo(expected);
    Path back = folder.resolve("back.safetensors");
    Run torch = run("export", model, "--weights", own, "--names", "torch", "-o", back);
    assertThat(torch.code()).as(torch.err()).isZero();
    try (var file = Safetensors.open(back)) {
      assertThat(file.entry("norm.running_var")).isPresent();
      assertThat(file.entry("norm.num_batches_tracked")).isPresent();
      assertThat(file.entries()).hasSize(9);
    }
    assertThat(predict("--weights", back)).isEqualTo(expected);
  }

  private static float[] byHand() {
    float[] x = tensor(1, 5, 4).floats();
    float[] h = new float[3];
    for (int j = 0; j < 3; j++) {
      float sum = tensor(3, 3).floats()[j];
      for (int k = 0; k < 4; k++) {
        sum += tensor(2, 3, 4).floats()[4 * j + k] * x[k];
      }
      double normal = (sum - tensor(6, 3).floats()[j]) / Math.sqrt(tensor(7, 3).floats()[j] + 1e-5);
      h[j] = (float) Math.max(0, normal * tensor(4, 3).floats()[j] + tensor(5, 3).floats()[j]);
    }
    float[] y = new float[2];
    for (int j = 0; j < 2; j++) {
      y[j] = tensor(9, 2).floats()[j];
      for (int k = 0; k < 3; k++) {
        y[j] += tensor(8, 2, 3).floats()[3 * j + k] * h[k];
      }
    }
    return y;
  }

  @Test
  void exportWritesTheNamesOfAGivenFile() {
    Path theirs = torchNames("fc", "");
    Path out = folder.resolve("out.safetensors");
    Run r =
        run(
            "export",
            model,
            "--weights",
            theirs,
            "--map",
            "fc=head",
            "--names",
            "torch",
            "--like",
            theirs,
            "-o",
            out);
    assertThat(r.code()).as(r.err()).isZero();
    try (var file = Safetensors.open(out)) {
      assertThat(file.entry("fc.weight")).isPresent();
      assertThat(file.entry("head.weight")).isEmpty();
      assertThat(file.entries()).hasSize(8);
    }
    assertThat(run("export", model, "--weights", theirs, "--like", theirs).code()).isEqualTo(2);
  }

  @Test
  void exportWithoutOutputListsTheNames() {
    Run r = run("export", model, "--weights", torchNames("fc", ""));
    assertThat(r.code()).isZero();
    assertThat(r.out().lines())
        .anyMatch(l -> l.matches("body\\.w +\\[3,4\\] +body\\.weight +f32\\[3,4\\]"))
        .anyMatch(l -> l.matches("head\\.w +\\[2,3\\] +- +missing"))
        .anyMatch(l -> l.matches("- +fc\\.weight +f32\\[2,3\\] +unused"));
    assertThat(r.err()).contains("6 tensors fit");
  }

  @Test
  void whatDoesNotFitIsRefusedUnlessPartial() {
    Path theirs = torchNames("fc", "");
    Run strict =
        run("predict", model, "--weights", theirs, "--input", input, "--output", folder + "/y.npy");
    assertThat(strict.code()).isEqualTo(1);
    assertThat(strict.err())
        .contains("R0202", "6 of 8 fit", "head.w", "fc.weight would fit", "--partial", "--map");
    Run rule = run("export", model, "--weights", theirs, "--map", "fc");
    assertThat(rule.code()).isEqualTo(2);
    assertThat(rule.err()).contains("R0203");
    // Another number of classes: the head keeps its initial values, so the outputs are no others'.
    float[] y = predict("--set", "classes=7", "--weights", theirs, "--partial");
    assertThat(y).hasSize(5 * 7);
    assertThat(predict("--set", "classes=7", "--weights", theirs, "--partial")).isEqualTo(y);
  }

  /** At rate 0 the weights that come out are those that went in; the new head has its own. */
  @Test
  void trainingBeginsWithWhatFits() throws IOException {
    Path lenet = Run.EXAMPLES.resolve("lenet.model");
    Tensor conv1 = tensor(1, 6, 1, 5, 5);
    Path theirs = folder.resolve("theirs.safetensors");
    Safetensors.write(
        theirs, Map.of(), Map.of("net.conv1.weight", conv1, "net.fc2.weight", tensor(2, 1000, 84)));
    Path out = folder.resolve("out.safetensors");
    Run r =
        run(
            "train",
            lenet,
            "data=digits(count = 64)",
            "optimizer=sgd(lr = 0)",
            "validation=0",
            "stop=none",
            "--steps",
            1,
            "--init",
            theirs,
            "--map",
            "net.conv1=conv1",
            "--map",
            "net.fc2=fc2",
            "--partial",
            "--out",
            folder.resolve("run"),
            "-o",
            out,
            "--threads",
            1);
    assertThat(r.code()).as(r.err()).isZero();
    assertThat(r.err())
        .contains("1 tensors fit, 1 have another shape, 8 of the model are not in the file");
    try (var file = Safetensors.open(out);
        var arena = Arena.ofConfined()) {
      assertThat(file.read(file.entry("conv1.w").orElseThrow(), arena).floats())
          .isEqualTo(conv1.floats());
      assertThat(file.read(file.entry("fc2.w").orElseThrow(), arena).floats())
          .hasSize(840)
          .isNotEqualTo(new float[840]);
    }
  }

  @Test
  void rulesMayStandInAFile() throws IOException {
    Path rules = Files.writeString(folder.resolve("rules.map"), "// the head\nfc = head\n");
    assertThat(predict("--weights", torchNames("fc", ""), "--map-file", rules))
        .isEqualTo(predict("--weights", torchNames("head", "")));
    Run absent =
        run("export", model, "--weights", torchNames("fc", ""), "--map-file", folder + "/none");
    assertThat(absent.code()).isEqualTo(3);
  }
}
