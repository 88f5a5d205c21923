package modelc.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import modelc.runtime.Column;
import modelc.runtime.ElementType;

/**
 * Pictures of digits as sets keep them, a byte a pixel, and as models read them, 0 to 1 in float32.
 */
final class GrayImages {
  static final int SIDE = 28;
  static final int PIXELS = SIDE * SIDE;

  /** {@code image: f32[1,28,28], label: i32[]}. */
  static final List<Column> COLUMNS =
      List.of(
          new Column("image", ElementType.F32, List.of(1L, (long) SIDE, (long) SIDE)),
          new Column("label", ElementType.I32, List.of()));

  private static final float[] SHADES = new float[256];

  static {
    for (int i = 0; i < 256; i++) {
      SHADES[i] = i / 255f;
    }
  }

  private GrayImages() {}

  /** Writes the picture that starts at {@code from} and its label. */
  static void write(byte[] pixels, int from, int label, MemorySegment[] rows) {
    MemorySegment image = rows[0];
    for (int i = 0; i < PIXELS; i++) {
      image.setAtIndex(ValueLayout.JAVA_FLOAT, i, SHADES[pixels[from + i] & 0xff]);
    }
    rows[1].set(ValueLayout.JAVA_INT, 0, label);
  }
}
