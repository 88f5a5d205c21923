package modelc.bundle;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import modelc.runtime.Model;
import modelc.runtime.Session;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code NAME predict}: outputs of examples in {@code .npy} files. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    description = "Runs the model over examples in .npy files, the batch axis first.")
final class PredictCommand implements Callable<Integer> {
  private final Bundled bundled;

  @Mixin RunOptions run;

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "FILE",
      description = "The weights (safetensors).")
  Path weights = Path.of("");

  @Option(
      names = "--input",
      required = true,
      paramLabel = "[NAME=]X.NPY",
      description = "Examples; one for each input, with its name where there are several.")
  List<String> inputs = List.of();

  @Option(
      names = "--output",
      required = true,
      paramLabel = "[NAME=]Y.NPY",
      description = "Where an output goes, with its name where there are several.")
  List<String> outputs = List.of();

  PredictCommand(Bundled bundled) {
    this.bundled = bundled;
  }

  @Override
  public Integer call() {
    try (Model model = bundled.load(run.device);
        Session session = model.open(run.threads())) {
      session.load(weights);
      Examples.predict(session, inputs, outputs);
    }
    return 0;
  }
}
