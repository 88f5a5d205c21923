package modelc.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import modelc.cli.Main;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever order calls come in, and however many: the JVM does not crash, and memory does not grow.
 * All runs are in a JVM of their own, which may crash without taking the tests along.
 */
class AnyOrderTest {
  /** Over thousands of openings together: what the JVM itself takes as it goes. */
  private static final long ALLOWED_KILOBYTES = 4096;

  @TempDir static Path folder;
  private static Path library;

  @BeforeAll
  static void compile() {
    library = folder.resolve("xor.so");
    String model = Reference.FOLDER.resolve("xor.model").toString();
    assertThat(Main.run("compile", model, "-o", library.toString(), "--cpu", "x86-64-v3")).isZero();
  }

  private static List<String> child(Class<?> main, List<String> options, String... arguments)
      throws IOException, InterruptedException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path")));
    command.addAll(options);
    command.add(main.getName());
    command.add(library.toString());
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("MALLOC_ARENA_MAX", "1"); // else each thread has a heap of its own
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    System.out.print(said);
    return said.lines().toList();
  }

  @Test
  void aThousandRandomSequencesEndInAnAnswerOrARefusal() throws Exception {
    String said = child(RandomCalls.class, List.of(), "1000").getLast();
    assertThat(said).contains("done=");
    long refusals = Stream.of(said.split("R\\d{4}=", -1)).count() - 1;
    assertThat(refusals).as(said).isGreaterThan(15);
  }

  @Test
  @Tag("fuzz")
  void aHundredThousandRandomSequencesEndInAnAnswerOrARefusal() throws Exception {
    assertThat(child(RandomCalls.class, List.of(), "100000").getLast()).contains("no crash");
  }

  @ParameterizedTest
  @ValueSource(strings = {"steps 100000", "cycles 10000"})
  @Tag("slow")
  void memoryStaysFlat(String what) throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/status")), "skipped: no /proc/self/status");
    List<Long> resident =
        child(
                Endurance.class,
                List.of("-Xmx64m", "-Xms64m", "-XX:+AlwaysPreTouch"),
                what.split(" ", -1))
            .stream()
            .map(Long::valueOf)
            .toList();
    // The first tenth warms up; a leak grows from one half to the other.
    long early = Collections.max(resident.subList(1, 6));
    long grown = Collections.max(resident.subList(8, 11)) - early;
    System.out.printf("%s: %,d kB resident, grown by %,d kB%n", what, resident.getLast(), grown);
    assertThat(grown).isLessThan(ALLOWED_KILOBYTES);
  }
}
