package modelc.cli;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import modelc.frontend.Checked;
import modelc.ir.tensor.Program;
import modelc.runtime.ArgumentSpec;
import modelc.runtime.EntrySpec;
import modelc.runtime.Kind;
import modelc.runtime.Model;
import modelc.runtime.Npy;
import modelc.runtime.Predictor;
import modelc.runtime.ResultSpec;
import modelc.runtime.Session;
import modelc.runtime.Tensor;
import modelc.runtime.UsageException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code modelc predict}: runs a trained model over a .npy file of examples, any number of them, in
 * planned batches.
 */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    description = "Runs a model over examples in a .npy file, and writes its output as another.")
final class PredictCommand implements Callable<Integer> {
  /** Of what --partial leaves as it is made: the default of recipes. */
  private static final long INITIAL_SEED = 1;

  @Mixin ModelArguments model;

  @Mixin CacheOption cache;

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "FILE",
      description = "The weights (safetensors, .pt or .pth).")
  Path weights = Path.of("");

  @Mixin WeightOptions names;

  @Option(
      names = "--input",
      required = true,
      paramLabel = "[NAME=]X.NPY",
      description =
          "The examples, the batch axis first; with a name where the model has several inputs.")
  List<String> inputs = List.of();

  @Option(
      names = "--output",
      required = true,
      paramLabel = "[NAME=]Y.NPY",
      description = "Where to write the output; with a name where the model has several.")
  List<String> outputs = List.of();

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads to compute with (default: one a core).")
  int threads = Runtime.getRuntime().availableProcessors();

  @Override
  public Integer call() throws IOException {
    Checked checked = model.load();
    Program program = checked.program().only(List.of("init", "infer"));
    try (Model compiled = cache.compiler().compile(program).load();
        Session session = compiled.open(Math.max(1, threads));
        Arena arena = Arena.ofConfined()) {
      names.load(session, weights, INITIAL_SEED, Talk.standard());
      predict(session, arena);
    }
    return ExitCode.OK.code();
  }

  private void predict(Session session, Arena arena) {
    EntrySpec infer =
        session
            .model()
            .spec()
            .entry("infer")
            .orElseThrow(() -> new AssertionError("no entry infer"));
    List<ArgumentSpec> arguments = infer.arguments(Kind.INPUT);
    Map<String, Path> from =
        named(inputs, arguments.stream().map(ArgumentSpec::name).toList(), "input");
    Map<String, Path> to =
        named(
            outputs, infer.results(Kind.OUTPUT).stream().map(ResultSpec::name).toList(), "output");
    var read = new LinkedHashMap<String, Tensor>();
    for (ArgumentSpec a : arguments) {
      Path file = from.get(a.name());
      if (file == null) {
        throw new UsageException(
            "C0105",
            "input " + a.name() + " is not given",
            "add --input " + a.name() + "=FILE.npy");
      }
      read.put(a.name(), Npy.read(file, arena).as(a.type(), arena));
    }
    Map<String, Tensor> results = new Predictor(session).predict(read, arena);
    to.forEach((name, file) -> Npy.write(file, requireNonNull(results.get(name))));
  }

  private static Map<String, Path> named(List<String> options, List<String> names, String what) {
    var found = new LinkedHashMap<String, Path>();
    for (String option : options) {
      int equals = option.indexOf('=');
      String name =
          equals > 0 ? option.substring(0, equals) : names.size() == 1 ? names.getFirst() : "";
      if (!names.contains(name)) {
        throw new UsageException(
            "C0104",
            name.isEmpty()
                ? "--" + what + " " + option + " does not say which"
                : "there is no " + what + " " + name,
            "write --" + what + " NAME=FILE, with one of " + String.join(", ", names));
      }
      found.put(name, Path.of(option.substring(equals + 1)));
    }
    return found;
  }
}
