package modelc.ir.loop;

import org.jspecify.annotations.Nullable;

/**
 * Compiled pieces of a kernel: closures over a frame. A vector's array belongs to the frame;
 * whoever gets it may read it until the same piece is evaluated again in that frame.
 */
final class Code {
  private Code() {}

  /** A scalar of an integer type or BOOL. */
  @FunctionalInterface
  interface LongCode {
    long at(Frame f);
  }

  /** A scalar of a float type. */
  @FunctionalInterface
  interface DoubleCode {
    double at(Frame f);
  }

  @FunctionalInterface
  interface LongVectorCode {
    long[] at(Frame f);
  }

  @FunctionalInterface
  interface DoubleVectorCode {
    double[] at(Frame f);
  }

  @FunctionalInterface
  interface StmtCode {
    void run(Frame f);
  }

  /**
   * Where an access reads or writes: {@code lanes} consecutive elements from a scalar index, or one
   * a lane.
   */
  record Places(int lanes, @Nullable LongCode scalar, @Nullable LongVectorCode vector) {}
}
