package modelc.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import modelc.compiler.Compiler;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whole networks against PyTorch from the same weights and batches: outputs in inference, loss,
 * every gradient, and 20 steps of SGD with momentum and of Adam. Nothing may be farther from
 * PyTorch's float64 run than 4 times its float32 run is.
 */
class AgreementTest {
  private static final Map<String, String> OPTIMIZERS =
      Map.of("sgd", "sgd(lr = 0.002, momentum = 0.9)", "adam", "adam(lr = 1e-3)");

  @ParameterizedTest
  @CsvSource({
    "mlp, mlp.model, 1x28x28, 10",
    "lenet, lenet.model, 1x32x32, 10",
    "mixture, reference/mixture.model, 4x15x13, 5"
  })
  void agreesWithPyTorch(String network, Path file, String shape, int classes) throws IOException {
    try (var reference = new Reference(network)) {
      firstStep(reference, program(file, shape, "sgd"), classes);
      for (String optimizer : OPTIMIZERS.keySet()) {
        steps(reference, optimizer, program(file, shape, optimizer), classes);
      }
      reference.verify();
    }
  }

  private static Program program(Path file, String shape, String optimizer) throws IOException {
    long[] sizes = java.util.Arrays.stream(shape.split("x")).mapToLong(Long::parseLong).toArray();
    DataCatalog catalog =
        _ ->
            List.of(
                new DataCatalog.Column("image", TensorType.of(DType.F32, sizes)),
                new DataCatalog.Column("label", TensorType.scalar(DType.I32)));
    var recipe =
        Map.of("batch", Integer.toString(Reference.BATCH), "optimizer", OPTIMIZERS.get(optimizer));
    return Frontend.load(
            Reference.FOLDER.resolve(file), new FrontendOptions(Map.of(), recipe, catalog))
        .program();
  }

  private static void firstStep(Reference reference, Program program, int classes) {
    var entries = new ArrayList<>(program.entries());
    entries.add(gradients(program.entry("train")));
    try (Model model = new Compiler().compile(new Program(program.model(), entries)).load();
        Session session = model.open(2)) {
      infer(reference, session);
      Call gradients = prepared(session, "gradients");
      Reference.batch(gradients.input("image"), gradients.input("label"), 0, classes);
      gradients.run();
      for (var r : gradients.spec().results()) {
        reference.compare(r.name(), Reference.doubles(gradients.output(r.name())));
      }
    }
  }

  /**
   * The outputs as a user gets them: running statistics instead of the batch's, nothing dropped.
   */
  private static void infer(Reference reference, Session session) {
    prepare(session);
    Call infer = session.call("infer");
    Reference.images(infer.input("image"), 0);
    infer.run();
    for (var r : infer.spec().results()) {
      reference.compare("infer." + r.name(), Reference.doubles(infer.output(r.name())));
    }
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

  private static void steps(Reference reference, String optimizer, Program program, int classes) {
    try (Model model = new Compiler().compile(program).load();
        Session session = model.open(2)) {
      Call train = prepared(session, "train");
      double[] losses = new double[Reference.STEPS];
      for (int step = 0; step < Reference.STEPS; step++) {
        Reference.batch(train.input("image"), train.input("label"), step, classes);
        train.scalar("step", step + 1).scalar("steps", Reference.STEPS).scalar("epoch", 1);
        train.run();
        losses[step] = train.value("loss");
      }
      reference.compare(optimizer, losses);
      Map<String, Tensor> kept = session.variables(k -> k == Kind.PARAMETER || k == Kind.STATE);
      kept.forEach((name, t) -> reference.compare(optimizer + "." + name, Reference.doubles(t)));
    }
  }

  private static Call prepared(Session session, String entry) {
    prepare(session);
    Call call = session.call(entry);
    call.seed(1);
    return call;
  }

  private static void prepare(Session session) {
    session.init(1);
    Reference.fill(session.variables(k -> k == Kind.PARAMETER || k == Kind.STATE));
  }
}
