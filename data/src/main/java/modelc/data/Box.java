package modelc.data;

/**
 * A box around an object: its centre and its sides, as shares of the picture's width ({@code x},
 * {@code width}) and height.
 */
record Box(float x, float y, float width, float height) {
  /** From two corners, in shares of the picture; what sticks out is cut off. */
  static Box between(double left, double top, double right, double bottom) {
    double l = Math.clamp(left, 0, 1);
    double t = Math.clamp(top, 0, 1);
    double r = Math.clamp(right, l, 1);
    double b = Math.clamp(bottom, t, 1);
    return new Box((float) ((l + r) / 2), (float) ((t + b) / 2), (float) (r - l), (float) (b - t));
  }

  double left() {
    return x - width / 2.0;
  }

  double top() {
    return y - height / 2.0;
  }

  double right() {
    return x + width / 2.0;
  }

  double bottom() {
    return y + height / 2.0;
  }

  double area() {
    return (double) width * height;
  }

  /** The same box in a part of the picture (pixels), or in the picture surrounded by more. */
  Box in(Size whole, double top, double left, Size part) {
    return between(
        (left() * whole.width() - left) / part.width(),
        (top() * whole.height() - top) / part.height(),
        (right() * whole.width() - left) / part.width(),
        (bottom() * whole.height() - top) / part.height());
  }
}
