package modelc.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A picture in memory: a byte a value, 0 to 255, channel by channel, each row by row. Nobody
 * changes its values once it is made. A mask is a picture of one channel whose values are classes.
 */
public final class Picture {
  private static final float[] SHADES = new float[256];

  static {
    for (int i = 0; i < 256; i++) {
      SHADES[i] = i / 255f;
    }
  }

  private final int channels;
  private final int height;
  private final int width;
  private final byte[] values;

  Picture(int channels, int height, int width, byte[] values) {
    if (values.length != channels * height * width) {
      throw new IllegalArgumentException(values.length + " values");
    }
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.values = values;
  }

  Picture(int channels, Size size, byte[] values) {
    this(channels, size.height(), size.width(), values);
  }

  public int channels() {
    return channels;
  }

  public int height() {
    return height;
  }

  public int width() {
    return width;
  }

  Size size() {
    return new Size(height, width);
  }

  /** The values themselves, for reading alone. */
  public byte[] values() {
    return values;
  }

  /** Where row {@code y} of a channel begins among the values. */
  int row(int channel, int y) {
    return (channel * height + y) * width;
  }

  /**
   * The same in gray (ITU-R BT.601's weights of red, green and blue) or in three channels; any
   * other number of channels leaves it as it is.
   */
  Picture withChannels(int wanted) {
    if (wanted == channels) {
      return this;
    }
    int n = height * width;
    if (wanted == 3 && channels == 1) {
      byte[] three = Arrays.copyOf(values, 3 * n);
      System.arraycopy(values, 0, three, n, n);
      System.arraycopy(values, 0, three, 2 * n, n);
      return new Picture(3, height, width, three);
    }
    if (wanted == 1 && channels == 3) {
      var gray = new byte[n];
      for (int i = 0; i < n; i++) {
        gray[i] =
            (byte)
                (((values[i] & 0xff) * 19595
                        + (values[n + i] & 0xff) * 38470
                        + (values[2 * n + i] & 0xff) * 7471
                        + 0x8000)
                    >> 16);
      }
      return new Picture(1, height, width, gray);
    }
    return this;
  }

  /** The part that begins at row {@code top} and column {@code left}, wholly inside. */
  Picture crop(int top, int left, Size size) {
    if (top == 0 && left == 0 && size.equals(size())) {
      return this;
    }
    int h = size.height();
    int w = size.width();
    var part = new byte[channels * h * w];
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < h; y++) {
        System.arraycopy(values, row(c, top + y) + left, part, (c * h + y) * w, w);
      }
    }
    return new Picture(channels, h, w, part);
  }

  /** Surrounded by {@code n} pixels on each side. */
  Picture pad(int n, Border border) {
    int h = height + 2 * n;
    int w = width + 2 * n;
    var all = new byte[channels * h * w];
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < h; y++) {
        int fromY = border.inside(y - n, height);
        if (fromY < 0) {
          continue;
        }
        int from = row(c, fromY);
        int to = (c * h + y) * w;
        for (int x = 0; x < w; x++) {
          int fromX = border.inside(x - n, width);
          all[to + x] = fromX < 0 ? 0 : values[from + fromX];
        }
      }
    }
    return new Picture(channels, h, w, all);
  }

  /** Writes the values from 0 to 1. */
  public void writeShades(MemorySegment to) {
    for (int i = 0; i < values.length; i++) {
      to.setAtIndex(ValueLayout.JAVA_FLOAT, i, SHADES[values[i] & 0xff]);
    }
  }

  /** Writes the values as whole numbers. */
  void writeClasses(MemorySegment to) {
    for (int i = 0; i < values.length; i++) {
      to.setAtIndex(ValueLayout.JAVA_INT, i, values[i] & 0xff);
    }
  }

  /** Writes the values as numbers: 0 and 1 of a mask of two classes. */
  void writeNumbers(MemorySegment to) {
    for (int i = 0; i < values.length; i++) {
      to.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (values[i] & 0xff));
    }
  }
}
