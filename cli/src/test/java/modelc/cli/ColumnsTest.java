package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What people read keeps to 80 columns, and to text where a terminal is to have no colours. */
class ColumnsTest {
  private static final Path EXAMPLES =
      (Files.isDirectory(Path.of("examples")) ? Path.of("") : Path.of("..")).resolve("examples");
  private static final String WIDTH = "modelc.columns";

  @TempDir Path folder;

  @BeforeEach
  void setWidth() {
    System.setProperty(WIDTH, "80");
  }

  @AfterEach
  void clearWidth() {
    System.clearProperty(WIDTH);
  }

  private static String example(String name) {
    return EXAMPLES.resolve(name + ".model").toString();
  }

  /** What the command says, to people and to programs. */
  private static String said(int code, Object... command) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    var bytes = new ByteArrayOutputStream();
    var both = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    try {
      System.setOut(both);
      System.setErr(both);
      assertThat(Main.run(Arrays.stream(command).map(Object::toString).toArray(String[]::new)))
          .isEqualTo(code);
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
    String said = bytes.toString(StandardCharsets.UTF_8);
    assertThat(said.lines())
        .filteredOn(l -> !Columns.QUOTED.matcher(l).matches())
        .allSatisfy(l -> assertThat(l.length()).as(l).isLessThanOrEqualTo(80));
    return said;
  }

  @Test
  void linesAreCutAtSpacesAndIndented() {
    String long1 = "word ".repeat(25).strip();
    assertThat(Columns.wrapped("error: " + long1).lines())
        .hasSize(2)
        .allMatch(l -> l.length() <= 80)
        .last()
        .matches(l -> l.startsWith("  word"));
    assertThat(Columns.wrapped("  = help: " + long1).lines().toList().get(1))
        .startsWith("          word");
    assertThat(Columns.wrapped("a  ".repeat(40)).lines()).allMatch(l -> l.length() <= 80);
    String quoted = "12 | " + long1;
    assertThat(Columns.wrapped(quoted + "\n" + "x".repeat(200)))
        .isEqualTo(quoted + "\n" + "x".repeat(200));
    assertThat(Columns.shortened("layer4.block[1].downsample.conv", 15))
        .hasSize(15)
        .isEqualTo("layer4.…le.conv");
  }

  @Test
  void tablesAreMadeNarrowAndKeepTheirNumbers() {
    String table =
        new Table("name", "what", ">number")
            .row("x".repeat(50), "y".repeat(60), "1,234,567")
            .row("short", "y", "1")
            .toString();
    assertThat(table.lines()).allMatch(l -> l.length() <= 80);
    assertThat(table).contains("1,234,567", "short", "…");
  }

  @ParameterizedTest
  @ValueSource(strings = {"resnet_cifar", "googlenet", "autoencoder"})
  void summariesOfLongNetworks(String name) {
    assertThat(said(0, "summary", example(name))).contains("parameters  ");
  }

  static List<String> examples() throws IOException {
    try (Stream<Path> files = Files.list(EXAMPLES)) {
      return files
          .map(f -> String.valueOf(f.getFileName()))
          .filter(f -> f.endsWith(".model"))
          .map(f -> f.replace(".model", ""))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("examples")
  @Tag("slow")
  void summariesOfAllExamples(String name) {
    said(0, "check", example(name));
    assertThat(said(0, "summary", example(name))).contains("parameters  ");
  }

  @Test
  void runsFromBeginningToEnd() {
    String model = example("xor");
    Path run = folder.resolve("run");
    Path weights = run.resolve("weights.safetensors");
    assertThat(said(0, "train", model, "--out", run, "--threads", 1, "epochs=2")).contains("epoch");
    said(0, "eval", model, "--weights", weights, "--threads", 1);
    said(0, "export", model, "--weights", weights);
    said(0, "compile", model, "-o", folder.resolve("a.so"), "--entry", "infer");
    said(0, "doctor");
  }

  @Test
  void mistakesAndTheirCures() throws IOException {
    Path wrong =
        Files.writeString(
            folder.resolve("wrong.model"),
            "model M { input image: f32[28, 28]; output y = image -> conv2d(6, 5) -> flaten }");
    said(1, "check", wrong);
    said(1, "fmt", Files.writeString(folder.resolve("b.model"), "model M { input x: f32[2\n"));
    said(1, "check", example("xor"), "epoch=3");
    said(2, "train", example("xor"), "--device", "abacus");
    said(2, "trian", example("xor"));
    said(3, "check", folder.resolve("none.model"));
    said(1, "train", example("xor"), "data=digits() -> pad(2) -> tiles(64)");
  }

  /** What a process of its own says as if to a terminal. */
  private String onTerminal(Map<String, String> environment, String... command) throws Exception {
    var line = new ArrayList<String>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("-Dmodelc.terminal=true", "--enable-native-access=ALL-UNNAMED", "-cp"));
    line.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    line.add(Main.class.getName());
    line.addAll(List.of(command));
    Path said = folder.resolve("said.txt");
    var builder = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(said.toFile());
    builder.environment().keySet().removeAll(List.of("NO_COLOR", "TERM"));
    builder.environment().putAll(environment);
    builder.start().waitFor();
    return Files.readString(said);
  }

  @Test
  void coloursCanBeHadAndRefused() throws Exception {
    String[] check = {"check", folder.resolve("none.model").toString()};
    assertThat(onTerminal(Map.of("TERM", "xterm"), check)).contains("\033[1;31merror");
    assertThat(onTerminal(Map.of("TERM", "dumb"), check)).contains("error").doesNotContain("\033");
    assertThat(onTerminal(Map.of("TERM", "xterm", "NO_COLOR", "1"), check))
        .contains("error")
        .doesNotContain("\033");
    String out = folder.resolve("run").toString();
    String[] train = {"train", example("xor"), "--out", out, "--threads", "1", "epochs=2"};
    assertThat(onTerminal(Map.of("TERM", "xterm", "NO_COLOR", "1"), train))
        .contains("epoch 2/2")
        .doesNotContain("\033");
    assertThat(onTerminal(Map.of("TERM", "dumb"), train)).doesNotContain("\033", "\r");
  }
}
