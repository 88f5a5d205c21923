package modelc.bundle;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import modelc.data.DataSet;
import modelc.runtime.Evaluator;
import modelc.runtime.Model;
import modelc.runtime.Session;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code NAME eval}: loss and metrics of weights. */
@Command(
    name = "eval",
    mixinStandardHelpOptions = true,
    description = "Loss and metrics on the test split of the data, or its validation split.")
final class EvalCommand implements Callable<Integer> {
  private final Bundled bundled;

  @Mixin RunOptions run;

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "FILE",
      description = "The weights (safetensors).")
  Path weights = Path.of("");

  EvalCommand(Bundled bundled) {
    this.bundled = bundled;
  }

  @Override
  public Integer call() {
    Settings settings = bundled.settings(run.data);
    DataSet judged = settings.open().judged();
    try (Model model = bundled.load(run.device);
        Session session = model.open(run.threads())) {
      session.load(weights);
      System.out.println(
          RunOptions.numbers(new Evaluator(session).evaluate(judged, settings.batch()))
              + "  on "
              + judged.size()
              + " samples");
    }
    return 0;
  }
}
