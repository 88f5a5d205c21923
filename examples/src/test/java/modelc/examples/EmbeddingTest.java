package modelc.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import modelc.cli.Main;
import modelc.runtime.Artifact;
import modelc.runtime.Call;
import modelc.runtime.Model;
import modelc.runtime.Session;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The programs of {@code embedding/}, as their users run them: a compiled library, and no compiler
 * in sight.
 */
class EmbeddingTest {
  private static final Path PROGRAMS = Reference.FOLDER.resolve("embedding").toAbsolutePath();

  @TempDir static Path folder;
  private static Path library;

  @BeforeAll
  static void compile() {
    library = folder.resolve("lenet.so");
    String model = Reference.FOLDER.resolve("lenet.model").toString();
    assertThat(Main.run("compile", model, "-o", library.toString(), "--cpu", "x86-64-v3")).isZero();
  }

  /** What a program prints; it must succeed. */
  private static String output(Object... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(Arrays.stream(command).map(Object::toString).toList())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  private static boolean isInstalled(String program) {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .anyMatch(p -> Files.isExecutable(Path.of(p, program)));
  }

  private static float[] numbers(String text) {
    var found = new ArrayList<Float>();
    for (String word : text.replaceAll("[\\[\\],]", " ").strip().split("\\s+", -1)) {
      found.add(Float.valueOf(word));
    }
    float[] numbers = new float[found.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = found.get(i);
    }
    return numbers;
  }

  /** The logits of the programs' picture, from the library by way of this process. */
  private static float[] expected() {
    try (Model model = Model.load(library);
        Session session = model.open(1)) {
      session.init(1);
      Call infer = session.call("infer").size("batch", 1);
      float[] pixels = new float[32 * 32];
      for (int y = 6; y < 26; y++) {
        pixels[y * 32 + 15] = pixels[y * 32 + 16] = 1;
      }
      infer.input("image").data().copyFrom(MemorySegment.ofArray(pixels));
      infer.run();
      return infer.output("logits").floats();
    }
  }

  @Test
  void theLibraryIsSmallAndDescribesItself() throws IOException {
    assertThat(Files.size(library)).isLessThan(200_000);
    Artifact artifact = Artifact.open(library);
    assertThat(artifact.origin().cpu()).isEqualTo("x86-64-v3");
    assertThat(artifact.spec().entries()).hasSize(4);
  }

  @Test
  void aCProgramInfers() throws IOException, InterruptedException {
    assumeTrue(isInstalled("cc"), "skipped: no C compiler");
    Path program = folder.resolve("infer");
    output(
        "cc",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-I" + folder,
        PROGRAMS.resolve("infer.c"),
        library,
        "-o",
        program);
    assertThat(numbers(output(program))).isEqualTo(expected());
  }

  @Test
  void aPythonScriptInfers() throws IOException, InterruptedException {
    assumeTrue(isInstalled("python3"), "skipped: no python3");
    assertThat(numbers(output("python3", PROGRAMS.resolve("infer.py"), library)))
        .isEqualTo(expected());
  }

  @Test
  void javaProgramsTrainAndInferWithTheRuntimeAlone()
      throws IOException, InterruptedException, URISyntaxException {
    Path runtime = Path.of(Model.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path weights = folder.resolve("weights.safetensors");
    List<Object> java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java"),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            runtime);
    String trained = output(with(java, PROGRAMS.resolve("Train.java"), library, weights));
    assertThat(trained).contains("accuracy=");
    float[] logits = numbers(output(with(java, PROGRAMS.resolve("Infer.java"), library, weights)));
    assertThat(logits).hasSize(10);
    assertThat(logits[1]).as("an upright stroke: %s", trained).isGreaterThan(logits[0]);
  }

  private static Object[] with(List<Object> command, Object... more) {
    return Stream.concat(command.stream(), Stream.of(more)).toArray();
  }
}
