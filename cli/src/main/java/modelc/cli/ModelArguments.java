package modelc.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.frontend.Checked;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Program;
import modelc.runtime.UsageException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The arguments that all commands share: the file, its parameters, and replacements of its recipe's
 * keys.
 */
final class ModelArguments {
  @Spec(Spec.Target.MIXEE)
  CommandSpec command;

  @Parameters(index = "0", paramLabel = "FILE", description = "The .model file.")
  Path file;

  @Option(
      names = "--set",
      paramLabel = "NAME=VALUE",
      description = "Set a parameter of the model, e.g. --set classes=100.")
  Map<String, String> set = new LinkedHashMap<>();

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "The model to compile, where the file has several.")
  Optional<String> model = Optional.empty();

  @Option(
      names = "--root",
      paramLabel = "DIR",
      description =
          "The folder that paths in the file must stay in: of imports and data (default: the"
              + " file's).")
  Optional<Path> root = Optional.empty();

  @Parameters(
      index = "1..*",
      paramLabel = "KEY=VALUE",
      description = "Replace a key of the recipe, e.g. epochs=3 batch=32 data=mnist:DIR.")
  List<String> replacements = List.of();

  /** Reads and checks the file. */
  Checked load() throws IOException {
    return load(Optional.empty());
  }

  /** Reads and checks the file, with another largest batch than its own. */
  Checked load(Optional<Long> batch) throws IOException {
    var recipe = new LinkedHashMap<String, String>();
    for (String r : replacements) {
      int equals = r.indexOf('=');
      if (equals < 1) {
        throw new ParameterException(
            command.commandLine(), "`" + r + "` is not of the form KEY=VALUE, e.g. epochs=3");
      }
      recipe.put(r.substring(0, equals), fromHere(r.substring(equals + 1)));
    }
    batch.ifPresent(b -> recipe.put("batch", Long.toString(b)));
    var options = new FrontendOptions(set, recipe, new Catalog(reach()));
    FrontendOptions rooted = root.map(options::withRoot).orElse(options);
    FrontendOptions sized = batch.map(rooted::withMaxBatch).orElse(rooted);
    return Frontend.load(file, model.map(sized::withModel).orElse(sized));
  }

  /** Those entries of the program that are named, or all. */
  Program chosen(Program program, List<String> names) {
    if (names.isEmpty()) {
      return program;
    }
    List<String> known = program.entries().stream().map(Entry::name).toList();
    for (String name : names) {
      if (!known.contains(name)) {
        throw new UsageException(
            "C0107",
            "there is no entry " + name,
            "there are "
                + String.join(", ", known)
                + (name.equals("train") ? "; train and eval need a `train` block" : ""));
      }
    }
    return new Program(
        program.model(), program.entries().stream().filter(e -> names.contains(e.name())).toList());
  }

  /**
   * A source written {@code name:PATH} on the command line means a path from the current folder, as
   * a shell's user expects.
   */
  private static String fromHere(String value) {
    int colon = value.indexOf(':');
    if (colon < 1 || !value.substring(0, colon).chars().allMatch(Character::isJavaIdentifierPart)) {
      return value;
    }
    try {
      Path path = Path.of(value.substring(colon + 1));
      return Files.exists(path) ? value.substring(0, colon + 1) + path.toAbsolutePath() : value;
    } catch (InvalidPathException e) {
      return value;
    }
  }

  /** Where data paths start: the folder of the file. */
  private Path folder() {
    Path parent = file.toAbsolutePath().getParent();
    return parent == null ? Path.of(".").toAbsolutePath() : parent;
  }

  /** Where the paths in the file start, and what they must not lead out of. */
  Datasets.Reach reach() {
    Path folder = folder();
    return new Datasets.Reach(folder, root.map(Path::toAbsolutePath).orElse(folder));
  }
}
