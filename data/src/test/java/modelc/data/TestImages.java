package modelc.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;

/** Makes picture files for tests. */
final class TestImages {
  private TestImages() {}

  /** Some colours that depend on {@code seed}. */
  static BufferedImage rgb(int height, int width, int seed) {
    var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(
            x, y, shade(seed, 0, y, x) << 16 | shade(seed, 1, y, x) << 8 | shade(seed, 2, y, x));
      }
    }
    return image;
  }

  private static int shade(int seed, int channel, int y, int x) {
    return (seed * 7 + channel * 50 + y * 13 + x * 29) & 0xff;
  }

  /** What {@link #rgb} should be read as. */
  static float[] floats(int height, int width, int seed) {
    var values = new float[3 * height * width];
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          values[(c * height + y) * width + x] = shade(seed, c, y, x) / 255f;
        }
      }
    }
    return values;
  }

  static byte[] encode(BufferedImage image, String format) throws IOException {
    var bytes = new ByteArrayOutputStream();
    if (!ImageIO.write(image, format, bytes)) {
      throw new AssertionError(format);
    }
    return bytes.toByteArray();
  }

  static byte[] png(int height, int width, int seed) throws IOException {
    return encode(rgb(height, width, seed), "png");
  }
}
