package modelc.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import modelc.cli.Main;
import modelc.runtime.Artifact;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * LeNet compiled for other systems, trained for a step and asked there: under qemu and in Node,
 * where those are installed, against the same C program here.
 */
class CrossTest {
  private static final Path PROGRAMS = Reference.FOLDER.resolve("embedding").toAbsolutePath();

  /** Of the largest number: machines add up in other orders, and some cannot fuse. */
  private static final double TOLERANCE = 4e-6;

  @TempDir static Path folder;
  private static float[] expected = {};

  private static Path compiled(String target, String name) {
    Path library = folder.resolve(target).resolve(name);
    String model = Reference.FOLDER.resolve("lenet.model").toString();
    assertThat(library.getParent().toFile().mkdirs()).isTrue();
    assertThat(Main.run("compile", model, "-o", library.toString(), "--target", target)).isZero();
    return library;
  }

  private static Path linked(String compiler, Path library) throws Exception {
    Path program = library.resolveSibling("train");
    Programs.output(
        folder,
        List.of(
            compiler,
            "-Wall",
            "-Wextra",
            "-Werror",
            "-I" + library.getParent(),
            PROGRAMS.resolve("train.c"),
            library,
            "-o",
            program));
    return program;
  }

  @BeforeAll
  static void runHere() throws Exception {
    assumeTrue(Programs.isInstalled("cc"), "skipped: no C compiler");
    Path here = linked("cc", compiled("x86_64-linux", "lenet.so"));
    expected = Programs.numbers(Programs.output(folder, List.of(here)));
  }

  private static void assertAgree(String there) {
    float[] actual = Programs.numbers(there);
    assertThat(actual).hasSameSizeAs(expected);
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < actual.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
    }
    System.out.printf("largest difference %.1e of the largest number%n", worst / largest);
    assertThat(worst / largest).isCloseTo(0, within(TOLERANCE));
  }

  @Test
  void anAarch64LibraryTrainsAndInfersUnderQemu() throws Exception {
    Path library = compiled("aarch64-linux", "lenet.so");
    assertThat(Artifact.open(library).origin().triple()).startsWith("aarch64");
    assertThat(Elf.read(library).needed()).isEmpty();
    String compiler = "aarch64-linux-gnu-gcc";
    String qemu = "qemu-aarch64-static";
    for (String needed : List.of(compiler, qemu)) {
      assumeTrue(Programs.isInstalled(needed), "skipped: no " + needed);
    }
    Path program = linked(compiler, library);
    assertAgree(Programs.output(folder, List.of(qemu, "-L", "/usr/aarch64-linux-gnu", program)));
  }

  @Test
  void aWasmLibraryTrainsAndInfersInNode() throws Exception {
    Path library = compiled("wasm32", "lenet.wasm");
    assertThat(Artifact.open(library).origin().triple()).startsWith("wasm32");
    assumeTrue(Programs.isInstalled("node"), "skipped: no node");
    assertAgree(Programs.output(folder, List.of("node", PROGRAMS.resolve("infer.mjs"), library)));
  }
}
