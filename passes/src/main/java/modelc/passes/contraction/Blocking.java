package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.index;

import java.util.List;
import modelc.ir.Dim;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.passes.Target;

/**
 * How the tiles of a contraction are grouped into the items that threads share, so that a block of
 * rows stays in the second-level cache while the panels pass, and that there are items enough.
 *
 * @param rowsPerBlock a multiple of the rows of every tile
 * @param panelsPerBlock how many panels an item has
 * @param columnsOuter whether neighbouring items share their panels (and not their rows)
 */
record Blocking(long rowsPerBlock, long panelsPerBlock, boolean columnsOuter) {
  /** Items that keep a few threads evenly busy. */
  static final long ITEMS = 32;

  /**
   * A choice for these sizes.
   *
   * @param batch how many contractions there are
   * @param rows of one
   * @param rowBytes what one row brings into the cache
   * @param columnBytes what all panels of one contraction take
   */
  static Blocking choose(
      Dim batch, Dim rows, Columns columns, long rowBytes, long columnBytes, Target target) {
    long unit = unit(columns);
    long most = Math.max(rows.max(), 1);
    long cached = target.l2Bytes() / 4 / Math.max(rowBytes, 1);
    long shared = Math.ceilDiv(most * batch.max(), ITEMS);
    long perBlock = Math.max(Math.ceilDiv(Math.min(cached, shared), unit), 1) * unit;
    long blocks = Math.ceilDiv(most, perBlock) * Math.max(batch.max(), 1);
    long panels = Axis.constant(columns.panels()).orElse(1);
    boolean heavyColumns = columnBytes > most * rowBytes && columnBytes > target.l2Bytes();
    if (heavyColumns) {
      return new Blocking(perBlock, 1, true);
    }
    long pieces = Math.min(panels, Math.ceilDiv(ITEMS / 2, blocks));
    return new Blocking(perBlock, Math.ceilDiv(panels, pieces), false);
  }

  /** The least number of rows that is whole tiles of every strip. */
  static long unit(Columns columns) {
    long unit = 1;
    for (Columns.Strip strip : columns.strips()) {
      long rows = strip.tile().rows();
      long a = unit;
      long b = rows;
      while (b != 0) {
        long rest = a % b;
        a = b;
        b = rest;
      }
      unit = unit / a * rows;
    }
    return unit;
  }

  /** The body of an item. */
  @FunctionalInterface
  interface Body {
    void write(LoopBuilder b, Expr batch, Expr rowBlock, Expr firstPanel, Expr endPanel);
  }

  /** The parallel loop over all items. */
  void parallel(LoopBuilder b, Dim batch, Dim rows, Columns columns, Body body) {
    Expr rowBlocks = Nest.ceilDivide(LoopBuilder.size(rows), rowsPerBlock);
    Expr panels = columns.panels();
    Expr columnBlocks = Nest.ceilDivide(panels, panelsPerBlock);
    Expr batches = LoopBuilder.size(batch);
    List<Expr> extents =
        columnsOuter
            ? List.of(batches, columnBlocks, rowBlocks)
            : List.of(batches, rowBlocks, columnBlocks);
    Nest.parallel(
        b,
        extents,
        (in, at) -> {
          Expr rowBlock = at.get(columnsOuter ? 2 : 1);
          Expr columnBlock = at.get(columnsOuter ? 1 : 2);
          Expr first = LoopBuilder.mul(columnBlock, index(panelsPerBlock));
          Expr end = LoopBuilder.min(LoopBuilder.add(first, index(panelsPerBlock)), panels);
          boolean all = Axis.constant(columnBlocks).orElse(0) == 1;
          body.write(in, at.getFirst(), rowBlock, all ? index(0) : first, all ? panels : end);
        });
  }
}
