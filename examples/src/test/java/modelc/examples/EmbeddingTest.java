package modelc.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
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

  private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

  @TempDir static Path folder;
  private static Path library;

  @BeforeAll
  static void compile() {
    library = folder.resolve("lenet.so");
    String model = Reference.FOLDER.resolve("lenet.model").toString();
    assertThat(Main.run("compile", model, "-o", library.toString(), "--cpu", "x86-64-v3")).isZero();
  }

  private static String output(Object... command) throws IOException, InterruptedException {
    return Programs.output(folder, List.of(command));
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
  void theLibraryNeedsNothingButTheCLibrary() throws IOException {
    Elf elf = Elf.read(library);
    System.out.printf(
        "%s: %,d bytes; libraries needed: %s; symbols left open: %s%n",
        library.getFileName(), Files.size(library), elf.needed(), elf.undefined());
    assertThat(elf.needed()).isEmpty(); // what it leaves open, every process has
    assertThat(Set.of("memset", "memcpy", "memmove", "syscall")).containsAll(elf.undefined());
    assertThat(elf.defined())
        .containsExactlyInAnyOrder(
            "modelc_abi_version",
            "modelc_metadata",
            "modelc_init",
            "modelc_infer",
            "modelc_eval",
            "modelc_train");
  }

  @Test
  void aCProgramInfers() throws IOException, InterruptedException {
    assumeTrue(Programs.isInstalled("cc"), "skipped: no C compiler");
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
    assertThat(Programs.numbers(output(program))).isEqualTo(expected());
  }

  @Test
  void aPythonScriptInfers() throws IOException, InterruptedException {
    assumeTrue(Programs.isInstalled("python3"), "skipped: no python3");
    assertThat(Programs.numbers(output("python3", PROGRAMS.resolve("infer.py"), library)))
        .isEqualTo(expected());
  }

  @Test
  void javaProgramsTrainAndInferWithTheRuntimeAlone()
      throws IOException, InterruptedException, URISyntaxException {
    String runtime = classesOf(Model.class);
    Path weights = folder.resolve("weights.safetensors");
    List<Object> java =
        List.of(Path.of(System.getProperty("java.home"), "bin", "java"), NATIVE, "-cp", runtime);
    String trained = output(with(java, PROGRAMS.resolve("Train.java"), library, weights));
    assertThat(trained).contains("accuracy=");
    float[] logits =
        Programs.numbers(output(with(java, PROGRAMS.resolve("Infer.java"), library, weights)));
    assertThat(logits).hasSize(10);
    assertThat(logits[1]).as("an upright stroke: %s", trained).isGreaterThan(logits[0]);
  }

  @Test
  void aJarIsADependencyOfAnApplication() throws Exception {
    Path jar = folder.resolve("lenet.jar");
    String model = Reference.FOLDER.resolve("lenet.model").toString();
    assertThat(Main.run("compile", model, "-o", jar.toString(), "--cpu", "x86-64-v3")).isZero();
    byte[] first = Files.readAllBytes(jar);
    assertThat(Main.run("compile", model, "-o", jar.toString(), "--cpu", "x86-64-v3")).isZero();
    assertThat(Files.readAllBytes(jar)).as("the same model gives the same jar").isEqualTo(first);
    String runtime = classesOf(Model.class);
    Path classes = folder.resolve("classes");
    String javac = Path.of(System.getProperty("java.home"), "bin", "javac").toString();
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String path = runtime + File.pathSeparator + jar;
    output(
        javac,
        "-Xlint:all,-path",
        "-Werror",
        "-cp",
        path,
        "-d",
        classes,
        PROGRAMS.resolve("Classify.java"));
    String printed = "f32[1,10] 10 of 64\n";
    assertThat(output(java, NATIVE, "-cp", path + File.pathSeparator + classes, "Classify"))
        .isEqualTo(printed);

    // As modules: the library lies in a folder that no module hides.
    Files.writeString(folder.resolve("module-info.java"), "module app { requires lenet5; }");
    Path app = folder.resolve("app");
    String source = Files.readString(PROGRAMS.resolve("Classify.java"));
    Path moved = Files.createDirectories(folder.resolve("app-source")).resolve("Classify.java");
    Files.writeString(moved, "package app;\n" + source);
    output(javac, "-p", path, "-d", app, folder.resolve("module-info.java"), moved);
    assertThat(
            output(
                java,
                "--enable-native-access=modelc.runtime",
                "-p",
                path + File.pathSeparator + app,
                "-m",
                "app/app.Classify"))
        .isEqualTo(printed);
  }

  @Test
  void aProgramCompilesInProcess() throws Exception {
    String path = System.getProperty("java.class.path");
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Path program = PROGRAMS.resolve("InProcess.java");
    Path model = Reference.FOLDER.resolve("xor.model").toAbsolutePath();
    float[] logits = Programs.numbers(output(java, NATIVE, "-cp", path, program, model));
    assertThat(logits[0]).isNegative();
    assertThat(logits[1]).isPositive();
    assertThat(logits[2]).isPositive();
    assertThat(logits[3]).isNegative();
    Path broken =
        Files.writeString(folder.resolve("broken.model"), "model M {\n  inptu x: f32[1]\n}\n");
    assertThat(output(java, NATIVE, "-cp", path, program, broken))
        .matches("E\\d{4} at .*broken\\.model:2:\\d+\n");
  }

  private static String classesOf(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }

  private static Object[] with(List<Object> command, Object... more) {
    return Stream.concat(command.stream(), Stream.of(more)).toArray();
  }
}
