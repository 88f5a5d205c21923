package modelc.passes.fuse;

import modelc.ir.ReduceFn;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Window;

/**
 * Forms of reduce_window that need no loops over the window.
 *
 * <p>It recognises them; lowering writes them.
 */
public final class Pooling {
  /**
   * A window of at most this many taps is written out, so that it can be computed wherever an
   * element is needed.
   */
  public static final int MAX_UNROLLED_TAPS = 16;

  private Pooling() {}

  public static long taps(Window w) {
    return w.size().stream().reduce(1L, Math::multiplyExact);
  }

  public static boolean isUnrolled(Op.ReduceWindow o) {
    return taps(o.window()) <= MAX_UNROLLED_TAPS || isUpsampling(o);
  }

  /**
   * True when exactly one tap of each window meets an element, because the others meet the dilation
   * between them.
   */
  public static boolean isUpsampling(Op.ReduceWindow o) {
    Window w = o.window();
    for (int i = 0; i < w.rank(); i++) {
      boolean fits =
          w.size().get(i).equals(w.baseDilation().get(i))
              && w.stride().get(i) == 1
              && w.windowDilation().get(i) == 1;
      if (!fits) {
        return false;
      }
    }
    return o.fn() == ReduceFn.ADD;
  }
}
