package modelc.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import modelc.bundle.ExitCode;
import modelc.compiler.Compiler;
import modelc.frontend.Checked;
import modelc.runtime.UsageException;
import modelc.runtime.Variable;
import modelc.runtime.weights.Matching;
import modelc.runtime.weights.Matching.Pair;
import modelc.runtime.weights.Renaming;
import modelc.runtime.weights.WeightFile;
import modelc.runtime.weights.WeightFile.Stored;
import modelc.runtime.weights.Weights;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code modelc export}: writes weights under other names, or lists which names belong together.
 * Nothing is compiled.
 */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description = {
      "Writes weights as safetensors, under the model's names or PyTorch's.",
      "Without -o, lists which tensor of the file is which of the model."
    })
final class ExportCommand implements Callable<Integer> {
  @Mixin ModelArguments model;

  @Mixin WeightOptions matching;

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "FILE",
      description = "The weights (safetensors, .pt or .pth).")
  Path weights = Path.of("");

  @Option(
      names = "--names",
      paramLabel = "WHOSE",
      description = "The names to write: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  Names names = Names.modelc;

  @Option(
      names = "--like",
      paramLabel = "FILE",
      description = "A file of PyTorch's whose names to write, e.g. the untrained module's.")
  Optional<Path> like = Optional.empty();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Where to write them (safetensors).")
  Optional<Path> output = Optional.empty();

  private final Talk talk = Talk.standard();

  /** Whose names are written. */
  enum Names {
    modelc,
    torch
  }

  @Override
  public Integer call() throws IOException {
    if (like.isPresent() && names != Names.torch) {
      throw new UsageException(
          "C0111", "--like gives PyTorch's names", "add --names torch, or leave --like out");
    }
    Checked checked = model.load();
    List<Variable> variables = Compiler.variables(checked.program());
    String name = checked.summary().model();
    Renaming renaming = matching.renaming();
    try (WeightFile file = WeightFile.open(weights)) {
      Matching found = Matching.of(variables, file.tensors(), renaming);
      if (output.isEmpty()) {
        System.out.print(table(found));
        talk.line("%s: %s", weights, found.summary());
        return ExitCode.OK.code();
      }
      found.check(matching.partial, weights, name);
      write(output.get(), name, variables, renaming, file, found);
      talk.line("%s: %s", output.get(), found.summary());
    }
    return ExitCode.OK.code();
  }

  private void write(
      Path out,
      String name,
      List<Variable> variables,
      Renaming renaming,
      WeightFile file,
      Matching found) {
    if (names == Names.modelc) {
      Weights.save(out, name, file, found);
    } else if (like.isEmpty()) {
      Weights.saveForTorch(out, file, found);
    } else {
      try (WeightFile theirs = WeightFile.open(like.get())) {
        Matching likeMatching = Matching.of(variables, theirs.tensors(), renaming);
        likeMatching.check(matching.partial, like.get(), name);
        Weights.saveForTorch(out, file, found, theirs, likeMatching);
      }
    }
  }

  private static String table(Matching found) {
    var table = new Table("model", "shape", "file", "type and shape", "");
    for (Pair p : found.pairs()) {
      table.row(
          p.ours().name(),
          shape(p.ours().shape()),
          p.theirs().name(),
          stored(p.theirs()),
          p.fits() ? "" : "does not fit");
    }
    found.missing().forEach(v -> table.row(v.name(), shape(v.shape()), "-", "", "missing"));
    found.unused().forEach(t -> table.row("-", "", t.name(), stored(t), "unused"));
    found.ignored().forEach(t -> table.row("-", "", t.name(), stored(t), "not needed"));
    return table.toString();
  }

  private static String stored(Stored t) {
    return t.storedType() + shape(t.shape());
  }

  private static String shape(List<Long> shape) {
    return shape.toString().replace(" ", "");
  }
}
