package modelc.bundle;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import modelc.runtime.ModelcException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The program of a bundle: {@code NAME train}, {@code eval}, {@code predict}, {@code check}, {@code
 * bench}. Its launcher gives the model's place as the first argument.
 */
@Command(
    mixinStandardHelpOptions = true,
    description = "Trains and runs a compiled model; nothing else has to be installed.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Exit codes: 0 ok, 1 the data is wrong, 2 usage, 3 input, output or a device,",
      "4 a limit, 5 not finite, 70 a fault of modelc."
    })
public final class Main implements Runnable {
  private Main() {}

  /** Runs a command and exits with its status. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  /**
   * Runs a command and gives its exit status.
   *
   * @param args the place of the model: that of its library without {@code .so}; then the command
   */
  public static int run(String... args) {
    var bundled = new Bundled(Path.of(args[0]));
    var line = new CommandLine(new Main()).setCommandName(bundled.name());
    line.addSubcommand("train", new TrainCommand(bundled));
    line.addSubcommand("eval", new EvalCommand(bundled));
    line.addSubcommand("predict", new PredictCommand(bundled));
    line.addSubcommand("check", new CheckCommand(bundled));
    line.addSubcommand("bench", new BenchCommand(bundled));
    line.setExecutionExceptionHandler((e, _, _) -> report(e));
    return line.execute(Arrays.copyOfRange(args, 1, args.length));
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }

  private static int report(Exception failure) {
    return switch (failure) {
      case ModelcException e -> {
        System.err.println(e.render());
        yield ExitCode.of(e).code();
      }
      case UncheckedIOException e -> file(requireNonNull(e.getCause()));
      case IOException e -> file(e);
      default -> {
        failure.printStackTrace();
        yield ExitCode.INTERNAL.code();
      }
    };
  }

  private static int file(IOException failure) {
    System.err.println("error: " + FileProblem.of(failure));
    return ExitCode.IO.code();
  }
}
