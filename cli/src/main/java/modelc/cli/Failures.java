package modelc.cli;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import modelc.bundle.ExitCode;
import modelc.bundle.FileProblem;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.frontend.diagnostic.Printable;
import modelc.frontend.diagnostic.Suggestions;
import modelc.runtime.ModelcException;
import modelc.runtime.NativeException;
import modelc.runtime.SourceException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns whatever went wrong into one message on standard error and an exit code. A fault of modelc
 * itself leaves a dump from which the run can be repeated.
 */
final class Failures {
  private final Talk talk;
  private final List<String> arguments;

  Failures(Talk talk, String[] arguments) {
    this.talk = talk;
    this.arguments = List.of(arguments);
  }

  ExitCode usage(ParameterException e) {
    talk.line("%s: %s", talk.red("error"), Printable.of(usageMessage(e)));
    if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
      CommandSpec command = e.getCommandLine().getCommandSpec();
      var known = new ArrayList<>(command.optionsMap().keySet());
      known.addAll(command.subcommands().keySet());
      Suggestions.help(unmatched.getUnmatched().getFirst(), known)
          .ifPresent(h -> talk.line("  = help: %s", h));
    }
    talk.line(
        "  = help: `%s --help` tells what it takes",
        e.getCommandLine().getCommandSpec().qualifiedName());
    return ExitCode.USAGE;
  }

  private static String usageMessage(ParameterException e) {
    boolean noCommand =
        e instanceof UnmatchedArgumentException u
            && !u.getUnmatched().isEmpty()
            && !u.getUnmatched().getFirst().startsWith("-")
            && !e.getCommandLine().getSubcommands().isEmpty();
    return noCommand
        ? "there is no command `" + ((UnmatchedArgumentException) e).getUnmatched().getFirst() + "`"
        : String.valueOf(e.getMessage());
  }

  ExitCode report(Throwable failure) {
    return switch (failure) {
      case DiagnosticException e -> {
        talk.line(e.render().stripTrailing());
        yield e.isLimit() ? ExitCode.LIMIT : ExitCode.WRONG;
      }
      case NativeException e -> internal(e);
      case SourceException e -> internal(e); // commands read sources by the front end itself
      case ModelcException e -> known(e);
      case UncheckedIOException e -> file(requireNonNull(e.getCause()));
      case IOException e -> file(e);
      case OutOfMemoryError e -> {
        talk.line(talk.red("error") + ": not enough memory: " + e.getMessage());
        talk.line(
            "  = help: use a smaller batch (`batch=16`), or more memory: MODELC_JAVA_OPTS=-Xmx4g");
        yield ExitCode.LIMIT;
      }
      default -> internal(failure);
    };
  }

  private ExitCode known(ModelcException e) {
    talk.line(Printable.of(e.render()));
    return ExitCode.of(e);
  }

  private ExitCode file(IOException e) {
    talk.line(talk.red("error") + ": " + Printable.of(FileProblem.of(e)));
    return ExitCode.IO;
  }

  private ExitCode internal(Throwable e) {
    talk.line(talk.red("internal error") + ": " + e);
    try {
      Path dump = Files.createTempFile("modelc-fault-", ".txt");
      Files.writeString(dump, dump(e));
      talk.line(
          "  = note: this is a fault of modelc; the command, its source and the trace are in %s",
          dump);
      talk.line("  = help: report it with that file");
    } catch (IOException io) {
      talk.line(trace(e));
    }
    return ExitCode.INTERNAL;
  }

  private String dump(Throwable e) throws IOException {
    var out = new StringBuilder("modelc " + String.join(" ", arguments) + "\n");
    out.append("java ").append(System.getProperty("java.vm.version")).append(", ");
    out.append(System.getProperty("os.name")).append(' ').append(System.getProperty("os.arch"));
    out.append("\n\n").append(trace(e));
    for (String argument : arguments) {
      Path file = argument.endsWith(".model") ? Path.of(argument) : null;
      if (file != null && Files.isReadable(file)) {
        out.append("\n--- ").append(argument).append('\n').append(Files.readString(file));
      }
    }
    return out.toString();
  }

  private static String trace(Throwable e) {
    var text = new StringWriter();
    e.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
