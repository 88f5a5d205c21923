package modelc.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import modelc.runtime.Session;
import modelc.runtime.weights.Matching;
import modelc.runtime.weights.Renaming;
import modelc.runtime.weights.WeightFile;
import modelc.runtime.weights.Weights;
import picocli.CommandLine.Option;

/**
 * The options of the commands that read weights: which of a file's names are which of the model's,
 * and whether all must fit.
 */
final class WeightOptions {
  @Option(
      names = "--map",
      paramLabel = "THEIRS=OURS",
      description = {
        "What a part of the file's names is called in the model, e.g. --map classifier=fc.",
        "May be given several times; docs/weights.md tells what * # and ~ do."
      })
  List<String> rules = List.of();

  @Option(names = "--map-file", paramLabel = "FILE", description = "More such rules, one a line.")
  Optional<Path> ruleFile = Optional.empty();

  @Option(
      names = "--partial",
      description = "Take what fits of the file; the rest of the model keeps its initial values.")
  boolean partial;

  Renaming renaming() throws IOException {
    Renaming given = Renaming.of(rules);
    return ruleFile.isPresent()
        ? given.and(Renaming.ofLines(Files.readAllLines(ruleFile.get())))
        : given;
  }

  /**
   * Gives {@code session} the weights of {@code path}, of any format and under any names.
   *
   * @param seed of the initial values, where the file has none
   */
  void load(Session session, Path path, long seed, Talk talk) throws IOException {
    Renaming renaming = renaming();
    try (WeightFile file = WeightFile.open(path)) {
      if (file.isOwn() && renaming.isEmpty() && !partial) {
        session.load(path);
        return;
      }
      if (partial) {
        session.init(seed);
      }
      Matching matching = Weights.load(session, file, renaming, partial);
      talk.line("%s: %s", path, matching.summary());
      if (!matching.isComplete()) {
        matching.complaints().forEach(c -> talk.line("  %s", c));
      }
    }
  }
}
