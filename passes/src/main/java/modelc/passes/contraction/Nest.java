package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.sub;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import modelc.ir.BinaryFn;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;

/**
 * A kernel's one parallel loop over several axes. It does not decide how many iterations are worth
 * a thread.
 */
final class Nest {
  private Nest() {}

  /** The body of the loop: its position along each axis. */
  @FunctionalInterface
  interface Body {
    void write(LoopBuilder b, List<Expr> position);
  }

  /** Runs {@code body} for every position, the last axis fastest; threads get contiguous shares. */
  static void parallel(LoopBuilder b, List<Expr> extents, Body body) {
    Expr items = index(1);
    for (Expr extent : extents) {
      items = mul(items, extent);
    }
    b.loop(
        LoopKind.PARALLEL,
        "item",
        items,
        (in, item) -> {
          var position = new ArrayList<Expr>();
          Expr rest = item;
          for (Expr extent : extents.subList(1, extents.size()).reversed()) {
            if (extent instanceof Expr.Const c && c.value() == 1) {
              position.add(index(0));
              continue;
            }
            Expr quotient = in.let("rest", divide(rest, extent));
            position.add(in.let("part", sub(rest, mul(quotient, extent))));
            rest = quotient;
          }
          position.add(rest);
          Collections.reverse(position);
          body.write(in, position);
        });
  }

  /** Truncating division of indices that are not negative. */
  static Expr divide(Expr x, Expr by) {
    return by instanceof Expr.Const c
        ? LoopBuilder.div(x, (long) c.value())
        : new Expr.Binary(BinaryFn.DIVIDE, x, by);
  }

  /** How many pieces of {@code size} cover {@code x}. */
  static Expr ceilDivide(Expr x, long size) {
    return LoopBuilder.div(add(x, index(size - 1)), size);
  }
}
