package modelc.cli;

import modelc.frontend.Checked;
import modelc.frontend.Recipe;
import modelc.runtime.DataException;
import picocli.CommandLine.Option;

/** The options shared by the commands that run a compiled model. */
final class RunOptions {
  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads to compute with (default: one a core).")
  int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--json", description = "One JSON object on standard output instead of text.")
  boolean json;

  int threads() {
    return Math.max(1, threads);
  }

  boolean json() {
    return json;
  }

  /** The recipe of the file. */
  Recipe recipe(Checked checked, ModelArguments model) {
    return checked
        .recipe()
        .orElseThrow(
            () ->
                new DataException(
                    "C0101",
                    model.file + " has no recipe: there is no `train` block in it",
                    "add `train "
                        + checked.summary().model()
                        + " { data = ...  loss = ...  optimizer = ... }`"));
  }
}
