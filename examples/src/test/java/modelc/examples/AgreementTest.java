package modelc.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import modelc.compiler.Compiler;
import modelc.compiler.EmulatedDevice;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Value;
import modelc.runtime.Call;
import modelc.runtime.Kind;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole networks against PyTorch from the same weights and batches: outputs in inference, loss,
 * every gradient, and 10 or 20 steps of SGD with momentum and of Adam. Nothing may be farther from
 * PyTorch's float64 run than 4 times its float32 run is.
 */
class AgreementTest {
  private static final Map<String, String> OPTIMIZERS =
      Map.of("sgd", "sgd(lr = %s, momentum = 0.9)", "adam", "adam(lr = 1e-3)");

  /**
   * How many times as far as PyTorch a GPU may be from float64: VGG-16 has a bias whose gradient of
   * 2e-8 all but cancels out, where its order of additions comes to 4.4 times PyTorch's error.
   */
  private static final double GPU_FACTOR = 5;

  /**
   * A network as reference/networks.py has it.
   *
   * @param name of its numbers
   * @param model that reference/networks.model trains
   * @param set the values that make it small
   * @param columns of its data, `name sizes`, in which integers are of as many classes as there are
   */
  record Network(String name, String model, String set, int batch, String... columns) {
    /** How many classes a column of integers has. */
    int classes(String column) {
      String usual = column.equals("mask") ? "2" : "10";
      return Integer.parseInt(settings().getOrDefault("classes", usual));
    }

    Network withBatch(int batch) {
      return new Network(name, model, set, batch, columns);
    }

    Map<String, String> settings() {
      var values = new LinkedHashMap<String, String>();
      for (String s : set.isEmpty() ? new String[0] : set.split(" ")) {
        values.put(s.substring(0, s.indexOf('=')), s.substring(s.indexOf('=') + 1));
      }
      return values;
    }

    List<DataCatalog.Column> catalog() {
      return Arrays.stream(columns).map(Network::column).toList();
    }

