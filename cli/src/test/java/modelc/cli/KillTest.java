package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import modelc.runtime.Checkpoint;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training runs killed at random instants, while they save too: there is a whole checkpoint every
 * time, no more than one interval is lost, and what is finished in the end is to the bit what an
 * uninterrupted run gives.
 */
class KillTest {
  private static final String MODEL =
      """
      model Killed {
          input features: f32[6]
          output logits = features -> a: dense(16) -> tanh -> dropout(0.2) -> b: dense(2)
      }
      train Killed {
          data = csv("columns.csv", label = "g")
          loss = cross_entropy(logits, label)
          optimizer = adam(lr = cosine(0.01))
          batch = 8
      }
      """;

  @TempDir Path folder;
  private int kills;
  private int finished;
  private int between;

  @Test
  void aFewKills() throws Exception {
    killed(6);
  }

  @Test
  @Tag("slow")
  void threeHundredKills() throws Exception {
    killed(300);
    System.out.printf(
        "%d kills: a whole checkpoint each time (%d times that before the newest), %d runs"
            + " finished, all to the bit%n",
        kills, between, finished);
  }

  private void killed(int wanted) throws Exception {
    Path library = folder.resolve("killed.so");
    Path source = Files.writeString(folder.resolve("killed.model"), MODEL);
    Files.writeString(
        folder.resolve("columns.csv"), "a,b,c,d,e,f,g\n1,2,3,4,5,6,0\n1,2,3,4,5,6,1\n");
    assertThat(Main.run("compile", source.toString(), "-o", library.toString())).isZero();
    Path whole = Files.createDirectory(folder.resolve("whole"));
    int longest = millisOf(library, whole);
    var random = new Random(7);
    for (int run = 0; kills < wanted; run++) {
      Path parts = Files.createDirectory(folder.resolve("parts" + run));
      long saved = 0;
      while (kills < wanted && !ends(library, parts, random.nextInt(longest))) {
        if (++kills % 25 == 0) {
          System.out.println(kills + " kills");
        }
        saved = check(parts, saved);
      }
      if (Files.exists(parts.resolve("weights.safetensors"))) {
        finished++;
        same(whole, parts);
      }
    }
    // Where the last kill fell, the run can still be brought to its end.
    Path last = folder.resolve("parts" + finished);
    if (Files.isDirectory(last)) {
      KilledRun.run(library, last);
      same(whole, last);
    }
  }

  /** Starts or resumes the run in a process and kills it; whether it ended before. */
  private boolean ends(Path library, Path parts, int millis) throws Exception {
    long before = steps(parts);
    Files.deleteIfExists(parts.resolve("steps"));
    Process child = started(library, parts);
    Thread.sleep(millis);
    if (child.isAlive()) {
      child.destroyForcibly(); // SIGKILL
    }
    assertThat(child.waitFor(1, TimeUnit.MINUTES)).isTrue();
    boolean ended = child.exitValue() == 0;
    assertThat(ended || child.exitValue() == 137)
        .as(Files.readString(folder.resolve("child.txt")))
        .isTrue();
    assertThat(steps(parts)).isGreaterThanOrEqualTo(before - KilledRun.EVERY);
    return ended;
  }

  /** A process that trains; it has made its first step. */
  private Process started(Path library, Path parts) throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                KilledRun.class.getName(),
                library.toString(),
                parts.toString())
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(folder.resolve("child.txt").toFile()))
            .start();
    while (child.isAlive() && steps(parts) == 0) {
      Thread.sleep(5);
    }
    return child;
  }

  /**
   * Trains uninterrupted, and gives half the time that took after the first step: later than that
   * no kill comes, so that runs are killed about four times and still get on.
   */
  private int millisOf(Path library, Path whole) throws Exception {
    Process child = started(library, whole);
    long start = System.nanoTime();
    assertThat(child.waitFor()).as(Files.readString(folder.resolve("child.txt"))).isZero();
    return (int) Math.max(20, (System.nanoTime() - start) / 2_000_000);
  }

  /** How far a process got that has said so; 0: none has. */
  private static long steps(Path parts) throws IOException {
    Path file = parts.resolve("steps");
    byte[] bytes = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
    return bytes.length < Long.BYTES
        ? 0
        : ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getLong();
  }

  /** The step of the checkpoint, which must be there, whole, and no older than it may be. */
  private long check(Path parts, long saved) throws IOException {
    Path file = KilledRun.checkpoint(parts);
    long done = steps(parts);
    if (done <= KilledRun.EVERY && !Files.exists(file)) {
      return 0; // killed before the first was due
    }
    try (var checkpoint = Checkpoint.open(file)) {
      if (!checkpoint.path().equals(file)) {
        between++;
      }
      long step = checkpoint.step();
      assertThat(step).isGreaterThanOrEqualTo(saved);
      assertThat(step).isGreaterThanOrEqualTo(done - KilledRun.EVERY);
      return step;
    }
  }

  private static void same(Path whole, Path parts) throws IOException {
    for (String file : List.of("weights.safetensors", "checkpoint.safetensors")) {
      assertThat(parts.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
    }
    assertThat(rows(parts)).isEqualTo(rows(whole));
    try (Stream<Path> files = Files.list(parts)) {
      assertThat(files.map(p -> p.getFileName().toString()))
          .noneMatch(name -> name.endsWith(".damaged"));
    }
  }

  /** The log, without what differs from run to run: times, the last three columns. */
  static List<String> rows(Path folder) throws IOException {
    return Files.readAllLines(folder.resolve("log.csv")).stream()
        .map(line -> line.replaceFirst("(,[^,]*){3}$", ""))
        .toList();
  }
}
