package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.min;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.size;
import static modelc.ir.loop.LoopBuilder.sub;

import java.util.function.UnaryOperator;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;

/**
 * The rows of a contraction (pixels, or the rows of a matrix) and where each starts in its operand.
 *
 * @param count how many
 * @param x the row operand
 * @param run so many rows, from a multiple of it, are evenly spaced
 * @param spacing of them
 * @param address where a row of a batch starts
 */
record Rows(Dim count, Buffer x, long run, Expr spacing, Address address) {
  /** A run that never ends. */
  static final long ALL = Long.MAX_VALUE;

  /** The address of a row. */
  @FunctionalInterface
  interface Address {
    Expr of(LoopBuilder b, Expr batch, Expr row);
  }

  /** Whether a tile of so many rows can be the last one and only partly filled. */
  boolean leavesPartial(int tileRows) {
    return count.factor() % tileRows != 0;
  }

  /** Where the rows of the tile at {@code first} start; rows that do not exist repeat the last. */
  UnaryOperator<Expr> ofTile(LoopBuilder b, Expr batch, Expr first, int tileRows) {
    Expr last = sub(size(count), index(1));
    boolean partial = leavesPartial(tileRows);
    if (run == ALL || (!partial && run % tileRows == 0)) {
      Expr base = b.let("base", address.of(b, batch, first));
      Expr most = b.let("most", sub(last, first));
      return p -> add(base, mul(partial ? min(p, most) : p, spacing));
    }
    return p -> {
      Expr row = add(first, p);
      return address.of(b, batch, b.let("m", partial ? min(row, last) : row));
    };
  }
}
