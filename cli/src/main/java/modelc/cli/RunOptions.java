package modelc.cli;

import java.util.Optional;
import modelc.data.DataSet;
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

  @Option(
      names = "--data-threads",
      paramLabel = "N",
      description =
          "Threads to read data with (default: one a core where pictures are decoded or augmented,"
              + " else 1).")
  Optional<Integer> dataThreads = Optional.empty();

  @Option(names = "--json", description = "One JSON object on standard output instead of text.")
  boolean json;

  int threads() {
    return Math.max(1, threads);
  }

  /** Beyond so many, memory for the batches they fill costs more than they bring. */
  private static final int MAX_DATA_THREADS = 8;

  /** How many threads read {@code data}; those that wait for work cost nothing. */
  int dataThreads(DataSet data) {
    int cores = Runtime.getRuntime().availableProcessors();
    return Math.max(1, dataThreads.orElse(data.costly() ? Math.min(cores, MAX_DATA_THREADS) : 1));
  }

  boolean json() {
    return json;
  }

  /** The recipe of the file. */
  static Recipe recipe(Checked checked, ModelArguments model) {
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
