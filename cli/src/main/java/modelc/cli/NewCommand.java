package modelc.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import modelc.bundle.ExitCode;
import modelc.runtime.UsageException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code modelc new}: writes a first model to begin from. It overwrites nothing. */
@Command(
    name = "new",
    mixinStandardHelpOptions = true,
    description = "Writes NAME.model: a small network that trains as it is, to begin from.")
final class NewCommand implements Callable<Integer> {
  private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]*");

  /** What the file holds; it is a test that it trains. */
  private static final String TEMPLATE =
      """
      // %1$s: pictures of handwritten digits in, ten scores out.
      // Look at it with `modelc summary %2$s`, train it with `modelc train %2$s`.

      model %1$s(hidden: int = 64, classes: int = 10) {
          input image: f32[1, 28, 28]                    // of one example: the batch axis is implied

          output logits = image -> flatten
              -> hidden: dense(hidden) -> relu
              -> out: dense(classes)
      }

      train %1$s {
          data       = digits()                          // or mnist("dir"), image_folder("dir"), csv("file", ...)
          validation = 0.1
          loss       = cross_entropy(logits, label)
          metrics    = accuracy(logits, label)
          optimizer  = adam(lr = 1e-3)
          batch      = 64
          epochs     = 5
      }
      """;

  @Parameters(paramLabel = "NAME", description = "The model's name; the file goes by it too.")
  String name = "";

  @Override
  public Integer call() throws IOException {
    if (!NAME.matcher(name).matches()) {
      throw new UsageException(
          "C0112",
          "a model cannot be called `" + name + "`",
          "use letters, digits and _, a letter first: `modelc new Digits`");
    }
    Path file = Path.of(name.toLowerCase(Locale.ROOT) + ".model");
    String model = name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    try {
      Files.writeString(file, TEMPLATE.formatted(model, file), StandardOpenOption.CREATE_NEW);
    } catch (FileAlreadyExistsException e) {
      throw new UsageException(
          "C0113", file + " is there already, and is left as it is", "choose another name", e);
    }
    System.out.println(file);
    Talk.standard().line("train it:  modelc train %s", file);
    return ExitCode.OK.code();
  }
}
