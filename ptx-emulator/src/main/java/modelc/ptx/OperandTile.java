package modelc.ptx;

import org.jspecify.annotations.Nullable;

/**
 * A matrix in shared memory as a {@code wgmma} descriptor says. It consists of rows of 16 bytes,
 * each of neighbours along the terms (K-major) or, transposed, along rows or columns of the result.
 * Eight such rows are a core matrix, 128 bytes in one piece where nothing is swizzled.
 *
 * @param start of the matrix, in bytes
 * @param leading bytes from a core matrix to the next: K-major along the terms; transposed, along
 *     the terms if nothing is swizzled, and otherwise across
 * @param stride bytes to the next core matrix the other way
 * @param width bytes side by side that are swizzled among each other: 16 (not at all) to 128
 */
record OperandTile(int start, int leading, int stride, int width, int elementBytes) {
  private static final int ROW = 16;
  private static final int ROWS = 8;

  /** The number of a row of 16 bytes is exchanged by that of its line of 128 bytes. */
  private static final int LINE_SHIFT = 7;

  /**
   * Reads a descriptor.
   *
   * @return null where it is none that is emulated, see {@link #problem}
   */
  static @Nullable OperandTile of(long descriptor, int elementBytes) {
    if (problem(descriptor) != null) {
      return null;
    }
    return new OperandTile(
        field(descriptor, 0),
        field(descriptor, 16),
        field(descriptor, 32),
        width(descriptor),
        elementBytes);
  }

  /** What is wrong with a descriptor, if anything. */
  static @Nullable String problem(long descriptor) {
    if ((descriptor >>> 49 & 7) != 0) {
      return "has a descriptor with a base offset, which is not emulated";
    }
    int width = width(descriptor);
    if (width > ROW && field(descriptor, 0) % (ROWS * width) >= width) {
      return "has a matrix at byte "
          + field(descriptor, 0)
          + ", where no pattern of "
          + width
          + "-byte swizzling begins";
    }
    return null;
  }

  private static int field(long descriptor, int shift) {
    return (int) (descriptor >>> shift & 0x3fff) << 4;
  }

  private static int width(long descriptor) {
    return switch ((int) (descriptor >>> 62)) {
      case 0 -> ROW;
      case 1 -> 128;
      case 2 -> 64;
      default -> 32;
    };
  }

  /** Elements of a row of 16 bytes. */
  int run() {
    return ROW / elementBytes;
  }

  /**
   * The address of a row of 16 bytes.
   *
   * @param i a row or column of the result; transposed, the first of {@link #run} of them
   * @param k a term; if not transposed, the first of {@link #run} of them
   */
  int row(int i, int k, boolean transposed) {
    int inner = transposed ? i / run() : k / run();
    int outer = transposed ? k : i;
    int perLine = width / ROW;
    int core = outer / ROWS;
    int at = start + outer % ROWS * width + inner % perLine * ROW;
    if (width == ROW && transposed) {
      at += core * leading + inner * stride;
    } else if (transposed) {
      at += core * stride + inner / perLine * leading;
    } else {
      // Swizzled, all terms of an instruction are side by side.
      at += core * stride + (width == ROW ? inner * leading : 0);
    }
    return at ^ (at >>> LINE_SHIFT & perLine - 1) << 4;
  }
}
