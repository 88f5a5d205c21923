package modelc.data;

/** Arithmetic on the values of a picture, 0 to 255, rounded and kept inside. It draws nothing. */
final class Colours {
  /** What red, green and blue add to the shade of gray (ITU-R BT.601). */
  private static final double[] LUMA = {0.299, 0.587, 0.114};

  private Colours() {}

  static byte shade(double value) {
    return (byte) (int) Math.clamp(value + 0.5, 0, 255);
  }

  /** The mean shade of gray. */
  static double meanShade(Picture p) {
    int n = p.height() * p.width();
    double mean = 0;
    for (int c = 0; c < p.channels(); c++) {
      long sum = 0;
      for (int i = 0; i < n; i++) {
        sum += p.values()[c * n + i] & 0xff;
      }
      mean += (p.channels() == 3 ? LUMA[c] : 1.0 / p.channels()) * sum / n;
    }
    return mean;
  }

  /** {@code gain * value + offset}. */
  static Picture mixed(Picture p, double gain, double offset) {
    var table = new byte[256];
    for (int v = 0; v < 256; v++) {
      table[v] = shade(gain * v + offset);
    }
    byte[] old = p.values();
    var made = new byte[old.length];
    for (int i = 0; i < made.length; i++) {
      made[i] = table[old[i] & 0xff];
    }
    return new Picture(p.channels(), p.size(), made);
  }

  /**
   * {@code gain * (m times the colour) + offset}; rows of {@code m} sum to 1, so gray stays gray.
   */
  static Picture mixed(Picture p, double[] m, double gain, double offset) {
    byte[] old = p.values();
    int n = p.height() * p.width();
    var made = new byte[old.length];
    for (int i = 0; i < n; i++) {
      double r = old[i] & 0xff;
      double g = old[n + i] & 0xff;
      double b = old[2 * n + i] & 0xff;
      for (int c = 0; c < 3; c++) {
        double v = m[3 * c] * r + m[3 * c + 1] * g + m[3 * c + 2] * b;
        made[c * n + i] = shade(gain * v + offset);
      }
    }
    return new Picture(3, p.size(), made);
  }

  /**
   * The matrix, row by row, that multiplies the saturation and turns the hue by an angle around the
   * axis of grays, the shade of gray unchanged.
   */
  static double[] turned(double saturation, double angle) {
    double cos = StrictMath.cos(angle);
    double sin = StrictMath.sin(angle) / StrictMath.sqrt(3);
    var m = new double[9];
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3; column++) {
        // Rotation around (1, 1, 1): Rodrigues' formula.
        double same = row == column ? cos : 0;
        double cross = row == column ? 0 : (column - row + 3) % 3 == 1 ? -sin : sin;
        m[3 * row + column] = same + (1 - cos) / 3 + cross;
      }
    }
    // What the rotation changed in the shade of gray is taken back, then colours move from gray.
    var gray = new double[3];
    for (int column = 0; column < 3; column++) {
      for (int row = 0; row < 3; row++) {
        gray[column] += LUMA[row] * m[3 * row + column];
      }
    }
    var result = new double[9];
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3; column++) {
        double turned = m[3 * row + column] - gray[column] + LUMA[column];
        result[3 * row + column] = saturation * turned + (1 - saturation) * LUMA[column];
      }
    }
    return result;
  }
}
