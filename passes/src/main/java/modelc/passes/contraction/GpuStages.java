package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.rem;

import modelc.ir.loop.Expr;
import modelc.passes.Gpu;

/**
 * Where the tiles of a {@link GpuProduct}'s operands are in shared memory: {@code count} stages, in
 * each a tile of either operand. While one is multiplied the others are being filled.
 */
record GpuStages(Tile a, Tile b, long count) {
  /** As many as hide the way from memory, if there is room. */
  private static final long MOST = 3;

  static GpuStages of(GpuProduct product, GpuTiles tiles, Gpu gpu) {
    var a = new Tile(product.a(), tiles.m(), tiles.perThreadM(), 0);
    var b = new Tile(product.b(), tiles.n(), tiles.perThreadN(), a.elements());
    long bytes = Float.BYTES * (a.elements() + b.elements());
    return new GpuStages(a, b, Math.clamp(gpu.sharedBytes() / bytes, 2, MOST));
  }

  /** Of all stages. */
  long elements() {
    return count * stage();
  }

  private long stage() {
    return a.elements() + b.elements();
  }

  /** Where the stage of the {@code number}-th tiles begins. */
  Expr begin(Expr number) {
    return mul(rem(number, count), index(stage()));
  }

  /**
   * A tile: {@code side} rows or columns of results by {@link GpuTiles#DEPTH} terms, which lie as
   * they do in memory, so that they can be copied several at once. Rows are kept apart by some
   * elements, so that threads that read side by side use different banks.
   *
   * @param perThread rows or columns of a thread
   * @param offset in its stage
   */
  record Tile(GpuProduct.Factor factor, long side, long perThread, long offset) {
    private static final long GAP_BETWEEN_ROWS = 4;
    private static final long GAP_BETWEEN_TERMS = 8;

    long elements() {
      return factor.alongTerms()
          ? side * (GpuTiles.DEPTH + GAP_BETWEEN_ROWS)
          : GpuTiles.DEPTH * (side + GAP_BETWEEN_TERMS);
    }

    /** The place of an element in the stage that begins at {@code stage}. */
    Expr at(Expr stage, Expr i, Expr term) {
      Expr at =
          factor.alongTerms()
              ? add(mul(i, index(GpuTiles.DEPTH + GAP_BETWEEN_ROWS)), term)
              : add(mul(term, index(side + GAP_BETWEEN_TERMS)), i);
      return add(add(stage, at), index(offset));
    }

    /**
     * The {@code j}-th row or column of a thread: neighbours where those lie side by side in the
     * tile, a thread's breadth apart otherwise, which keeps the threads' reads in different banks.
     */
    Expr row(Expr thread, long j) {
      return factor.alongTerms()
          ? add(thread, index(j * GpuTiles.SIDE))
          : add(mul(thread, index(perThread)), index(j));
    }
  }
}
