package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A step that is not finite is told with the op it begins at, and harms no checkpoint. */
class NotFiniteTest {
  @TempDir Path folder;

  /** Trains a small model, with {@code body} between its first layer and its output. */
  private String failure(String body, String loss, String optimizer) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("bad.model"),
            """
            model Bad {
                input image: f32[1, 28, 28]
                h = image -> flatten -> a: dense(4) -> relu
                output y = %s
            }
            fn masked(x: [...]) -> [...] { return where(x > 0, sqrt(x * 0 - 1 - log(x)), 0) }
            train Bad {
                data = digits(count = 64)
                loss = %s
                optimizer = %s
                batch = 16
                epochs = 2
            }
            """
                .formatted(body, loss, optimizer));
    Run run = Run.run("train", file, "--threads", 1, "--out", folder.resolve("run"));
    assertThat(run.code()).as(run.err()).isEqualTo(5);
    assertThat(folder.resolve("run/weights.safetensors")).doesNotExist();
    return run.err();
  }

  private String failure(String body) throws IOException {
    return failure(body, "mse(y, y * 0)", "sgd(lr = 0.1)");
  }

  @Test
  void theOpThatTheUserWroteIsNamed() throws IOException {
    assertThat(failure("log(h * 0)"))
        .contains("error[R0510]: step 1 (epoch 1, batch 1): the loss is NaN")
        .contains("bad.model:4:16\n")
        .contains("^^^^^^^^^^ log(0) is -infinity")
        .contains("64 of the 64 elements of f32[16,4]")
        .contains("the weights are those before this step");
  }

  @Test
  void anOverflowAndADivisionAreTold() throws IOException {
    assertThat(failure("exp(h + 100) - exp(h + 100)")).contains("is infinity", "exp(10");
    assertThat(failure("h / (h - h)")).contains("divide(", "4:16");
  }

  @Test
  void framesOfTheLibraryAreNotes() throws IOException {
    assertThat(failure("h * 1e30", "mse(y, y * 0 - 1e30)", "sgd(lr = 0.1)"))
        .contains("bad.model:9:12", "through <std>/losses.model:");
  }

  @Test
  void whatIsLeftOutByWhereIsNotBlamed() throws IOException {
    // log(0) is there too, where the mask is false.
    assertThat(failure("masked(h)")).contains("6:52", "sqrt(-");
  }

  @Test
  void aGradientIsToldApartFromItsValue() throws IOException {
    assertThat(failure("sqrt(h * 0)", "mse(y, y * 0 + 1)", "sgd(lr = 0.1)"))
        .contains("a gradient is infinite or NaN", "4:16", "in the gradient, ");
  }

  @Test
  void weightsThatOverflowReplaceNoCheckpoint() throws IOException {
    assertThat(failure("h", "mse(y, y * 0 + 1)", "sgd(lr = 1e39)"))
        .contains("the update of a.", "bad.model:10:17");
  }
}
