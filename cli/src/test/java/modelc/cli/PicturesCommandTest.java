package modelc.cli;

import static modelc.cli.Run.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports of training on pictures, and predictions on picture files, as a user meets them. */
class PicturesCommandTest {
  @TempDir Path folder;

  /** A gray picture, bright at the left of {@code edge} and dark at its right. */
  private Path picture(String path, int height, int width, int edge) throws IOException {
    return picture(path, height, width, edge, 230, 30);
  }

  private Path picture(String path, int height, int width, int edge, int left, int right)
      throws IOException {
    var image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.getRaster().setSample(x, y, 0, x < edge ? left : right);
      }
    }
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  private Path model(String text) throws IOException {
    return Files.writeString(folder.resolve("m.model"), text);
  }

  @Test
  void classesHaveTheirNamesOnTheReportAndOnThePictures() throws IOException {
    String hostile = "<script>alert(1)";
    for (int i = 0; i < 6; i++) {
      picture("train/" + hostile + "/" + i + ".png", 8, 8, 1 + i % 2);
      picture("train/bright/" + i + ".png", 8, 8, 6 + i % 2);
    }
    Path model =
        model(
            """
            model M {
                input image: f32[1, 8, 8]
                output logits = image -> flatten -> a: dense(2)
            }
            train M {
                data = image_folder("train") -> resize(8)
                loss = cross_entropy(logits, label)
                metrics = [accuracy(logits, label), confusion(logits, label)]
                optimizer = adam(lr = cosine(0.1))
                batch = 4
                epochs = 20
            }
            """);
    Path out = folder.resolve("run");
    Run train = run("train", model, "--out", out, "--threads", 1);
    assertThat(train.code()).as(train.err()).isZero();
    String page = Files.readString(out.resolve("report.html"));
    assertThat(page)
        .contains("finished", "image_folder(&quot;train&quot;) -&gt; resize(8)")
        .contains("adam(lr = cosine(0.1))", "aria-label=\"learning rate\"", ">130<")
        .contains("data:image/png;base64,", "&lt;script&gt;alert(1)", "waited for data")
        .doesNotContain("<script", "http://", "https://");
    assertThat(Files.readString(out.resolve("log.csv"))).contains(",samples_per_second,waited");

    Path none = folder.resolve("none");
    assertThat(run("train", model, "--out", none, "epochs=1", "--no-report", "--threads", 1).code())
        .isZero();
    assertThat(none.resolve("report.html")).doesNotExist();

    picture("new/a.png", 40, 50, 8);
    picture("new/deep/b.png", 8, 8, 7);
    Files.writeString(folder.resolve("new/c.jpg"), "no picture");
    Path drawn = folder.resolve("drawn");
    Path csv = folder.resolve("p.csv");
    Object[] predict = {
      "predict", model, "--weights", out.resolve("weights.safetensors"), "--threads", 1, "--input"
    };
    Run refused = run(with(predict, folder.resolve("new"), "--output", drawn));
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("D0415", "c.jpg", "--bad skip");
    Run skipped =
        run(with(predict, folder.resolve("new"), "--output", drawn, "--bad", "skip", "--csv", csv));
    assertThat(skipped.code()).as(skipped.err()).isZero();
    assertThat(skipped.err()).contains("1 of 3 pictures left out", "c.jpg");
    List<String> lines = Files.readAllLines(csv);
    assertThat(lines.getFirst()).isEqualTo("file,class,probability");
    assertThat(lines.get(1)).startsWith("a.png," + hostile + ",");
    assertThat(lines.get(2)).startsWith("deep/b.png,bright,");
    // As large as the file's picture, enlarged for the words below.
    BufferedImage a = ImageIO.read(drawn.resolve("a.png").toFile());
    assertThat(a.getWidth() % 50).isZero();
    assertThat(drawn.resolve("deep/b.png")).exists();

    Run json = run(with(predict, folder.resolve("new/deep/b.png"), "--json"));
    assertThat(json.out()).contains("\"class\":\"bright\"", "\"top\":{\"bright\":");
    checkMistakes(predict);
  }

  private void checkMistakes(Object[] predict) throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    assertThat(run(with(predict, empty)).err()).contains("D0406");
    assertThat(run(with(predict, folder.resolve("absent"))).code()).isEqualTo(3);
    Path pictures = folder.resolve("new/deep");
    assertThat(run(with(predict, pictures, "--output", pictures)).err()).contains("C0117");
    assertThat(run(with(predict, pictures, "--output", "y.npy")).err()).contains("C0115");
  }

  private static Object[] with(Object[] arguments, Object... more) {
    Object[] all = Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return all;
  }

  /** Tiles of a picture of another size than those learned from, put together to its size. */
  @Test
  void masksAreDrawnInTheSizeOfThePicture() throws IOException {
    for (int i = 0; i < 4; i++) {
      picture("images/" + i + ".png", 16, 16, 4 + 2 * i);
      picture("masks/" + i + ".png", 16, 16, 4 + 2 * i, 255, 0);
    }
    Path model =
        model(
            """
            model M {
                input image: f32[1, 8, 8]
                output logits = image -> a: conv2d(1, 1)
            }
            train M {
                data = image_masks("images", "masks") -> tiles(8)
                loss = binary_cross_entropy_with_logits(logits, mask)
                metrics = binary_iou(sigmoid(logits), mask)
                optimizer = adam(lr = 0.5)
                batch = 8
                epochs = 40
            }
            """);
    Path out = folder.resolve("run");
    Run train = run("train", model, "--out", out, "--threads", 1);
    assertThat(train.code()).as(train.err()).isZero();
    assertThat(Files.readString(out.resolve("report.html")))
        .contains("true mask", "predicted mask", "binary iou");
    Path input = picture("new.png", 20, 30, 13);
    Path drawn = folder.resolve("drawn");
    Run predict =
        run(
            "predict",
            model,
            "--weights",
            out.resolve("weights.safetensors"),
            "--input",
            input,
            "--output",
            drawn,
            "--threads",
            1);
    assertThat(predict.code()).as(predict.err()).isZero();
    assertThat(predict.out()).contains("new.png", "class 1 43.3 %");
    BufferedImage labels = ImageIO.read(drawn.resolve("new.mask.png").toFile());
    assertThat(labels.getWidth()).isEqualTo(30);
    assertThat(labels.getHeight()).isEqualTo(20);
    BufferedImage shown = ImageIO.read(drawn.resolve("new.png").toFile());
    for (int y = 0; y < 20; y++) {
      for (int x = 0; x < 30; x++) {
        assertThat(labels.getRaster().getSample(x, y, 0)).isEqualTo(x < 13 ? 1 : 0);
        int gray = x < 13 ? 230 : 30;
        boolean plain = shown.getRGB(x, y) == (0xff000000 | gray * 0x10101);
        assertThat(plain).isEqualTo(x >= 13);
      }
    }
  }

  @Test
  void aRunThatIsNoNumberIsReported() throws IOException {
    Path model =
        model(
            """
            model M {
                input image: f32[1, 28, 28]
                output logits = image -> flatten -> a: dense(10)
            }
            train M {
                data = digits(count = 100)
                loss = cross_entropy(logits, label)
                optimizer = sgd(lr = 3e38)
            }
            """);
    Path out = folder.resolve("run");
    assertThat(run("train", model, "--out", out, "--threads", 1).code()).isEqualTo(5);
    assertThat(Files.readString(out.resolve("report.html")))
        .contains("class=alert", "stopped: step ")
        .doesNotContain(">NaN<");
  }
}
