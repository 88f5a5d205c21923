package modelc.data;

/** Height and width of a picture in pixels. */
record Size(int height, int width) {
  /** The longest side that is read or made: 16,384 pixels. */
  static final int MAX_SIDE = 1 << 14;

  @Override
  public String toString() {
    return height + "x" + width;
  }

  /** As a .model file writes it: {@code 32} or {@code [24, 32]}. */
  String written() {
    return height == width ? Integer.toString(height) : "[" + height + ", " + width + "]";
  }
}
