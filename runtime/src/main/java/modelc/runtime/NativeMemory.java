package modelc.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory as compiled code wants it: zeroed, 64-byte aligned and padded to a multiple of 64 bytes.
 */
final class NativeMemory {
  static final long ALIGNMENT = 64;

  private NativeMemory() {}

  /** {@code bytes} rounded up to whole cache lines, at least one. */
  static long padded(long bytes) {
    return Math.max(ALIGNMENT, Math.addExact(bytes, ALIGNMENT - 1) & -ALIGNMENT);
  }

  /** A block of {@link #padded} size. */
  static MemorySegment allocate(Arena arena, long bytes, String what) {
    try {
      return arena.allocate(padded(bytes), ALIGNMENT);
    } catch (OutOfMemoryError | ArithmeticException e) {
      throw new LimitException(
          "R0105",
          "no memory for " + what + ": " + bytes + " bytes",
          "use a smaller batch or model, or a machine with more memory",
          e);
    }
  }
}
