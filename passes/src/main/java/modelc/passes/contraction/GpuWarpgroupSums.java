package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.lt;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.rem;

import java.util.ArrayList;
import java.util.List;
import modelc.ir.Precision;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.WarpgroupTile;
import modelc.passes.gpu.GpuThreads;

/**
 * Sums of factors of a lower precision, by the tensor cores of four warps together: each warpgroup
 * of a block has 64 rows of its tile, and all columns. What the copies brought is taken by all
 * threads, rounded and written once more, as such products want it: while one tile of factors is
 * being multiplied, the next is written to the other of two places.
 *
 * @param factors the I32 buffer with both places
 */
record GpuWarpgroupSums(
    Precision precision,
    GpuTiles tiles,
    GpuStages stages,
    Buffer shared,
    Buffer factors,
    Expr thread)
    implements GpuSums {
  private static final int PLACES = 2;

  /** Elements that are read from shared memory at once: 16 bytes. */
  private static final int AT_ONCE = 4;

  /** Elements of the buffer of factors. */
  static long words(Precision precision, GpuTiles tiles) {
    return PLACES * words(precision, tiles.m() + tiles.n());
  }

  /** Elements of a tile of factors with so many rows. */
  private static long words(Precision precision, long rows) {
    return rows * GpuTiles.DEPTH / WarpgroupTile.of(precision).perWord();
  }

  @Override
  public long count() {
    return WarpgroupTile.sums((int) tiles.n());
  }

  @Override
  public boolean finishesItsOwn() {
    return false;
  }

  @Override
  public void addProducts(LoopBuilder b, Expr k, Expr stage, Buffer sums) {
    long rows = words(precision, tiles.m());
    long all = rows + words(precision, tiles.n());
    Expr a = b.let("a", mul(rem(k, PLACES), index(all)));
    Expr columns = b.let("b", add(a, index(rows)));
    take(b, stages.a(), stage, a);
    take(b, stages.b(), stage, columns);
    b.emit(new Stmt.FenceFactors());
    b.emit(new Stmt.Barrier());
    long own = (long) WarpgroupTile.ROWS * WarpgroupTile.WORDS;
    Expr first = add(a, mul(div(thread, WarpgroupTile.THREADS), index(own)));
    b.emit(
        new Stmt.WarpgroupMma(
            precision,
            (int) GpuTiles.DEPTH,
            new Stmt.WarpgroupMma.Tile(factors, b.let("f", first), (int) tiles.m()),
            new Stmt.WarpgroupMma.Tile(factors, columns, (int) tiles.n()),
            (int) tiles.n(),
            sums,
            index(0)));
    // The place of the product before is the next to be written, after the barrier to come.
    b.emit(new Stmt.AwaitProducts(PLACES - 1));
  }

  @Override
  public boolean hasMet() {
    return true;
  }

  @Override
  public void await(LoopBuilder b) {
    b.emit(new Stmt.AwaitProducts(0));
  }

  /**
   * Rounds a tile and writes it to {@code to}. Neighbouring threads take neighbouring rows, so that
   * they read and write different banks.
   */
  private void take(LoopBuilder b, GpuStages.Tile tile, Expr stage, Expr to) {
    long units = tile.side() * GpuTiles.DEPTH / WarpgroupTile.of(precision).run();
    if (units < GpuTiles.THREADS) {
      b.when(lt(thread, index(units)), some -> takeRun(some, tile, stage, to, thread));
      return;
    }
    b.loop(
        LoopKind.UNROLL,
        "u",
        index(units / GpuTiles.THREADS),
        (u, part) -> takeRun(u, tile, stage, to, add(mul(part, index(GpuTiles.THREADS)), thread)));
  }

  private void takeRun(LoopBuilder b, GpuStages.Tile tile, Expr stage, Expr to, Expr unit) {
    int run = WarpgroupTile.of(precision).run();
    Expr row = b.let("i", rem(unit, tile.side()));
    Expr term = b.let("t", mul(div(unit, tile.side()), index(run)));
    var values = new ArrayList<Expr>();
    if (tile.factor().alongTerms()) {
      for (int t = 0; t < run; t += AT_ONCE) {
        Expr at = tile.at(stage, row, add(term, index(t)));
        Expr some = b.let("v", load(shared, at, AT_ONCE));
        for (int l = 0; l < AT_ONCE; l++) {
          values.add(b.let("e", new Expr.Lane(some, l)));
        }
      }
    } else {
      for (int t = 0; t < run; t++) {
        values.add(b.let("e", load(shared, tile.at(stage, row, add(term, index(t))))));
      }
    }
    Expr at = add(to, mul(unit, index(WarpgroupTile.WORDS)));
    b.emit(new Stmt.StoreFactors(precision, List.copyOf(values), factors, at));
  }

  @Override
  public void each(LoopBuilder b, Sum body) {
    Expr lane = b.let("lane", rem(thread, GpuThreads.WARP));
    Expr warp = div(thread, GpuThreads.WARP);
    Expr row = b.let("r", add(mul(warp, index(16)), div(lane, 4)));
    Expr column = b.let("c", mul(rem(lane, 4), index(2)));
    for (int s = 0; s < count(); s++) {
      body.write(
          b,
          s,
          add(row, index(WarpgroupTile.rowOfSum(s))),
          add(column, index(WarpgroupTile.columnOfSum(s))));
    }
  }
}
