package modelc.data;

/**
 * Where in a picture each point of a new one of the same size is taken from: an affine map of pixel
 * coordinates around the centre, {@code x' = a x + b y + c}, {@code y' = d x + e y + f}. It draws
 * nothing at random.
 */
record Placement(double a, double b, double c, double d, double e, double f) {
  static final Placement NONE = new Placement(1, 0, 0, 0, 1, 0);

  /** A box in its new place, and the share of it that is still in sight. */
  record Moved(Box box, double share) {}

  /**
   * First this change of the picture, then the one whose way back to where it came from is given.
   */
  Placement then(Placement back) {
    return new Placement(
        a * back.a + b * back.d,
        a * back.b + b * back.e,
        a * back.c + b * back.f + c,
        d * back.a + e * back.d,
        d * back.b + e * back.e,
        d * back.c + e * back.f + f);
  }

  private interface Sampler {
    int at(Picture p, int channel, double y, double x);
  }

  private Picture sampled(Picture p, Sampler sampler) {
    int h = p.height();
    int w = p.width();
    var made = new byte[p.values().length];
    int to = 0;
    for (int channel = 0; channel < p.channels(); channel++) {
      for (int y = 0; y < h; y++) {
        double v = y + 0.5 - h / 2.0;
        for (int x = 0; x < w; x++) {
          double u = x + 0.5 - w / 2.0;
          double fromX = a * u + b * v + c + w / 2.0 - 0.5;
          double fromY = d * u + e * v + f + h / 2.0 - 0.5;
          made[to++] = (byte) sampler.at(p, channel, fromY, fromX);
        }
      }
    }
    return new Picture(p.channels(), h, w, made);
  }

  /** Between four pixels, in proportion. */
  Picture smooth(Picture p, Border border) {
    return sampled(
        p,
        (from, channel, y, x) -> {
          int top = (int) Math.floor(y);
          int left = (int) Math.floor(x);
          double down = y - top;
          double right = x - left;
          double upper =
              value(from, channel, top, left, border) * (1 - right)
                  + (right == 0 ? 0 : value(from, channel, top, left + 1, border) * right);
          double lower =
              down == 0
                  ? 0
                  : value(from, channel, top + 1, left, border) * (1 - right)
                      + (right == 0 ? 0 : value(from, channel, top + 1, left + 1, border) * right);
          return (int) (upper * (1 - down) + lower * down + 0.5);
        });
  }

  /** The nearest pixel, so that no class is invented. */
  Picture nearest(Picture p, Border border) {
    return sampled(
        p,
        (from, channel, y, x) ->
            value(from, channel, (int) Math.floor(y + 0.5), (int) Math.floor(x + 0.5), border));
  }

  private static int value(Picture p, int channel, int y, int x, Border border) {
    int insideY = border.inside(y, p.height());
    int insideX = border.inside(x, p.width());
    return insideY < 0 || insideX < 0 ? 0 : p.values()[p.row(channel, insideY) + insideX] & 0xff;
  }

  /** The box around where the corners of {@code box} come to lie, cut off at the picture's edge. */
  Moved moved(Box box, Size size) {
    double det = a * e - b * d;
    double left = Double.POSITIVE_INFINITY;
    double top = left;
    double right = Double.NEGATIVE_INFINITY;
    double bottom = right;
    for (int corner = 0; corner < 4; corner++) {
      double x = ((corner & 1) == 0 ? box.left() : box.right()) * size.width();
      double y = ((corner & 2) == 0 ? box.top() : box.bottom()) * size.height();
      double u = x - size.width() / 2.0 - c;
      double v = y - size.height() / 2.0 - f;
      double newX = (e * u - b * v) / det / size.width() + 0.5;
      double newY = (a * v - d * u) / det / size.height() + 0.5;
      left = Math.min(left, newX);
      right = Math.max(right, newX);
      top = Math.min(top, newY);
      bottom = Math.max(bottom, newY);
    }
    Box seen = Box.between(left, top, right, bottom);
    return new Moved(seen, seen.area() / ((right - left) * (bottom - top)));
  }
}
