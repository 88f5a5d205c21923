package modelc.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The command line: finds the command and turns what goes wrong into one message and an exit code.
 * What the commands do is in their own files.
 */
@Command(
    name = "modelc",
    mixinStandardHelpOptions = true,
    version = "modelc 0.1.0-SNAPSHOT",
    description = "Compiles .model files to native code, trains them and runs them.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      NewCommand.class,
      CheckCommand.class,
      FmtCommand.class,
      SummaryCommand.class,
      IrCommand.class,
      TrainCommand.class,
      EvalCommand.class,
      PredictCommand.class,
      ExportCommand.class,
      CompileCommand.class,
      BundleCommand.class,
      DoctorCommand.class,
      CompletionCommand.class
    },
    footer = {
      "",
      "Data goes to standard output, talk to standard error.",
      "Exit codes: 0 ok, 1 the model or the data is wrong, 2 usage, 3 input or output,",
      "4 a limit, 5 not finite, 70 a fault of modelc, 130 interrupted.",
      "",
      "Begin with:  modelc train examples/lenet.model",
      "or with:     modelc new Digits"
    })
public final class Main implements Runnable {

  private Main() {}

  /** Runs the command line and exits with its status. */
  public static void main(String[] args) {
    int code = run(args);
    Interruption.commandEnded();
    System.exit(code);
  }

  /** Runs the command line and gives its exit status. */
  public static int run(String... args) {
    Talk talk = Talk.standard();
    var failures = new Failures(talk, args);
    return commandLine()
        .setExecutionExceptionHandler((e, _, _) -> failures.report(e).code())
        .setParameterExceptionHandler((e, _) -> failures.usage(e).code())
        .execute(args);
  }

  /** All commands, with their help. */
  static CommandLine commandLine() {
    CommandLine main =
        new CommandLine(new Main()).setUsageHelpWidth(80).setAbbreviatedOptionsAllowed(false);
    HelpExamples.addTo(main);
    return main;
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }
}
