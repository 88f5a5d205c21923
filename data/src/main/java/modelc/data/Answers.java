package modelc.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import modelc.runtime.Column;
import modelc.runtime.ElementType;

/** What there is to be learned of a picture, and in which columns it stands beside the image. */
enum Answers {
  /** {@code label: i32[]}. */
  LABEL,
  /** {@code mask: f32[1,h,w]} of 0 and 1. */
  MASK,
  /** {@code mask: i32[h,w]} of classes. */
  CLASSES,
  /** {@code label: i32[]} and {@code box: f32[4]}: centre x, y, width, height. */
  BOX;

  /** All columns, the image first. */
  List<Column> columns(int channels, Size size) {
    long h = size.height();
    long w = size.width();
    var columns = new ArrayList<Column>();
    columns.add(new Column("image", ElementType.F32, List.of((long) channels, h, w)));
    var label = new Column("label", ElementType.I32, List.of());
    switch (this) {
      case LABEL -> columns.add(label);
      case MASK -> columns.add(new Column("mask", ElementType.F32, List.of(1L, h, w)));
      case CLASSES -> columns.add(new Column("mask", ElementType.I32, List.of(h, w)));
      case BOX -> {
        columns.add(label);
        columns.add(new Column("box", ElementType.F32, List.of(4L)));
      }
    }
    return columns;
  }

  /** Writes an example into one row a column. */
  void write(Example e, MemorySegment[] rows) {
    e.image().writeShades(rows[0]);
    switch (this) {
      case LABEL -> rows[1].set(ValueLayout.JAVA_INT, 0, e.label());
      case MASK -> mask(e).writeNumbers(rows[1]);
      case CLASSES -> mask(e).writeClasses(rows[1]);
      case BOX -> {
        rows[1].set(ValueLayout.JAVA_INT, 0, e.label());
        Box box = java.util.Objects.requireNonNull(e.box());
        rows[2].setAtIndex(ValueLayout.JAVA_FLOAT, 0, box.x());
        rows[2].setAtIndex(ValueLayout.JAVA_FLOAT, 1, box.y());
        rows[2].setAtIndex(ValueLayout.JAVA_FLOAT, 2, box.width());
        rows[2].setAtIndex(ValueLayout.JAVA_FLOAT, 3, box.height());
      }
    }
  }

  private static Picture mask(Example e) {
    return java.util.Objects.requireNonNull(e.mask());
  }
}
