package modelc.cli;

import static modelc.cli.Run.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import modelc.runtime.Npy;
import modelc.runtime.Safetensors;
import modelc.runtime.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line as a user meets it: what it prints where, and with which code it ends. */
class CommandLineTest {
  private static final String LENET = Run.EXAMPLES.resolve("lenet.model").toString();

  @TempDir Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("x.model"), text);
  }

  @Test
  void summaryGivesOneJsonObject() {
    Run r = run("summary", LENET, "--json");
    assertThat(r.code()).isZero();
    JsonObject o = r.json();
    assertThat(o.get("model").getAsString()).isEqualTo("LeNet5");
    assertThat(o.getAsJsonObject("parameters").get("total").getAsLong()).isEqualTo(61_706);
    assertThat(o.getAsJsonObject("parameters").get("trainable").getAsLong()).isEqualTo(61_706);
    assertThat(o.get("flops").getAsLong()).isEqualTo(833_040);
    JsonObject conv1 = o.getAsJsonArray("layers").get(0).getAsJsonObject();
    assertThat(conv1.get("name").getAsString()).isEqualTo("conv1");
    assertThat(conv1.get("op").getAsString()).isEqualTo("conv2d");
    assertThat(conv1.get("input").toString()).isEqualTo("[1,32,32]");
    assertThat(conv1.get("output").toString()).isEqualTo("[6,28,28]");
    assertThat(conv1.get("formula").getAsString()).isEqualTo("5*5*1*6 + 6");
    assertThat(conv1.get("line").getAsInt()).isEqualTo(7);
  }

  @Test
  void summaryFollowsModelParameters() {
    JsonObject o = run("summary", LENET, "--set", "classes=100", "--json").json();
    assertThat(o.getAsJsonObject("parameters").get("total").getAsLong())
        .isEqualTo(61_706 + 90 * 85);
  }

  @Test
  void summaryTableShowsEachWindowWithItsNumbers() {
    assertThat(run("summary", LENET).out()).contains("(32 - 5 + 2*0)/1 + 1 = 28", "61,706");
  }

  @Test
  void irHasTextAtEveryStage() {
    for (String stage : List.of("tensor", "grad", "fused", "loops", "llvm", "asm")) {
      Run r = run("ir", LENET, "--stage", stage, "--entry", "train");
      assertThat(r.code()).as(stage + ": " + r.err()).isZero();
      assertThat(r.out()).as(stage).isNotBlank();
    }
    assertThat(run("ir", LENET, "--stage", "tensor", "--entry", "train").out())
        .contains("= gradient(");
    assertThat(run("ir", LENET, "--stage", "grad", "--entry", "train").out())
        .doesNotContain("= gradient(");
    assertThat(run("ir", LENET, "--after", "nothing").code()).isEqualTo(2);
  }

  @Test
  void trainsEvaluatesAndPredicts() {
    Path out = folder.resolve("run");
    Run train =
        run(
            "train",
            LENET,
            "data=digits(count = 640)",
            "epochs=2",
            "--out",
            out,
            "--json",
            "--threads",
            1);
    assertThat(train.code()).as(train.err()).isZero();
    List<JsonObject> lines = train.lines();
    assertThat(lines).hasSize(3);
    assertThat(lines.getFirst().keySet())
        .contains("epoch", "loss", "accuracy", "val_loss", "val_accuracy")
        .contains("seconds", "samples_per_second");
    JsonObject last = lines.getLast();
    assertThat(last.get("done").getAsBoolean()).isTrue();
    assertThat(last.get("steps").getAsLong()).isEqualTo(18);
    assertThat(last.getAsJsonObject("best").get("val_accuracy").getAsDouble()).isBetween(0.1, 1.0);
    assertThat(last.get("step_ms").getAsDouble()).isPositive();
    assertThat(last.get("compile_ms").getAsDouble()).isPositive();
    Path weights = out.resolve("weights.safetensors");
    assertThat(weights).exists();
    assertThat(out.resolve("log.csv")).content().startsWith("epoch,step,loss,accuracy,val_loss");

    Run eval = run("eval", LENET, "--weights", weights, "data=digits(count = 640)", "--json");
    assertThat(eval.code()).as(eval.err()).isZero();
    assertThat(eval.json().get("accuracy").getAsDouble()).isBetween(0.1, 1.0);

    Path x = folder.resolve("x.npy");
    Path y = folder.resolve("y.npy");
    Npy.write(x, Tensor.ofFloats(List.of(70L, 1L, 32L, 32L), new float[70 * 1024]));
    Run predict = run("predict", LENET, "--weights", weights, "--input", x, "--output", y);
    assertThat(predict.code()).as(predict.err()).isZero();
    try (Arena arena = Arena.ofConfined()) {
      Npy.Array read = Npy.read(y, arena);
      assertThat(read.shape()).isEqualTo(List.of(70L, 10L));
    }
  }

  @Test
  void oneStepMovesTheWeightsAlongTheSavedGradients() {
    Path first = folder.resolve("first.safetensors");
    Path init = folder.resolve("init.safetensors");
    Path second = folder.resolve("second.safetensors");
    Path gradients = folder.resolve("g.safetensors");
    Object[] common = {
      "train", LENET, "data=digits(count = 200)", "--steps", 1, "--out", folder, "--json"
    };
    // A rate of 0 leaves the first values.
    Run zero = run(with(common, "optimizer=sgd(lr = 0)", "-o", init));
    assertThat(zero.code()).as(zero.err()).isZero();
    assertThat(zero.lines().getLast().get("steps").getAsInt()).isEqualTo(1);
    assertThat(zero.lines().getLast().get("weights").getAsString()).isEqualTo(init.toString());
    Run one =
        run(with(common, "optimizer=sgd(lr = 0.5)", "-o", first, "--save-gradients", gradients));
    assertThat(one.code()).as(one.err()).isZero();
    assertThat(run(with(common, "optimizer=sgd(lr = 0)", "--init", first, "-o", second)).code())
        .isZero();
    float[] w = floats(init, "fc2.w");
    float[] g = floats(gradients, "fc2.w");
    float[] moved = floats(first, "fc2.w");
    assertThat(floats(second, "fc2.w")).isEqualTo(moved);
    assertThat(g).hasSize(840);
    for (int i = 0; i < w.length; i++) {
      assertThat(moved[i]).isCloseTo(w[i] - 0.5f * g[i], within(1e-6f));
    }
    assertThat(moved).isNotEqualTo(w);
  }

  private static Object[] with(Object[] arguments, Object... more) {
    return Stream.concat(Arrays.stream(arguments), Arrays.stream(more)).toArray();
  }

  private static float[] floats(Path file, String name) {
    try (Arena arena = Arena.ofConfined();
        Safetensors weights = Safetensors.open(file)) {
      return weights.read(weights.entry(name).orElseThrow(), arena).floats();
    }
  }

  /** Tallies: sums over the whole set, the smaller last batch included, whatever the batches. */
  @Test
  void quotientsAndTablesAreThoseOfTheWholeSet() throws IOException {
    Path model =
        file(
            """
            model M {
                input image: f32[1, 28, 28]
                output logits = image -> flatten -> a: dense(10)
            }
            train M {
                data = digits(count = 300)
                validation = 0.3
                loss = cross_entropy(logits, label)
                metrics = [accuracy(logits, label), iou(logits, label), confusion(logits, label)]
                optimizer = sgd(lr = 0.01)
                epochs = 2
                stop = early(monitor = val_iou)
            }
            """);
    Path whole = folder.resolve("whole");
    Path halves = folder.resolve("halves");
    Run once = run("train", model, "--json", "--threads", 1, "--out", whole);
    assertThat(once.code()).as(once.err()).isZero();
    assertThat(run("train", model, "--json", "--threads", 1, "--steps", 6, "--out", halves).code())
        .isZero();
    Run rest = run("train", model, "--json", "--threads", 1, "--resume", "--out", halves);
    JsonObject expected = once.lines().get(1);
    JsonObject resumed = rest.lines().getFirst();
    for (String key : List.of("loss", "iou", "iou_per_class", "confusion", "val_confusion")) {
      assertThat(resumed.get(key)).as(key).isEqualTo(expected.get(key));
    }
    Object weights = whole.resolve("weights.safetensors");
    Run large = run("eval", model, "--weights", weights, "batch=64", "--json");
    Run small = run("eval", model, "--weights", weights, "batch=7", "--json");
    JsonObject e = large.json();
    assertThat(small.json().get("confusion")).isEqualTo(e.get("confusion"));
    assertThat(small.json().get("iou")).isEqualTo(e.get("iou"));
    checkAgainstConfusion(e);
    String table = run("eval", model, "--weights", weights).out();
    assertThat(table).contains("iou_per_class", "confusion");
  }

  private static void checkAgainstConfusion(JsonObject e) {
    double[][] counts = new Gson().fromJson(e.get("confusion"), double[][].class);
    double total = 0;
    double right = 0;
    double iou = 0;
    for (int i = 0; i < 10; i++) {
      double union = -counts[i][i];
      for (int j = 0; j < 10; j++) {
        total += counts[i][j];
        union += counts[i][j] + counts[j][i];
      }
      right += counts[i][i];
      iou += counts[i][i] / union / 10;
    }
    assertThat(total).isEqualTo(e.get("samples").getAsDouble());
    assertThat(e.get("accuracy").getAsDouble()).isCloseTo(right / total, within(1e-6));
    assertThat(e.get("iou").getAsDouble()).isCloseTo(iou, within(1e-9));
  }

  @Test
  void theDoctorFindsWhatTheTestsNeed() {
    Run r = run("doctor");
    assertThat(r.code()).as(r.out()).isZero();
    assertThat(r.out()).contains("java", "llvm", "processor", "memory", "gpu", "cache");
  }

  @Test
  void aMissingDeviceIsToldWithItsCure() {
    Run wrong = run("eval", LENET, "--weights", "w", "--device", "gpu");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.err()).contains("error[C0121]: there is no device gpu", "--device cuda");

    Run missing = run("train", LENET, "--device", "cuda:99", "--out", folder.resolve("run"));
    assertThat(missing.code()).isEqualTo(3);
    // No driver, no GPU at all, or none of that number.
    assertThat(missing.err()).containsPattern("error\\[R090[136]\\]: .*\n  = help: .*");
  }

  @Test
  void thePrecisionIsForGpusAndACpuSaysSo() {
    Run ptx = run("ir", LENET, "--stage", "ptx", "--entry", "infer", "precision=bf16");
    assertThat(ptx.code()).as(ptx.err()).isZero();
    assertThat(ptx.out())
        .contains("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", "cvt.rn.bf16x2.f32");

    Run train =
        run("train", LENET, "--steps", "1", "precision=tf32", "--out", folder.resolve("run"));
    assertThat(train.code()).as(train.err()).isZero();
    assertThat(train.out() + train.err()).contains("precision = tf32 is for GPUs");
  }

  @Test
  void aNewModelTrainsAsItIs() throws IOException {
    Path written = Path.of("zebra_crossing.model");
    try {
      assertThat(run("new", "zebra_Crossing").code()).isZero();
      Run again = run("new", "zebra_Crossing");
      assertThat(again.code()).isEqualTo(2);
      assertThat(again.err()).contains("C0113");
      Run train =
          run("train", written, "data=digits(count = 200)", "epochs=1", "--out", folder, "--json");
      assertThat(train.code()).as(train.err()).isZero();
    } finally {
      Files.deleteIfExists(written);
    }
    assertThat(run("new", "1st").code()).isEqualTo(2);
  }

  @Test
  void aBrokenFileIsOneMessageWithPlaceAndCode() throws IOException {
    Run r =
        run("check", file("model M {\n    input x: f32[4]\n    output y = x -> densee(3)\n}\n"));
    assertThat(r.code()).isEqualTo(1);
    assertThat(r.out()).isEmpty();
    assertThat(r.err()).contains("error[E", "x.model:3", "densee", "dense");
  }

  @Test
  void oneOfSeveralModelsIsChosenByName() throws IOException {
    Path two =
        file(
            "model A { input x: f32[4];  output y = x -> dense(3) }\n"
                + "model B { input x: f32[4];  output y = x -> dense(5) }\n");
    assertThat(run("check", two).code()).isEqualTo(1);
    assertThat(run("check", two).err()).contains("E0411");
    Run b = run("check", two, "--model", "B");
    assertThat(b.code()).as(b.err()).isZero();
    assertThat(b.out()).contains("B is right: 25 parameters");
    assertThat(run("check", two, "--model", "C").code()).isEqualTo(1);
  }

  @Test
  void usageMistakesEndWithTwo() {
    assertThat(run("summary").code()).isEqualTo(2);
    assertThat(run("sumary", LENET).code()).isEqualTo(2);
    assertThat(run("train", LENET, "nonsense").code()).isEqualTo(2);
    assertThat(run("ir", LENET, "--stage", "soup").code()).isEqualTo(2);
  }

  @Test
  void missingFilesEndWithThree() {
    Run model = run("check", folder.resolve("absent.model"));
    assertThat(model.code()).isEqualTo(3);
    assertThat(model.err()).contains("absent.model");
    Run weights = run("eval", LENET, "--weights", folder.resolve("absent.safetensors"));
    assertThat(weights.code()).isEqualTo(3);
    assertThat(run("train", LENET, "data=mnist:" + folder, "--out", folder.resolve("r")).code())
        .isIn(1, 3);
  }

  @Test
  void anUnknownRecipeKeyIsRefusedWithASuggestion() {
    Run r = run("check", LENET, "epoch=3");
    assertThat(r.code()).isEqualTo(1);
    assertThat(r.err()).contains("epochs");
  }

  @Test
  void aStepThatIsNotFiniteStopsTheRunWithFive() {
    Run r =
        run(
            "train",
            LENET,
            "data=digits(count = 640)",
            "optimizer=sgd(lr = 3e38)",
            "--out",
            folder.resolve("run"));
    assertThat(r.code()).as(r.err()).isEqualTo(5);
  }
}
