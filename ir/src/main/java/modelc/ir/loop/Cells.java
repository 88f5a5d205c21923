package modelc.ir.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import modelc.ir.DType;

/**
 * Bytes that remember what was written where, and by whom in the current phase. It decides nothing:
 * {@link View} checks accesses, {@link Races} judges them.
 *
 * <p>What is remembered is kept per granule, a power of two of bytes that divides every element in
 * it.
 */
final class Cells {
  static final VarHandle F32 =
      MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle F64 =
      MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle I32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle I64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** Nothing was written to the granule. */
  static final char UNDEFINED = 0;

  /** An asynchronous copy to the element is under way. No type has this code. */
  static final char PENDING = 7;

  /** The granule belongs to the element that began before it. */
  private static final char CONTINUED = 1;

  final byte[] data;
  final int granuleShift;

  /** By granule: the tag of the element that begins there, or one of the two above. */
  final char[] tags;

  /**
   * By granule: who wrote it last and who read it, as {@link Races} numbers them; empty until races
   * are looked for.
   */
  int[] writers = {};

  int[] readers = {};

  Cells(long bytes, int granuleShift) {
    if (bytes > Integer.MAX_VALUE - 64) {
      throw new IllegalArgumentException(
          bytes + " bytes are more than the interpreter holds in one piece");
    }
    data = new byte[(int) bytes];
    this.granuleShift = granuleShift;
    tags = new char[(int) (bytes >> granuleShift)];
  }

  /**
   * The tag of elements of that type, written through a buffer that begins at a place of the arena.
   *
   * @param region a number for that place, 0 for memory that is not shared between buffers
   */
  static char tag(DType dtype, int region) {
    // Five types leave 13 bits of 16 for the region; with more regions the check is weaker, not
    // wrong.
    return (char) ((region & 0x1FFF) << 3 | code(dtype) + 2);
  }

  private static int code(DType dtype) {
    return switch (dtype) {
      case F32 -> 0;
      case F64 -> 1;
      case I32 -> 2;
      case I64 -> 3;
      case BOOL -> 4;
    };
  }

  /** What is known of the element at a granule that does not have the tag it should. */
  static String describe(char tag, char expected) {
    if (tag == UNDEFINED) {
      return "was never written";
    }
    if (tag == PENDING) {
      return "is being copied to, and nobody has waited for it yet";
    }
    if (tag == CONTINUED || (tag & 7) != (expected & 7)) {
      return "was last written as another type";
    }
    return "was last written through a buffer at another place of the arena";
  }

  void trackRaces() {
    if (writers.length != tags.length) {
      writers = new int[tags.length];
      readers = new int[tags.length];
    }
  }

  /** Records an element of {@code granules} granules from {@code g} on. */
  void define(int g, int granules, char tag) {
    char before = tags[g];
    if (before == tag) {
      return;
    }
    if (before == CONTINUED) {
      // The element that reached into this one is no more.
      int start = g;
      while (tags[start] == CONTINUED) {
        tags[start--] = UNDEFINED;
      }
      tags[start] = UNDEFINED;
    }
    tags[g] = tag;
    int end = g + granules;
    for (int i = g + 1; i < end; i++) {
      tags[i] = CONTINUED;
    }
    for (int i = end; i < tags.length && tags[i] == CONTINUED; i++) {
      tags[i] = UNDEFINED;
    }
  }
}
