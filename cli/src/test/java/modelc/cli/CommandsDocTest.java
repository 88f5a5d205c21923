package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.TreeSet;
import java.util.regex.Pattern;
import modelc.bundle.ExitCode;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.OptionSpec;

/** docs/cli.md tells of every command, option and exit code there is, and of no other. */
class CommandsDocTest {
  private static final Path PAGE =
      (Files.isDirectory(Path.of("docs")) ? Path.of("docs") : Path.of("../docs")).resolve("cli.md");
  private static final Pattern OPTION = Pattern.compile("`(--[a-z-]+)");

  private static String section(String text, String title) {
    int start = text.indexOf("\n## " + title + "\n");
    assertThat(start).as("the section " + title).isNotNegative();
    int end = text.indexOf("\n## ", start + 1);
    return text.substring(start, end < 0 ? text.length() : end);
  }

  @Test
  void everyOptionOfEveryCommandIsTold() throws IOException {
    String text = Files.readString(PAGE);
    String all = section(text, "What all commands take");
    String weights = section(text, "Options for weights");
    var known = new TreeSet<String>();
    Main.commandLine()
        .getSubcommands()
        .forEach(
            (name, command) -> {
              String own = section(text, "modelc " + name);
              String told =
                  own.contains("(#options-for-weights)") ? own + all + weights : own + all;
              for (OptionSpec option : command.getCommandSpec().options()) {
                known.addAll(Arrays.asList(option.names()));
                assertThat(told).as(name).contains("`" + option.longestName());
              }
            });
    OPTION.matcher(text).results().forEach(m -> assertThat(known).contains(m.group(1)));
  }

  @Test
  void everyExitCodeIsTold() throws IOException {
    String told = section(Files.readString(PAGE), "Exit codes");
    var codes = new TreeSet<Integer>();
    Pattern.compile("(?m)^\\| (\\d+) \\|")
        .matcher(told)
        .results()
        .forEach(m -> codes.add(Integer.valueOf(m.group(1))));
    assertThat(codes)
        .isEqualTo(new TreeSet<>(Arrays.stream(ExitCode.values()).map(ExitCode::code).toList()));
  }
}
