package modelc.data;

import org.jspecify.annotations.Nullable;

/**
 * A picture and what is to be learned of it: a class, a mask as large as the picture, or a box.
 * What the set does not have is 0 or absent.
 *
 * @param frame which part of the picture in its file this is; random changes leave it alone
 */
record Example(Picture image, int label, @Nullable Picture mask, @Nullable Box box, Frame frame) {
  /** A picture as it is in its file. */
  Example(Picture image, int label, @Nullable Picture mask, @Nullable Box box) {
    this(image, label, mask, box, Frame.whole(image.size()));
  }

  static Example labelled(Picture image, int label) {
    return new Example(image, label, null, null);
  }

  Example withImage(Picture changed) {
    return new Example(changed, label, mask, box, frame);
  }

  /** The part that begins at row {@code top} and column {@code left}. */
  Example crop(int top, int left, Size size) {
    return new Example(
        image.crop(top, left, size),
        label,
        mask == null ? null : mask.crop(top, left, size),
        box == null ? null : box.in(image.size(), top, left, size),
        frame.part(image.size(), top, left, size));
  }

  Example pad(int n, Border border) {
    Picture larger = image.pad(n, border);
    return new Example(
        larger,
        label,
        mask == null ? null : mask.pad(n, border),
        box == null ? null : box.in(image.size(), -n, -n, larger.size()),
        frame.part(image.size(), -n, -n, larger.size()));
  }

  /** Stretched to {@code size}; a box in shares of the picture stays what it is. */
  Example resize(Size size) {
    return new Example(
        Resampling.smooth(image, size),
        label,
        mask == null ? null : Resampling.nearest(mask, size),
        box,
        frame);
  }

  /** Bytes it takes in memory. */
  long bytes() {
    return 64L + image.values().length + (mask == null ? 0 : mask.values().length);
  }
}
