package modelc.bench;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.tensor.Program;
import modelc.runtime.Call;
import modelc.runtime.Kind;
import modelc.runtime.Session;
import modelc.runtime.Tensor;

/** The training steps that benchmarks measure, over random data. It measures nothing itself. */
final class Steps {
  private static final String TRAIN =
      """

      train %s {
          data      = random()
          loss      = cross_entropy(logits, label)
          optimizer = sgd(lr = 0.01, momentum = 0.9)
          batch     = %d
      }
      """;

  private Steps() {}

  /** A network of {@code examples/}, by the name of its file. */
  static Program program(String network, int batch) throws IOException {
    Path file = Path.of("examples", network + ".model");
    long[] image =
        switch (network) {
          case "lenet" -> new long[] {1, 32, 32};
          case "resnet_cifar" -> new long[] {3, 32, 32};
          case "resnet" -> new long[] {3, 224, 224};
          default -> new long[] {1, 28, 28};
        };
    DataCatalog catalog = catalog(image);
    String text = Files.readString(file);
    if (text.contains("\ntrain ")) {
      var recipe =
          Map.of("batch", Integer.toString(batch), "optimizer", "sgd(lr = 0.01, momentum = 0.9)");
      return Frontend.load(file, new FrontendOptions(Map.of(), recipe, catalog)).program();
    }
    int model = text.indexOf("\nmodel ") + "\nmodel ".length();
    String name = text.substring(model, text.indexOf('(', model)).strip();
    return Frontend.load(
            file.toString(), text + TRAIN.formatted(name, batch), FrontendOptions.of(catalog))
        .program();
  }

  private static DataCatalog catalog(long... image) {
    return _ ->
        List.of(
            new DataCatalog.Column("image", TensorType.of(DType.F32, image)),
            new DataCatalog.Column("label", TensorType.scalar(DType.I32)));
  }

  /** The classifier in a file that has a recipe, for labelled images of that size. */
  static Program classifier(
      Path file, long[] image, Map<String, String> set, Map<String, String> recipe)
      throws IOException {
    return Frontend.load(file, new FrontendOptions(set, recipe, catalog(image))).program();
  }

  /** ResNet-18 for batches of up to {@code batch} images of 224x224. */
  static Program resnet18(int batch) throws IOException {
    return classifier(
        Path.of("examples", "resnet.model"),
        new long[] {3, 224, 224},
        Map.of("depth", "18"),
        Map.of("batch", Integer.toString(batch)));
  }

  /** A call of the training entry over fixed random data. */
  static Call prepare(Session session) {
    session.init(1);
    Call step = session.call("train");
    fill(step);
    step.seed(1);
    step.scalar("step", 1).scalar("steps", 1000).scalar("epoch", 1);
    return step;
  }

  /** A call of the inference entry over a batch of fixed random data. */
  static Call inference(Session session, int batch) {
    session.init(1);
    Call call = session.call("infer").size("batch", batch);
    fill(call);
    return call;
  }

  /** Random inputs, the same each time. */
  static void fill(Call step) {
    var random = new Random(1);
    for (var a : step.spec().arguments(Kind.INPUT)) {
      Tensor t = step.input(a.name());
      for (long i = 0; i < t.elements(); i++) {
        switch (t.type()) {
          case F32 -> t.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat());
          case I32 -> t.data().setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(10));
          default -> throw new IllegalStateException("no random data of type " + t.type());
        }
      }
    }
  }

  /** Milliseconds a call, over {@code count} of them. */
  static double time(Call call, int count) {
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      call.run();
    }
    return (System.nanoTime() - start) / 1e6 / count;
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
