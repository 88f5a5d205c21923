package modelc.cli;

import static modelc.cli.Run.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What the command line says of itself, of mistakes in its use, and how it behaves in a pipe. */
class HelpTest {
  private static final String XOR =
      (Files.isDirectory(Path.of("examples")) ? Path.of("") : Path.of(".."))
          .resolve("examples/xor.model")
          .toString();

  @TempDir Path folder;

  static List<String> commands() {
    return List.copyOf(Main.commandLine().getSubcommands().keySet());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void helpHasExamplesThatParseAndKeepsTo80Columns(String command) {
    Run r = run(command, "--help");
    assertThat(r.code()).isZero();
    assertThat(r.out()).contains("Examples:\n  ");
    assertThat(r.out().lines()).allMatch(l -> l.length() <= 80);
    for (String example : HelpExamples.of(command).lines().toList()) {
      if (!example.startsWith("modelc ")) {
        continue;
      }
      String line = example.replaceAll("  +.*| [|] source.*", "");
      List<String> words = Arrays.asList(line.split(" "));
      CommandLine.ParseResult parsed =
          Main.commandLine().parseArgs(words.subList(1, words.size()).toArray(String[]::new));
      assertThat(parsed.subcommand().commandSpec().name()).isEqualTo(command);
    }
  }

  @Test
  void helpOfAllKeepsTo80Columns() {
    assertThat(run("--help").out().lines()).allMatch(l -> l.length() <= 80);
  }

  @Test
  void wrongCommandsOptionsAndKeysAreMet() {
    Run command = run("trian", "x.model");
    assertThat(command.code()).isEqualTo(2);
    assertThat(command.err())
        .contains("there is no command `trian`")
        .contains("did you mean `train`?");
    Run option = run("train", XOR, "--thread", "3");
    assertThat(option.code()).isEqualTo(2);
    assertThat(option.err()).contains("--thread").contains("did you mean `--threads`?");
    Run key = run("check", XOR, "epoch=3");
    assertThat(key.code()).isEqualTo(1);
    assertThat(key.err()).contains("E0501").contains("did you mean `epochs`?");
    assertThat(run("check", XOR, "epochs").err()).contains("KEY=VALUE");
    assertThat(run("check").code()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bash", "zsh", "fish"})
  void completionNamesCommandsAndOptions(String shell) {
    Run r = run("completion", shell);
    assertThat(r.code()).isZero();
    assertThat(r.out()).contains("train", "summary", "data-threads", "tensor");
  }

  @Test
  void aClosedPipeEndsQuietly() {
    var broken =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    Run r =
        Run.printing(
            new PrintStream(broken, true, StandardCharsets.UTF_8), "ir", XOR, "--stage", "tensor");
    assertThat(r.code()).isZero();
    assertThat(r.err()).isEmpty();
  }

  @Test
  void fmtWritesWhatChangesAndChecks() throws IOException {
    Path file = Files.writeString(folder.resolve("x.model"), "fn f(x){return x}\n");
    Run check = run("fmt", "--check", file.toString());
    assertThat(check.code()).isEqualTo(1);
    assertThat(check.out().strip()).isEqualTo(file.toString());
    assertThat(file).hasContent("fn f(x){return x}\n");
    Path link = Files.createSymbolicLink(folder.resolve("link.model"), file);
    assertThat(run("fmt", link.toString()).code()).isZero();
    assertThat(file).hasContent("fn f(x) { return x }\n");
    assertThat(link).isSymbolicLink();
    assertThat(run("fmt", "--check", file.toString()).code()).isZero();
    Path broken = Files.writeString(folder.resolve("b.model"), "fn f(x{\n");
    Run refused = run("fmt", broken.toString(), file.toString());
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("E0103");
    assertThat(broken).hasContent("fn f(x{\n");
    assertThat(run("fmt", folder.resolve("none.model").toString()).code()).isEqualTo(3);
    try (var all = Files.list(folder)) {
      assertThat(all).hasSize(3);
    }
  }

  @Test
  void pathsInAFileStayInItsFolder() throws IOException {
    Path project = Files.createDirectory(folder.resolve("project"));
    Files.writeString(folder.resolve("t.csv"), "a,y\n1,2\n3,4\n");
    Files.createSymbolicLink(project.resolve("link.csv"), folder.resolve("t.csv"));
    Files.copy(folder.resolve("t.csv"), project.resolve("own.csv"));
    String model =
        """
        model M { input features: f32[1]; output y = features -> dense(1) -> reshape([batch]) }
        train M { data = csv("%s", target = "y"); loss = mse(y, target); optimizer = sgd() }
        """;
    Path file = project.resolve("m.model");
    for (String path : List.of("../t.csv", folder.resolve("t.csv").toString(), "link.csv")) {
      Files.writeString(file, model.formatted(path));
      Run r = run("check", file.toString());
      assertThat(r.code()).as(path).isEqualTo(1);
      assertThat(r.err()).as(path).contains("is outside of " + project).contains("--root");
      assertThat(run("check", file.toString(), "--root", folder.toString()).code()).isZero();
    }
    Files.writeString(file, model.formatted("own.csv"));
    assertThat(run("check", file.toString()).code()).isZero();
    String given = "data=csv(\"" + folder.resolve("t.csv") + "\", target = \"y\")";
    assertThat(run("check", file.toString(), given).code()).isZero();
  }

  @Test
  void whatWouldSteerATerminalIsNotShown() throws IOException {
    Path file = folder.resolve("x.model");
    Files.writeString(file, "// \u001b[31m\nmodel M { input x: f32[2]; output y = \"\u001b]0;\" }");
    Run r = run("check", file.toString());
    assertThat(r.code()).isEqualTo(1);
    assertThat(r.err()).doesNotContain("\u001b");
  }
}
