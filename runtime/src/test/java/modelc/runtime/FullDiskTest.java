package modelc.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a full disk does to a run: told before it begins, survived while it lasts. The disk is a
 * small one in memory; without the right to mount one, nothing is tested.
 */
class FullDiskTest {
  private static final BatchSource DATA = Linear.of(61); // 8 batches of 8

  @TempDir Path disk;
  private boolean mounted;

  @BeforeEach
  void mount() throws Exception {
    mounted = succeeds("mount", "-t", "tmpfs", "-o", "size=8m", "modelc-test", disk.toString());
    Assumptions.assumeTrue(mounted, "no right to mount a small disk");
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      assertThat(succeeds("umount", disk.toString())).isTrue();
    }
  }

  private static boolean succeeds(String... command) throws Exception {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Writes until there is no room. */
  private void fill() {
    try (OutputStream out = Files.newOutputStream(disk.resolve("filler"))) {
      while (true) {
        out.write(new byte[4096]);
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("No space left");
    }
  }

  private void empty() {
    try {
      Files.delete(disk.resolve("filler"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private long saved(Path file) {
    try (var checkpoint = Checkpoint.open(file)) {
      assertThat(checkpoint.path()).isEqualTo(file);
      return checkpoint.step();
    }
  }

  @Test
  void aFullDiskIsToldBeforeTheFirstStep() {
    fill();
    Path file = disk.resolve("run.ckpt");
    try (var model = LinearModel.model();
        var session = model.open(1)) {
      session.init(1);
      var trainer =
          new Trainer(
              session,
              DATA,
              Optional.empty(),
              TrainerOptions.of(1, 8).withCheckpoint(file, 0),
              TrainingListener.NONE);
      assertThatThrownBy(trainer::run)
          .isInstanceOf(FileException.class)
          .hasMessageContaining("cannot write " + file);
      assertThatThrownBy(() -> session.prepareSave(disk.resolve("weights")))
          .isInstanceOf(FileException.class);
      assertThat(session.variable("count").floats()).containsExactly(0f);
    }
  }

  @Test
  void aDiskThatIsFullForAWhileCostsNothingButCheckpoints() {
    Path file = disk.resolve("run.ckpt");
    var warnings = new ArrayList<String>();
    var savedWhileFull = new ArrayList<Long>();
    var listener =
        new TrainingListener() {
          @Override
          public void step(Step s) {
            if (s.step() == 3) {
              fill();
            } else if (s.step() == 11) {
              savedWhileFull.add(saved(file));
              empty();
            }
          }

          @Override
          public void warning(String message) {
            warnings.add(message);
          }
        };
    try (var model = LinearModel.model();
        var session = model.open(1)) {
      session.init(1);
      TrainerOptions options = TrainerOptions.of(2, 8).withCheckpoint(file, 1);
      TrainingResult result = new Trainer(session, DATA, Optional.empty(), options, listener).run();
      assertThat(result.outcome()).isEqualTo(TrainingResult.Outcome.COMPLETED);
      assertThat(savedWhileFull).isEqualTo(List.of(2L));
      assertThat(warnings).hasSize(2);
      assertThat(warnings.getFirst()).contains("no checkpoint at step 3", "No space left");
      assertThat(warnings.getLast()).contains("saved again, at step 11");
      assertThat(saved(file)).isEqualTo(16);
    }
    try (var left = Files.list(disk)) {
      assertThat(left.map(p -> p.getFileName().toString()))
          .containsExactlyInAnyOrder("run.ckpt", "run.ckpt.previous");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
