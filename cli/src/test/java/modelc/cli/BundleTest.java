package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import modelc.runtime.Artifact;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bundle trains and runs a model where there is neither Java nor anything else of ours. */
class BundleTest {
  private static final long MOST = 60L << 20;

  @TempDir Path folder;

  private record Run(int code, String said) {}

  /** Runs a program in an environment that holds nothing but the system's own programs. */
  private Run bare(String... command) throws IOException, InterruptedException {
    var words = new ArrayList<>(List.of("/usr/bin/env", "-i", "PATH=/usr/bin:/bin"));
    words.addAll(List.of(command));
    Process p =
        new ProcessBuilder(words).directory(folder.toFile()).redirectErrorStream(true).start();
    String said = new String(p.getInputStream().readAllBytes());
    return new Run(p.waitFor(), said);
  }

  @Test
  void aBundleTrainsWithoutJava() throws Exception {
    Path model =
        Files.writeString(
            folder.resolve("tiny.model"),
            """
            model Tiny {
                input image: f32[1, 28, 28]
                output logits = image -> flatten -> fc: dense(10)
            }

            train Tiny {
                data       = digits(count = 200)
                validation = 0.2
                loss       = cross_entropy(logits, label)
                metrics    = accuracy(logits, label)
                optimizer  = sgd(lr = 0.1)
                batch      = 32
                epochs     = 2
                stop       = early(monitor = val_loss, patience = 3)
            }
            """);
    Path made = folder.resolve("made");
    assertThat(Main.run("bundle", model.toString(), "-o", made.toString())).isZero();
    Path moved = Files.move(made, folder.resolve("moved"));
    long bytes = new BundleFolder(moved).bytes();
    assertThat(bytes).isLessThan(MOST);

    Run trained = bare("moved/tiny", "train", "--out", "run");
    assertThat(trained.said).contains("epoch 2/2  loss", "val_accuracy", "weights run");
    assertThat(trained.code).isZero();
    Run resumed = bare("moved/tiny", "train", "--out", "run", "--epochs", "3", "--resume");
    assertThat(resumed.said).contains("epoch 3/3  loss").doesNotContain("epoch 2/3");
    Run judged = bare("moved/tiny", "eval", "--weights", "run/weights.safetensors");
    assertThat(judged.said).containsPattern("loss .* accuracy .* on \\d+ samples");

    Run timed = bare("moved/tiny", "bench", "--seconds", "0");
    assertThat(timed.said).contains("\"model\":\"tiny\"", "\"train_ms\":", "\"infer_ms\":");
    Run wrong = bare("moved/tiny", "train", "--device", "tpu");
    assertThat(wrong.code).isEqualTo(2);
    assertThat(wrong.said).contains("error[C0125]: there is no device tpu");

    Run occupied = bare("moved/tiny", "train", "--out", "run/weights.safetensors");
    assertThat(occupied.said).endsWith("run/weights.safetensors: cannot be used\n");
    assertThat(occupied.code).isEqualTo(3);

    Artifact carried = Artifact.open(moved.resolve("models/tiny.so"));
    assertThat(carried.kernels().orElseThrow().kernels()).isNotEmpty();
    assertThat(carried.kernels().orElseThrow().modules())
        .extracting(m -> m.capability())
        .containsExactly(80);
  }
}
