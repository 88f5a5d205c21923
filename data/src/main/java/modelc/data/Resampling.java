package modelc.data;

/**
 * Makes pictures larger or smaller. Downwards it averages over all pixels that a new one covers (a
 * triangle filter as wide as two new pixels), so that nothing flickers; upwards that filter is
 * bilinear interpolation. Pixel centres lie at halves, as in Pillow's {@code BILINEAR}.
 */
final class Resampling {
  /** Bits of the fraction of a weight. */
  private static final int BITS = 22;

  private Resampling() {}

  /** For each new place, the first old one that counts and the weights from there on. */
  private record Weights(int[] first, int[][] weights) {}

  private static Weights weights(int from, int to) {
    double scale = (double) from / to;
    double support = Math.max(1, scale);
    var first = new int[to];
    var weights = new int[to][];
    for (int i = 0; i < to; i++) {
      double centre = (i + 0.5) * scale;
      int low = Math.max(0, (int) (centre - support + 0.5));
      int high = Math.min(from, (int) (centre + support + 0.5));
      var w = new double[high - low];
      double sum = 0;
      for (int k = 0; k < w.length; k++) {
        w[k] = Math.max(0, 1 - Math.abs((low + k + 0.5 - centre) / support));
        sum += w[k];
      }
      first[i] = low;
      weights[i] = new int[w.length];
      for (int k = 0; k < w.length; k++) {
        weights[i][k] = (int) Math.round(w[k] / sum * (1 << BITS));
      }
    }
    return new Weights(first, weights);
  }

  /** {@code p} in {@code size}. */
  static Picture smooth(Picture p, Size size) {
    Picture wide = p.width() == size.width() ? p : horizontally(p, size.width());
    return p.height() == size.height() ? wide : vertically(wide, size.height());
  }

  private static Picture horizontally(Picture p, int width) {
    Weights w = weights(p.width(), width);
    byte[] old = p.values();
    int rows = p.channels() * p.height();
    var made = new byte[rows * width];
    for (int r = 0; r < rows; r++) {
      for (int x = 0; x < width; x++) {
        int at = r * p.width() + w.first[x];
        int sum = 1 << (BITS - 1);
        for (int weight : w.weights[x]) {
          sum += weight * (old[at++] & 0xff);
        }
        made[r * width + x] = shade(sum);
      }
    }
    return new Picture(p.channels(), p.height(), width, made);
  }

  private static Picture vertically(Picture p, int height) {
    Weights w = weights(p.height(), height);
    byte[] old = p.values();
    int width = p.width();
    var made = new byte[p.channels() * height * width];
    var sums = new int[width];
    for (int c = 0; c < p.channels(); c++) {
      for (int y = 0; y < height; y++) {
        java.util.Arrays.fill(sums, 1 << (BITS - 1));
        int row = p.row(c, w.first[y]);
        for (int weight : w.weights[y]) {
          for (int x = 0; x < width; x++) {
            sums[x] += weight * (old[row + x] & 0xff);
          }
          row += width;
        }
        int to = (c * height + y) * width;
        for (int x = 0; x < width; x++) {
          made[to + x] = shade(sums[x]);
        }
      }
    }
    return new Picture(p.channels(), height, width, made);
  }

  private static byte shade(int sum) {
    return (byte) Math.clamp(sum >> BITS, 0, 255);
  }

  /**
   * {@code p} in {@code size}, no value of which is new: for classes, between which nothing lies.
   */
  static Picture nearest(Picture p, Size size) {
    if (size.equals(p.size())) {
      return p;
    }
    int h = size.height();
    int w = size.width();
    var made = new byte[p.channels() * h * w];
    for (int c = 0; c < p.channels(); c++) {
      for (int y = 0; y < h; y++) {
        int from = p.row(c, (int) ((2L * y + 1) * p.height() / (2L * h)));
        for (int x = 0; x < w; x++) {
          made[(c * h + y) * w + x] =
              p.values()[from + (int) ((2L * x + 1) * p.width() / (2L * w))];
        }
      }
    }
    return new Picture(p.channels(), h, w, made);
  }
}
