package modelc.bundle;

import java.nio.file.Path;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** What the commands of a bundle take. */
final class RunOptions {
  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "What computes: cpu (default), cuda, or cuda:1, the second GPU.")
  String device = "cpu";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads to compute with on the CPU (default: one a core).")
  int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Where relative paths of the recipe's data start (default: here).")
  Path data = Path.of("");

  int threads() {
    return Math.max(1, threads);
  }

  /** Names and numbers on one line. */
  static String numbers(SequencedMap<String, Double> metrics) {
    return metrics.entrySet().stream()
        .map(e -> String.format(Locale.ROOT, "%s %.4f", e.getKey(), e.getValue()))
        .collect(Collectors.joining("  "));
  }
}
