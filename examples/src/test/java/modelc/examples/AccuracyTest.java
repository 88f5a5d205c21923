package modelc.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import modelc.cli.Main;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The accuracies a practitioner would expect, by the command line, on built-in and real digits,
 * photographs and slices under a microscope. The digits take minutes, ResNet-20 most of an hour.
 */
@Tag("accuracy")
class AccuracyTest {
  private static final Path DATA =
      Reference.FOLDER.toAbsolutePath().getParent().resolve("../shared/data").normalize();

  private static final Path MNIST = DATA.resolve("mnist");
  private static final Path CIFAR = DATA.resolve("cifar10/cifar10-jpg.zip");
  private static final Path MEMBRANE = DATA.resolve("membrane");

  /** How many of the membrane's slices are learned from; the others judge. */
  private static final int LEARNED = 24;

  @TempDir Path folder;

  private static JsonObject json(Object... arguments) {
    PrintStream out = System.out;
    var bytes = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
      String[] args =
          java.util.Arrays.stream(arguments).map(Object::toString).toArray(String[]::new);
      assertThat(Main.run(args)).isZero();
    } finally {
      System.setOut(out);
    }
    String text = bytes.toString(StandardCharsets.UTF_8).strip();
    // Training prints an object a line; the last one tells how it ended.
    String last = arguments[0].equals("train") ? text.substring(text.lastIndexOf('\n') + 1) : text;
    return JsonParser.parseString(last).getAsJsonObject();
  }

  private JsonObject train(String model, Object... more) {
    var arguments =
        new ArrayList<Object>(
            List.of("train", Reference.FOLDER.resolve(model), "--json", "--out", folder));
    arguments.addAll(List.of(more));
    return json(arguments.toArray());
  }

  private static double number(JsonObject o, String part, String name) {
    double value = o.getAsJsonObject(part).get(name).getAsDouble();
    System.err.println(part + " " + name + " " + value);
    return value;
  }

  @Test
  void leNetLearnsTheBuiltInDigitsAndThenReadsMnist() {
    JsonObject result = train("lenet.model");
    assertThat(number(result, "best", "val_accuracy")).isGreaterThanOrEqualTo(0.98);
    assumeTrue(Files.isDirectory(MNIST), "no MNIST in " + MNIST);
    JsonObject mnist =
        json(
            "eval",
            Reference.FOLDER.resolve("lenet.model"),
            "--weights",
            folder.resolve("weights.safetensors"),
            "data=mnist:" + MNIST,
            "--json");
    System.err.println("on MNIST " + mnist);
    assertThat(mnist.get("samples").getAsDouble()).isEqualTo(10_000);
    assertThat(mnist.get("accuracy").getAsDouble()).isGreaterThanOrEqualTo(0.75);
  }

  @Test
  void softmaxRegressionDoesNotManageTheBuiltInDigits() {
    assertThat(number(train("softmax_regression.model"), "best", "val_accuracy"))
        .isBetween(0.7, 0.92);
  }

  @Test
  void leNetReadsMnist() {
    assumeTrue(Files.isDirectory(MNIST), "no MNIST in " + MNIST);
    assertThat(number(train("lenet.model", "data=mnist:" + MNIST), "test", "accuracy"))
        .isGreaterThanOrEqualTo(0.989);
  }

  @Test
  void multilayerPerceptronReadsMnist() {
    assumeTrue(Files.isDirectory(MNIST), "no MNIST in " + MNIST);
    assertThat(number(train("mlp.model", "data=mnist:" + MNIST), "test", "accuracy"))
        .isGreaterThanOrEqualTo(0.975);
  }

  @Test
  void resNetTellsPhotographsApart() {
    assumeTrue(Files.isRegularFile(CIFAR), "no CIFAR-10 in " + CIFAR);
    JsonObject result = train("resnet_cifar.model", "data=image_folder:" + CIFAR, "epochs=30");
    assertThat(number(result, "test", "accuracy")).isGreaterThanOrEqualTo(0.85);
  }

  /** PyTorch learns the same by the same recipe: reference/unet_membrane.py. */
  @Test
  void uNetFindsMembranes() throws IOException {
    assumeTrue(Files.isDirectory(MEMBRANE), "no slices in " + MEMBRANE);
    String learned = slices("learned", 0, LEARNED);
    String judged = slices("judged", LEARNED, 30);
    JsonObject result =
        train(
            "unet.model",
            "--set",
            "padded=true",
            "--set",
            "width=8",
            "--set",
            "size=128",
            "data=" + learned,
            "validation=" + judged + " -> tiles(128)");
    assertThat(number(result, "best", "val_iou")).isGreaterThanOrEqualTo(0.74);
  }

  /** Some slices and their masks, in a folder each. */
  private String slices(String name, int from, int to) throws IOException {
    Path part = folder.resolve(name);
    for (String kind : List.of("image", "label")) {
      Files.createDirectories(part.resolve(kind));
      for (int i = from; i < to; i++) {
        Files.copy(
            MEMBRANE.resolve(kind).resolve(i + ".png"), part.resolve(kind).resolve(i + ".png"));
      }
    }
    return "image_masks(\"%s\", \"%s\")".formatted(part.resolve("image"), part.resolve("label"));
  }
}
