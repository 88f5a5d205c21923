package modelc.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import modelc.bundle.ExitCode;
import modelc.frontend.Limits;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.frontend.parse.Formatter;
import modelc.frontend.parse.SourceText;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code modelc fmt}: lays files out by the rules of docs/language.md. */
@Command(
    name = "fmt",
    mixinStandardHelpOptions = true,
    description = "Lays .model files out: indentation, spaces, columns.")
final class FmtCommand implements Callable<Integer> {
  private static final Path STANDARD_INPUT = Path.of("-");

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "The .model files.")
  List<Path> files = List.of();

  @Option(
      names = "--check",
      description = "Write nothing; name the files that are laid out otherwise, and end with 1.")
  boolean check;

  private final Talk talk = Talk.standard();

  @Override
  public Integer call() throws IOException {
    var others = new ArrayList<Path>();
    boolean wrong = false;
    for (Path file : files) {
      try {
        if (!laidOut(file)) {
          others.add(file);
        }
      } catch (DiagnosticException e) {
        talk.line(e.render().stripTrailing());
        wrong = true;
      }
    }
    others.forEach(System.out::println);
    return (wrong || check && !others.isEmpty() ? ExitCode.WRONG : ExitCode.OK).code();
  }

  /** Whether the file was laid out before. */
  private boolean laidOut(Path file) throws IOException {
    if (file.equals(STANDARD_INPUT)) {
      String text = SourceText.read(System.in, "standard input", Limits.DEFAULT);
      String formatted = Formatter.format("standard input", text, Limits.DEFAULT);
      if (!check) {
        System.out.print(formatted);
        return true;
      }
      return formatted.equals(text);
    }
    String text = SourceText.read(file, file.toString(), Limits.DEFAULT);
    String formatted = Formatter.format(file.toString(), text, Limits.DEFAULT);
    if (formatted.equals(text)) {
      return true;
    }
    if (!check) {
      replace(file.toRealPath(), formatted);
    }
    return false;
  }

  /** As a whole, so that what was there is lost neither to a full disk nor to Ctrl-C. */
  private static void replace(Path file, String text) throws IOException {
    Path beside = file.resolveSibling("." + file.getFileName() + ".fmt");
    try {
      Files.copy(
          file, beside, StandardCopyOption.COPY_ATTRIBUTES, StandardCopyOption.REPLACE_EXISTING);
      Files.writeString(beside, text);
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(beside);
    }
  }
}
