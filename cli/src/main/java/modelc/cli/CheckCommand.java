package modelc.cli;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import modelc.bundle.ExitCode;
import modelc.frontend.Checked;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code modelc check}: reads and checks a file, its shapes and its recipe, and says what is wrong.
 */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = "Checks a file: syntax, shapes, recipe. Compiles nothing.")
final class CheckCommand implements Callable<Integer> {
  @Mixin ModelArguments model;

  @Override
  public Integer call() throws IOException {
    Checked checked = model.load();
    System.out.println(
        Columns.wrapped(
            String.format(
                Locale.ROOT,
                "%s: %s is right: %,d parameters%s",
                model.file,
                checked.summary().model(),
                checked.summary().totalParameters(),
                checked.recipe().isPresent() ? ", with a recipe" : "")));
    return ExitCode.OK.code();
  }
}
