package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.mul;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;

/**
 * Where the column operand of a contraction lies. It is read one vector at a time; packing it is
 * {@link Packing}'s work.
 */
sealed interface ColumnOperand {
  Buffer buffer();

  /** A panel's vectors, ready to be loaded at any position of the sum. */
  Panel panel(LoopBuilder b, Columns columns, Columns.Strip strip, Expr batch, Expr column);

  /**
   * Panels of {@code [terms][width]}, one after the other, with zeros for the columns that do not
   * exist.
   *
   * @param offset where the first panel of the first batch starts
   * @param terms how many the sum has
   * @param batchStride from one batch to the next
   */
  record Packed(Buffer buffer, Expr offset, Expr terms, Expr batchStride) implements ColumnOperand {
    @Override
    public Panel panel(
        LoopBuilder b, Columns columns, Columns.Strip strip, Expr batch, Expr column) {
      Expr base = add(offset, add(mul(batch, batchStride), mul(column, terms)));
      var absent = new ArrayList<Optional<Expr>>();
      for (int v = 0; v < strip.tile().vectors(); v++) {
        absent.add(Optional.empty());
      }
      return new Panel(
          buffer,
          b.let("panel", base),
          index(strip.tile().width()),
          index(1),
          strip.tile(),
          absent);
    }
  }

  /** A matrix as it is: any strides, lanes beyond the last column masked. */
  record InPlace(Buffer buffer, Expr batchStride, Expr rowStride, Expr colStride)
      implements ColumnOperand {
    @Override
    public Panel panel(
        LoopBuilder b, Columns columns, Columns.Strip strip, Expr batch, Expr column) {
      Expr base = add(mul(batch, batchStride), mul(column, colStride));
      var masks = new ArrayList<Optional<Expr>>();
      for (int v = 0; v < strip.tile().vectors(); v++) {
        masks.add(columns.mask(strip, column, v).map(m -> b.let("exists", m)));
      }
      return new Panel(buffer, b.let("panel", base), rowStride, colStride, strip.tile(), masks);
    }
  }

  /**
   * One panel: vector {@code v} at position {@code i} starts at {@code base + i*rowStride +
   * v*lanes*colStride}.
   */
  record Panel(
      Buffer buffer,
      Expr base,
      Expr rowStride,
      Expr colStride,
      Tile tile,
      List<Optional<Expr>> masks) {
    Expr load(Expr position, int v) {
      int lanes = tile.lanes();
      Expr start =
          add(add(base, mul(position, rowStride)), mul(colStride, index((long) v * lanes)));
      boolean adjacent = Axis.constant(colStride).orElse(0) == 1;
      Expr at = adjacent ? start : new Expr.Ramp(start, colStride, lanes);
      return new Expr.Load(buffer, at, lanes, masks.get(v));
    }
  }
}
