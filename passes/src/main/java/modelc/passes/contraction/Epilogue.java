package modelc.passes.contraction;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;

/**
 * What happens to the finished values of a contraction: bias, activation, residual, and the stores
 * themselves.
 *
 * <p>It decides the layout of the output; the contraction does not know it.
 */
public interface Epilogue {
  /**
   * Writes finished values. Every element of the output is passed exactly once.
   *
   * @param value as many lanes as {@code lanes}
   * @param index where the first lane belongs, scalar I64, one entry an axis: {@code [batch, m, n]}
   *     of a product, {@code [n, oh, ow, k]} of a convolution, {@code [n, h, w, c]} of an input
   *     gradient, {@code [k, c, r, s]} of a weight gradient; further lanes follow along the last
   *     axis
   * @param mask BOOL, one a lane: which lanes exist; all when empty
   */
  void write(LoopBuilder b, Expr value, List<Expr> index, int lanes, Optional<Expr> mask);

  /** The GLOBAL buffers it loads and stores. */
  Set<Buffer> buffers();
}
