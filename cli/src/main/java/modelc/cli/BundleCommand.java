package modelc.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import modelc.backend.cpu.Machine;
import modelc.bundle.ExitCode;
import modelc.compiler.Libraries;
import modelc.frontend.Checked;
import modelc.frontend.Recipe;
import modelc.ir.tensor.Program;
import modelc.runtime.UsageException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code modelc bundle}: writes a folder that trains and runs a model on a machine that has neither
 * Java nor this compiler.
 */
@Command(
    name = "bundle",
    mixinStandardHelpOptions = true,
    description = {
      "Writes a folder with a program NAME that trains and runs the model on any Linux machine of",
      "this architecture: compiled code for processors and NVIDIA's GPUs, and a Java runtime.",
      "A folder that is a bundle already gets one model more."
    })
final class BundleCommand implements Callable<Integer> {
  @Mixin ModelArguments model;

  @Mixin CacheOption cache;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "DIR",
      description = "The folder.")
  Path output = Path.of("");

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What the program is called (default: the file's name).")
  Optional<String> name = Optional.empty();

  @Option(
      names = "--cpu",
      paramLabel = "CPU",
      description = "The processor: x86-64-v3 (default), x86-64-v4 or native.")
  Optional<String> cpu = Optional.empty();

  @Option(
      names = "--no-pictures",
      description = "A Java runtime that reads no picture files, which is smaller.")
  boolean noPictures;

  private final Talk talk = Talk.standard();

  @Override
  public Integer call() throws IOException {
    String called = name.orElseGet(() -> stem(model.file));
    if (!called.matches("[A-Za-z0-9_-]+") || List.of("jre", "lib", "models").contains(called)) {
      throw new UsageException(
          "C0122",
          "a program cannot be called " + called,
          "give another with --name: letters, digits, _ and -");
    }
    Checked checked = model.load();
    Recipe recipe = RunOptions.recipe(checked, model);
    Program program = checked.program();
    var folder = new BundleFolder(output);
    folder.prepare(!noPictures);
    Path library = folder.model(called, ".so");
    Libraries.write(
        cache.compiler(machine()).compile(program),
        program,
        Optional.of(cache.compiler(recipe.precision()).forDevices(program).program()),
        library);
    Datasets.settings(recipe, model.reach()).write(folder.model(called, ".json"));
    folder.launcher(called);
    talk.line(
        "%s trains and runs %s; the folder has %.1f MiB",
        output.resolve(called), program.model(), folder.bytes() / (double) (1 << 20));
    return ExitCode.OK.code();
  }

  private Machine machine() {
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return Machine.named(cpu.orElse(arch.equals("amd64") ? "x86-64-v3" : "native"));
  }

  private static String stem(Path file) {
    return String.valueOf(file.getFileName()).replaceFirst("\\.model$", "");
  }
}
