package modelc.cli;

import static modelc.cli.Run.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A label of a class that the model does not have is told with its place, and trained on never. */
class LabelsTest {
  @TempDir Path folder;

  private Path model(String input, String body, String data, String loss) throws IOException {
    return Files.writeString(
        folder.resolve("m.model"),
        """
        model M(classes: int = 2) {
            input %s
            output logits = %s
        }
        train M {
            data = %s
            loss = %s
            metrics = accuracy(logits, %s)
            optimizer = sgd(lr = 0.1)
            batch = 2
            epochs = 1
        }
        """
            .formatted(input, body, data, loss, loss.contains("mask") ? "mask" : "label"));
  }

  private Path tableModel(String loss) throws IOException {
    return model(
        "features: f32[1]",
        "features -> a: dense(classes)",
        "csv(\"x.csv\", label = \"kind\")",
        loss);
  }

  private void picture(String path, int value) throws IOException {
    var image = new BufferedImage(4, 4, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setSample(3, 1, 0, value);
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    ImageIO.write(image, "png", file.toFile());
  }

  /** Trains to its end, or to the message. */
  private Run train(Path model, Object... more) {
    Object[] begin = {"train", model, "--out", folder.resolve("run"), "--threads", 1};
    return run(
        java.util.stream.Stream.of(begin, more).flatMap(java.util.stream.Stream::of).toArray());
  }

  private void refused(Run r, String... parts) {
    assertThat(r.code()).as(r.err()).isEqualTo(1);
    assertThat(r.err()).contains("error[R0513]").contains(parts).doesNotContain("\tat ");
    assertThat(folder.resolve("run/checkpoint.safetensors")).doesNotExist();
    assertThat(folder.resolve("run/weights.safetensors")).doesNotExist();
  }

  @Test
  void theLineOfATableIsNamed() throws IOException {
    Files.writeString(folder.resolve("x.csv"), "x,kind\n1,0\n2,1\n\n3,2\n4,3\n5,1\n");
    Path model = tableModel("cross_entropy(logits, label)");
    refused(
        train(model),
        "x.csv, line 5: label is 2, but the model knows 0 to 1",
        "2 of 5 samples have such labels, up to 3",
        "--set classes=N");
    assertThat(train(model, "--set", "classes=4").code()).isZero();

    // The same in eval; below zero nothing is known before the sample is read.
    Path weights = folder.resolve("run/weights.safetensors");
    Files.writeString(folder.resolve("y.csv"), "x,kind\n1,0\n2,-1\n");
    Path other = folder.resolve("y.csv");
    Run eval =
        run(
            "eval",
            model,
            "--set",
            "classes=4",
            "--weights",
            weights,
            "data=csv(\"" + other + "\", label = \"kind\")");
    assertThat(eval.code()).isEqualTo(1);
    assertThat(eval.err()).contains("R0513", "y.csv, line 3: label is -1", "0 to 3");
  }

  @Test
  void labelsToBeIgnoredAreTrainedAround() throws IOException {
    Files.writeString(folder.resolve("x.csv"), "x,kind\n1,0\n2,1\n3,255\n");
    assertThat(train(tableModel("weighted_cross_entropy(logits, label, ignore = 255)")).code())
        .isZero();
  }

  @Test
  void aFolderMoreThanClassesIsNamed() throws IOException {
    for (String kind : new String[] {"cat", "dog", "wolf"}) {
      picture("pictures/" + kind + "/1.png", 9);
      picture("pictures/" + kind + "/2.png", 99);
    }
    refused(
        train(
            model(
                "image: f32[1, 4, 4]",
                "image -> flatten -> a: dense(classes)",
                "image_folder(\"pictures\")",
                "cross_entropy(logits, label)")),
        "wolf/1.png: label is 2, but the model knows 0 to 1");
  }

  @Test
  void aPixelOfAMaskIsNamed() throws IOException {
    picture("images/a.png", 9);
    picture("masks/a.png", 2);
    refused(
        train(
            model(
                "image: f32[1, 4, 4]",
                "image -> a: conv2d(classes, 1) -> channels_last",
                "image_masks(\"images\", \"masks\", classes = 3)",
                "cross_entropy(logits, mask)")),
        "a.png: mask[1, 3] is 2, but the model knows 0 to 1");
  }
}
