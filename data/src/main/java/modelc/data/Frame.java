package modelc.data;

/**
 * Which rectangle of a file's picture a part made of it shows, in pixels of the file's picture; it
 * reaches beyond where the part was padded.
 */
public record Frame(double top, double left, double height, double width) {
  static Frame whole(Size size) {
    return new Frame(0, 0, size.height(), size.width());
  }

  /** Of a part of what this frame shows, which is {@code whole} pixels large by now. */
  Frame part(Size whole, double partTop, double partLeft, Size part) {
    double down = height / whole.height();
    double across = width / whole.width();
    return new Frame(
        top + partTop * down,
        left + partLeft * across,
        part.height() * down,
        part.width() * across);
  }
}