    private static DataCatalog.Column column(String text) {
      String[] words = text.split(" ");
      long[] sizes = Arrays.stream(words).skip(1).mapToLong(Long::parseLong).toArray();
      DType type = List.of("label", "mask").contains(words[0]) ? DType.I32 : DType.F32;
      return new DataCatalog.Column(words[0], TensorType.of(type, sizes));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** One of each family: what a change is tested with. */
  static Stream<Network> networks() {
    return Stream.of(
        new Network("softmax_regression", "SoftmaxRegression", "", 16, "image 1 28 28", "label"),
        new Network("mlp", "Mlp", "", 16, "image 1 28 28", "label"),
        new Network("lenet", "LeNet5", "", 16, "image 1 32 32", "label"),
        new Network("mixture", "Mixture", "classes=5", 16, "image 4 15 13", "label"),
        classifier("resnet18", "ResNet", "depth=18 width=4 size=64"),
        classifier("resnet_cifar", "CifarResNet", "width=4 size=16"),
        classifier("vgg16", "VGG", "depth=16 width=4 hidden=24 size=32 rate=0"),
        classifier("alexnet", "AlexNet", "narrow=16 size=67 rate=0"),
        classifier("googlenet_paper", "GoogLeNet", "paper=true narrow=8 size=96 rate=0"),
        new Network(
            "unet_padded",
            "UNet",
            "padded=true channels=3 width=4 size=32",
            4,
            "image 3 32 32",
            "mask 32 32"),
        new Network("autoencoder", "Autoencoder", "noise=0 width=4 code=8", 4, "image 1 28 28"),
        new Network(
            "localizer",
            "Localizer",
            "width=4 hidden=24 size=64 rate=0",
            4,
            "image 3 64 64",
            "label",
            "box 4"),
        classifier("squeezenet", "SqueezeNet", "narrow=8 size=64 rate=0"));
  }

  /** Their larger kin, which take longer to compile. */
  static Stream<Network> largerNetworks() {
    return Stream.of(
        classifier("resnet50", "ResNet", "depth=50 width=4 size=64"),
        classifier("resnet_cifar_convolved", "CifarResNet", "width=4 size=16 convolve=true"),
        classifier(
            "vgg11_normalized", "VGG", "depth=11 normalized=true width=4 hidden=24 size=64 rate=0"),
        classifier("alexnet_one_tower", "AlexNet", "towers=1 narrow=16 size=67 rate=0"),
        classifier("googlenet", "GoogLeNet", "heads=true narrow=8 size=96 rate=0"),
        new Network("unet", "UNet", "width=4 size=188", 2, "image 1 188 188", "mask 4 4"),
        new Network(
            "unet_vgg", "VggUNet", "depth=11 width=4 size=64", 4, "image 3 64 64", "mask 64 64"),
        classifier("mobilenetv2", "MobileNetV2", "width=0.25 last=40 size=64 rate=0"),
        classifier("densenet", "DenseNet", "growth=4 size=64"));
  }

  /** All at full size, in inference. */
  static Stream<Network> fullNetworks() {
    return Stream.of(
        new Network("lenet_full", "LeNet5", "", 1, "image 1 32 32", "label"),
        photographs("resnet18", "ResNet", "depth=18", 224),
        photographs("resnet50", "ResNet", "depth=50", 224),
        photographs("resnet_cifar", "CifarResNet", "", 32),
        photographs("vgg16", "VGG", "depth=16", 224),
        photographs("alexnet", "AlexNet", "", 227),
        photographs("alexnet_one_tower", "AlexNet", "towers=1", 224),
        photographs("googlenet", "GoogLeNet", "heads=true", 224),
        photographs("googlenet_paper", "GoogLeNet", "paper=true", 224),
        photographs("squeezenet", "SqueezeNet", "", 224),
        photographs("mobilenetv2", "MobileNetV2", "", 224),
        photographs("densenet", "DenseNet", "", 224),
        new Network("unet_full", "UNet", "", 1, "image 1 572 572", "mask 388 388"),
        new Network(
            "unet_padded_full",
            "UNet",
            "padded=true channels=3",
            1,
            "image 3 512 512",
            "mask 512 512"),
        new Network("unet_vgg_full", "VggUNet", "", 1, "image 3 224 224", "mask 224 224"),
        new Network("autoencoder_full", "Autoencoder", "", 1, "image 1 28 28"),
        new Network("localizer_full", "Localizer", "", 1, "image 3 128 128", "label", "box 4"));
  }

  private static Network photographs(String name, String model, String set, int size) {
    return new Network(name + "_full", model, set, 1, "image 3 " + size + " " + size, "label");
  }

  private static Network classifier(String name, String model, String set) {
    String size = set.replaceAll(".*size=(\\d+).*", "$1");
    return new Network(
        name, model, "classes=10 " + set, 4, "image 3 " + size + " " + size, "label");
  }

  @ParameterizedTest
  @MethodSource("networks")
  void agreesWithPyTorch(Network network) throws IOException {
    try (var reference = new Reference(network.name())) {
      for (String optimizer : List.of("sgd", "adam")) {
        if (reference.steps(optimizer) > 0) {
          compare(reference, network, optimizer);
        }
      }
      reference.verifyAll();
    }
  }

  @ParameterizedTest
  @MethodSource("largerNetworks")
  @Tag("slow")
  void agreesWithPyTorchToo(Network network) throws IOException {
    agreesWithPyTorch(network);
  }

  @ParameterizedTest
  @MethodSource("fullNetworks")
  @Tag("slow")
  void agreesAtFullSize(Network network) throws IOException {
    try (var reference = new Reference(network.name())) {
      Program program = program(reference, network, "sgd");
      var inference =
          new Program(program.model(), List.of(program.entry("init"), program.entry("infer")));
      try (Model model = new Compiler().compile(inference).load();
          Session session = model.open(2)) {
        prepare(reference, session);
        Call infer = session.call("infer").size("batch", network.batch());
        outputs(reference, network, infer, "infer.");
      }
      reference.verifyAll();
    }
  }

  /** What PyTorch thinks of the same step on the CPU is above. */
  @ParameterizedTest
  @MethodSource("networks")
  void trainsOnAnEmulatedGpuAsOnTheCpu(Network network) throws IOException {
    trainsOnAnEmulatedGpu(network, 3, 2e-5);
  }

  /**
   * The examples that {@link #networks} leaves out, with pixels left to normalise over; the
   * exclusive or is {@code EmulatedCommandTest}'s.
   */
  static Stream<Network> otherExamples() {
    return Stream.of(
        new Network(
            "unet_vgg", "VggUNet", "depth=11 width=2 size=32", 3, "image 3 32 32", "mask 32 32"),
        classifier("mobilenetv2", "MobileNetV2", "width=0.25 last=40 size=48 rate=0"),
        classifier("densenet", "DenseNet", "growth=4 size=64"));
  }

  /** Many layers that normalise over few pixels: roundings grow a hundredfold on their way. */
  @ParameterizedTest
  @MethodSource("otherExamples")
  void trainsDeepNetworksOnAnEmulatedGpuAsOnTheCpu(Network network) throws IOException {
    trainsOnAnEmulatedGpu(network, 3, 2e-3);
  }

  private static void trainsOnAnEmulatedGpu(Network network, long batch, double tolerance)
      throws IOException {
    try (var reference = new Reference(network.name())) {
      Program whole = program(reference, network, "sgd");
      var program = new Program(whole.model(), List.of(whole.entry("init"), whole.entry("train")));
      try (Model gpu = new Compiler().on(new EmulatedDevice(), program);
          Model cpu = new Compiler().compile(program).load();
          Session emulated = gpu.open(1);
          Session usual = cpu.open(1)) {
        for (Session session : List.of(emulated, usual)) {
          prepare(reference, session);
          Call train = session.call("train").size("batch", Math.min(batch, network.batch()));
          step(reference, network, train, 0, 1);
        }
        usual
            .variables(_ -> true)
            .forEach((name, t) -> close(name, t, emulated.variable(name), tolerance));
      }
    }
  }

  static Stream<Network> allNetworks() {
    return Stream.concat(networks(), largerNetworks());
  }

  @ParameterizedTest
  @MethodSource("allNetworks")
  @Tag("slow")
  void agreesWithPyTorchOnAnEmulatedGpu(Network network) throws IOException {
    try (var reference = new Reference(network.name(), GPU_FACTOR)) {
      Program whole = program(reference, network, "sgd");
      var program =
          new Program(
              whole.model(),
              List.of(whole.entry("init"), whole.entry("infer"), gradients(whole.entry("train"))));
      try (Model gpu = new Compiler().on(new EmulatedDevice(), program);
          Session emulated = gpu.open(1)) {
        inferenceAndGradients(reference, network, emulated);
        reference.verify();
      }
    }
  }

  /** Where all of a tensor is less, terms have cancelled and roundings are left. */
  private static final double CANCELLED = 0.1;

  /** Float32 after one step of training, of the largest magnitude of a tensor. */
  private static void close(String name, Tensor expected, Tensor actual, double tolerance) {
    double[] e = Reference.doubles(expected);
    double[] a = Reference.doubles(actual);
    double largest = Arrays.stream(e).map(Math::abs).max().orElse(0);
    double allowed = tolerance * Math.max(largest, CANCELLED);
    for (int i = 0; i < e.length; i++) {
      assertThat(a[i]).as(name + " " + i).isCloseTo(e[i], within(allowed));
    }
  }

  private static void inferenceAndGradients(Reference reference, Network network, Session session) {
    prepare(reference, session);
    outputs(reference, network, session.call("infer"), "infer.");
    Call gradients = session.call("gradients");
    gradients.seed(1);
    outputs(reference, network, gradients, "");
  }

  /** Compares the steps of an optimizer; with the first one also outputs, loss and gradients. */
  private static void compare(Reference reference, Network network, String optimizer)
      throws IOException {
    Program program = program(reference, network, optimizer);
    var entries = new ArrayList<>(program.entries());
    entries.removeIf(e -> e.name().equals("eval"));
    if (optimizer.equals("sgd")) {
      entries.add(gradients(program.entry("train")));
    }
    try (Model model = new Compiler().compile(new Program(program.model(), entries)).load();
        Session session = model.open(2)) {
      if (optimizer.equals("sgd")) {
        inferenceAndGradients(reference, network, session);
      }
      prepare(reference, session);
      steps(reference, network, session, optimizer);
    }
  }

  /** Compares what an entry gives of the first batch. */
  private static void outputs(Reference reference, Network network, Call call, String prefix) {
    columns(reference, call, network, 0);
    call.run();
    for (var r : call.spec().results()) {
      reference.compare(prefix + r.name(), Reference.doubles(call.output(r.name())));
    }
  }

  static Program program(Reference reference, Network network, String optimizer)
      throws IOException {
    var recipe =
        Map.of(
            "batch",
            Integer.toString(network.batch()),
            "optimizer",
            OPTIMIZERS.get(optimizer).formatted(reference.setting("rate")));
    var options = new FrontendOptions(network.settings(), recipe, _ -> network.catalog());
    return Frontend.load(
            Reference.FOLDER.resolve("reference/networks.model"),
            options.withModel(network.model()).withRoot(Reference.FOLDER))
        .program();
  }

  /** The training step cut off before its update: loss, and what the gradient requests ask for. */
  private static Entry gradients(Entry train) {
    var results = new ArrayList<Entry.Result>();
    for (Value v : Graph.topological(train.function().results())) {
      if (v.op() instanceof Op.Gradient g && g.wrt().op() instanceof Op.Parameter p) {
        results.add(
            new Entry.Result("grad." + p.name(), Entry.Kind.OUTPUT, v, OptionalInt.empty()));
        if (results.size() == 1) {
          results.add(new Entry.Result("loss", Entry.Kind.LOSS, g.loss(), OptionalInt.empty()));
        }
      }
    }
    return new Entry("gradients", train.arguments(), results);
  }

  private static void steps(
      Reference reference, Network network, Session session, String optimizer) {
    Call train = session.call("train");
    double[] losses = new double[reference.steps(optimizer)];
    for (int step = 0; step < losses.length; step++) {
      losses[step] = step(reference, network, train, step, losses.length);
    }
    reference.compare(optimizer, losses);
    Map<String, Tensor> kept = session.variables(k -> k == Kind.PARAMETER || k == Kind.STATE);
    kept.forEach((name, t) -> reference.compare(optimizer + "." + name, Reference.doubles(t)));
  }

  /** The loss of step number {@code step}, from 0, of {@code steps}. */
  static double step(Reference reference, Network network, Call train, int step, int steps) {
    train.seed(1);
    columns(reference, train, network, step);
    train.scalar("step", step + 1).scalar("steps", steps).scalar("epoch", 1);
    train.run();
    return train.value("loss");
  }

  static void prepare(Reference reference, Session session) {
    session.init(1);
    reference.fill(session.variables(k -> k == Kind.PARAMETER || k == Kind.STATE));
  }

  /** Fills the columns that a call takes. */
  private static void columns(Reference reference, Call call, Network network, int step) {
    for (var a : call.spec().arguments()) {
      if (a.kind() == Kind.INPUT) {
        reference.column(a.name(), call.input(a.name()), step, network.classes(a.name()));
      }
    }
  }
}
