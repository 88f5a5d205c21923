package modelc.ir.loop;

import java.util.Locale;

/** How the iterations of a loop are run. */
public enum LoopKind {
  SERIAL,
  /**
   * Iterations are independent and cut into contiguous shares, one per thread: thread t of T runs
   * {@code [n*t/T, n*(t+1)/T)}. At most one in a kernel, and outermost.
   */
  PARALLEL,
  /** Expanded completely; the bounds are constants. */
  UNROLL,
  /**
   * Iterations are independent and step by 1: the vectorise pass turns it into vector code. No
   * backend sees it.
   */
  VECTOR,
  /** One GPU block per iteration. */
  GRID_X,
  GRID_Y,
  GRID_Z,
  /** One GPU thread per iteration; the bounds are constants. */
  THREAD_X,
  THREAD_Y;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
