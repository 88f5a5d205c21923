package modelc.runtime.pytorch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import modelc.runtime.pytorch.Pickled.View;

/**
 * Copies the elements of a view, in row-major order, out of the stretch of its storage that it
 * covers; halves become floats, small integers ints. It checks nothing: the file has.
 */
final class Strided {
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private Strided() {}

  /** Whether the elements lie one after another, in order. */
  static boolean isContiguous(View view) {
    long expected = 1;
    for (int i = view.shape().size() - 1; i >= 0; i--) {
      long size = view.shape().get(i);
      if (size != 1 && view.strides().get(i) != expected) {
        return false;
      }
      expected *= size;
    }
    return true;
  }

  /** How many elements from the first to the last that the view touches, it having some. */
  static long span(View view) throws ArithmeticException {
    long last = 0;
    for (int i = 0; i < view.shape().size(); i++) {
      last =
          Math.addExact(
              last, Math.multiplyExact(view.shape().get(i) - 1, (long) view.strides().get(i)));
    }
    return Math.addExact(last, 1);
  }

  /**
   * Fills {@code out}.
   *
   * @param stored the bytes from the view's first element on
   */
  static void gather(View view, MemorySegment stored, MemorySegment out) {
    List<Long> shape = view.shape();
    int rank = shape.size();
    long[] index = new long[rank];
    long from = 0;
    for (long to = 0; ; to++) {
      element(view.storage().type(), stored, from, out, to);
      int axis = rank - 1;
      while (axis >= 0 && ++index[axis] == shape.get(axis)) {
        from -= (index[axis] - 1) * view.strides().get(axis);
        index[axis--] = 0;
      }
      if (axis < 0) {
        return;
      }
      from += view.strides().get(axis);
    }
  }

  private static void element(
      StorageType type, MemorySegment stored, long from, MemorySegment out, long to) {
    switch (type) {
      case DOUBLE, LONG -> out.setAtIndex(LONG, to, stored.getAtIndex(LONG, from));
      case FLOAT, INT -> out.setAtIndex(INT, to, stored.getAtIndex(INT, from));
      case HALF ->
          out.setAtIndex(
              ValueLayout.JAVA_FLOAT_UNALIGNED,
              to,
              Float.float16ToFloat(stored.getAtIndex(SHORT, from)));
      case BFLOAT16 -> out.setAtIndex(INT, to, stored.getAtIndex(SHORT, from) << 16);
      case SHORT -> out.setAtIndex(INT, to, stored.getAtIndex(SHORT, from));
      case CHAR -> out.setAtIndex(INT, to, stored.get(ValueLayout.JAVA_BYTE, from));
      case BYTE -> out.setAtIndex(INT, to, stored.get(ValueLayout.JAVA_BYTE, from) & 0xff);
      case BOOL -> {
        byte value = stored.get(ValueLayout.JAVA_BYTE, from);
        out.set(ValueLayout.JAVA_BYTE, to, (byte) (value == 0 ? 0 : 1));
      }
    }
  }
}
