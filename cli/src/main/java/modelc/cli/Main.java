package modelc.cli;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
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
  /** All commands, in the order of the help. */
  private static final SequencedMap<String, Supplier<Callable<Integer>>> COMMANDS =
      new LinkedHashMap<>();

  static {
    COMMANDS.put("new", NewCommand::new);
    COMMANDS.put("check", CheckCommand::new);
    COMMANDS.put("fmt", FmtCommand::new);
    COMMANDS.put("summary", SummaryCommand::new);
    COMMANDS.put("ir", IrCommand::new);
    COMMANDS.put("train", TrainCommand::new);
    COMMANDS.put("eval", EvalCommand::new);
    COMMANDS.put("predict", PredictCommand::new);
    COMMANDS.put("export", ExportCommand::new);
    COMMANDS.put("compile", CompileCommand::new);
    COMMANDS.put("bundle", BundleCommand::new);
    COMMANDS.put("doctor", DoctorCommand::new);
    COMMANDS.put("completion", CompletionCommand::new);
  }

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
    // Looking at the options of all commands takes a tenth of a second that one alone does not.
    Supplier<Callable<Integer>> named = args.length == 0 ? null : COMMANDS.get(args[0]);
    return commandLine(named == null ? COMMANDS.values() : List.of(named))
        .setExecutionExceptionHandler((e, _, _) -> failures.report(e).code())
        .setParameterExceptionHandler((e, _) -> failures.usage(e).code())
        .execute(args);
  }

  /** All commands, with their help. */
  static CommandLine commandLine() {
    return commandLine(COMMANDS.values());
  }

  private static CommandLine commandLine(Collection<Supplier<Callable<Integer>>> commands) {
    var main = new CommandLine(new Main());
    commands.forEach(c -> main.addSubcommand(c.get()));
    main.setUsageHelpWidth(80).setAbbreviatedOptionsAllowed(false);
    HelpExamples.addTo(main);
    return main;
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }
}
