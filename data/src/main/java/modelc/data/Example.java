package modelc.data;

import org.jspecify.annotations.Nullable;

/**
 * A picture and what is to be learned of it: a class, a mask as large as the picture, or a box.
 * What the set does not have is 0 or absent.
 */
record Example(Picture image, int label, @Nullable Picture mask, @Nullable Box box) {
  static Example labelled(Picture image, int label) {
    return new Example(image, label, null, null);
  }

  Example withImage(Picture changed) {
    return new Example(changed, label, mask, box);
  }

  /** The part that begins at row {@code top} and column {@code left}. */
  Example crop(int top, int left, Size size) {
    return new Example(
        image.crop(top, left, size),
        label,
        mask == null ? null : mask.crop(top, left, size),
        box == null ? null : box.in(image.size(), top, left, size));
  }

  Example pad(int n, Border border) {
    Picture larger = image.pad(n, border);
    return new Example(
        larger,
        label,
        mask == null ? null : mask.pad(n, border),
        box == null ? null : box.in(image.size(), -n, -n, larger.size()));
  }

  /** Stretched to {@code size}; a box in shares of the picture stays what it is. */
  Example resize(Size size) {
    return new Example(
        Resampling.smooth(image, size),
        label,
        mask == null ? null : Resampling.nearest(mask, size),
        box);
  }

  /** Bytes it takes in memory. */
  long bytes() {
    return 64L + image.values().length + (mask == null ? 0 : mask.values().length);
  }
}
