package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import modelc.runtime.Checkpoint;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are stopped and gone on with by the command line. */
class ResumeTest {
  /** Everything that is random, or remembered, at once: 10 steps an epoch. */
  private static final String MODEL =
      """
      model Small {
          input image: f32[1, 28, 28]
          output logits = image -> avg_pool2d(4) -> conv: conv2d(4, 3) -> batch_norm() -> relu
              -> flatten -> dropout(0.3) -> fc: dense(10)
      }
      train Small {
          data       = digits(count = 200) -> augment(shift(2))
          validation = 0.2
          loss       = cross_entropy(logits, label)
          metrics    = accuracy(logits, label)
          optimizer  = adam(lr = cosine(0.01))
          batch      = 16
          epochs     = 4
          stop       = early(monitor = val_loss, patience = 3)
      }
      """;

  @TempDir Path folder;
  private Path model;

  @BeforeEach
  void write() throws IOException {
    model = Files.writeString(folder.resolve("small.model"), MODEL);
  }

  /** Trains in the folder of that name; what was said. */
  private String train(String name, String... more) {
    Run run =
        Run.run(
            Stream.concat(Stream.of("train", model, "--out", folder.resolve(name)), Stream.of(more))
                .toArray());
    assertThat(run.code()).as(run.err()).isZero();
    return run.err();
  }

  private List<String> rows(String name) throws IOException {
    return KillTest.rows(folder.resolve(name));
  }

  /** In the middle of epochs, with other numbers of threads that read data, from a damaged file. */
  @Test
  void partsOfARunAreToTheBitTheWholeRun() throws IOException {
    train("whole", "--threads", "2");
    train("parts", "--threads", "2", "--steps", "13", "--checkpoint-every", "4");
    Path checkpoint = folder.resolve("parts/checkpoint.safetensors");
    byte[] damaged = Files.readAllBytes(checkpoint);
    damaged[damaged.length / 2] ^= 1;
    Files.write(checkpoint, damaged);
    String told =
        train("parts", "--threads", "2", "--steps", "26", "--resume", "--data-threads", "3");
    assertThat(told)
        .contains("damaged, and kept as checkpoint.safetensors.damaged; going on from")
        .contains("resuming after step 12 of 40");
    train("parts", "--threads", "2", "--resume", "--data-threads", "2");

    for (String file : List.of("weights.safetensors", "checkpoint.safetensors")) {
      assertThat(folder.resolve("parts").resolve(file))
          .hasSameBinaryContentAs(folder.resolve("whole").resolve(file));
    }
    assertThat(rows("parts")).isEqualTo(rows("whole")).hasSize(5);
  }

  /** A process started in the background by a shell ignores Ctrl-C, and so do its children. */
  private static boolean ignoresInterrupts() throws IOException {
    Path status = Path.of("/proc/self/status");
    return Files.exists(status)
        && Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
            .anyMatch(ignored -> (ignored >> 1 & 1) == 1);
  }

  /** A process of Java; what it says goes to a file. */
  private Process java(Path said, String... arguments) throws IOException {
    var command =
        new ArrayList<String>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path")));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(said.toFile())
        .start();
  }

  /** Sends an interrupt once {@code word} was said. */
  private static void interrupt(Process process, Path said, String word) throws Exception {
    while (process.isAlive() && !Files.readString(said).contains(word)) {
      Thread.sleep(10);
    }
    String pid = Long.toString(process.pid());
    assertThat(new ProcessBuilder("kill", "-INT", pid).start().waitFor()).isZero();
  }

  @Test
  void anInterruptSavesAndEndsWith130() throws Exception {
    assumeFalse(
        ignoresInterrupts(), "interrupts are ignored here, as in the background of a shell");
    Path out = folder.resolve("interrupted");
    Path said = folder.resolve("said.txt");
    Process run =
        java(
            said,
            Main.class.getName(),
            "train",
            model.toString(),
            "epochs=1000000",
            "stop=early(monitor = val_loss, patience = 1000000)",
            "--out",
            out.toString());
    try {
      interrupt(run, said, "epoch 2/");
      assertThat(run.waitFor(1, TimeUnit.MINUTES)).isTrue();
    } finally {
      run.destroyForcibly();
    }
    assertThat(run.exitValue()).as(Files.readString(said)).isEqualTo(130);
    try (var checkpoint = Checkpoint.open(out.resolve("checkpoint.safetensors"))) {
      assertThat(said)
          .content()
          .contains("interrupted:", "saved after step %,d;".formatted(checkpoint.step()));
    }
    assertThat(out.resolve("weights.safetensors")).doesNotExist();
  }

  /** A command that hears of interrupts and does not end. */
  static final class Stubborn {
    private Stubborn() {}

    public static void main(String[] args) throws InterruptedException {
      try (var _ = Interruption.by(() -> System.out.println("told"))) {
        System.out.println("ready");
        Thread.sleep(600_000);
      }
    }
  }

  @Test
  void aSecondInterruptEndsAtOnce() throws Exception {
    assumeFalse(
        ignoresInterrupts(), "interrupts are ignored here, as in the background of a shell");
    Path said = folder.resolve("said.txt");
    Process stubborn = java(said, Stubborn.class.getName());
    try {
      interrupt(stubborn, said, "ready");
      interrupt(stubborn, said, "told");
      assertThat(stubborn.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(stubborn.exitValue()).isEqualTo(130);
    } finally {
      stubborn.destroyForcibly();
    }
  }
}
