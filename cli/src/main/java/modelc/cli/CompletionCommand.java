package modelc.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import modelc.bundle.ExitCode;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;

/** {@code modelc completion}: a script that makes a shell complete commands and options. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = "Prints a script that makes a shell complete commands and options.")
final class CompletionCommand implements Callable<Integer> {
  /** The shells as people write them. */
  enum Shell {
    bash,
    zsh,
    fish
  }

  @Parameters(paramLabel = "SHELL", description = "One of ${COMPLETION-CANDIDATES}.")
  Shell shell = Shell.bash;

  @Override
  public Integer call() {
    CommandLine main = Main.commandLine();
    System.out.print(
        switch (shell) {
          case bash, zsh -> AutoComplete.bash("modelc", main);
          case fish -> fish(main);
        });
    System.out.flush();
    return ExitCode.OK.code();
  }

  private static String fish(CommandLine main) {
    var out = new StringBuilder("complete -c modelc -n __fish_use_subcommand -f\n");
    for (Map.Entry<String, CommandLine> e : main.getSubcommands().entrySet()) {
      CommandSpec command = e.getValue().getCommandSpec();
      String about = String.join(" ", command.usageMessage().description());
      out.append("complete -c modelc -n __fish_use_subcommand -a ")
          .append(e.getKey())
          .append(" -d ")
          .append(quoted(about))
          .append('\n');
      for (OptionSpec option : command.options()) {
        out.append("complete -c modelc -n '__fish_seen_subcommand_from ")
            .append(e.getKey())
            .append('\'');
        for (String name : option.names()) {
          out.append(name.startsWith("--") ? " -l " : " -s ").append(name.replaceFirst("^-+", ""));
        }
        out.append(option.arity().max() > 0 ? " -r" : "");
        if (option.completionCandidates() != null) {
          out.append(" -a ").append(quoted(String.join(" ", option.completionCandidates())));
        }
        out.append(" -d ").append(quoted(String.join(" ", option.description()))).append('\n');
      }
    }
    return out.toString();
  }

  private static String quoted(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
