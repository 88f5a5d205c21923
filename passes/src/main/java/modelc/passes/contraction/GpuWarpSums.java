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
import java.util.function.Consumer;
import modelc.ir.Precision;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.WarpTile;
import modelc.passes.gpu.GpuThreads;

/**
 * Sums of factors of a lower precision, by tensor cores: each warp of a block has as many {@link
 * WarpTile}s of results side by side, and where there are fewer than warps, some have none.
 *
 * <p>A thread reads the same terms of all its rows and columns, in an order that keeps its reads
 * short: the order in which terms are added up is free, if only both factors have the same.
 *
 * @param across warps side by side along the columns
 * @param rows tiles of a warp along the rows
 * @param columns along the columns
 */
record GpuWarpSums(
    Precision precision,
    GpuStages stages,
    Buffer shared,
    long warps,
    long across,
    int rows,
    int columns,
    Expr warp,
    Expr group,
    Expr member)
    implements GpuSums {
  /** Terms in a stage that a thread multiplies. */
  private static final int TERMS = (int) GpuTiles.DEPTH / WarpTile.MEMBERS;

  static GpuWarpSums of(
      Precision precision,
      GpuTiles tiles,
      GpuStages stages,
      Buffer shared,
      LoopBuilder b,
      Expr thread) {
    long rows = tiles.m() / WarpTile.ROWS;
    long columns = tiles.n() / WarpTile.COLUMNS;
    long along = 1;
    long across = 1;
    while (along * across < GpuTiles.THREADS / GpuThreads.WARP && rows * columns > 1) {
      if (rows * WarpTile.ROWS >= columns * WarpTile.COLUMNS && rows > 1) {
        along *= 2;
        rows /= 2;
      } else {
        across *= 2;
        columns /= 2;
      }
    }
    Expr lane = b.let("lane", rem(thread, GpuThreads.WARP));
    return new GpuWarpSums(
        precision,
        stages,
        shared,
        along * across,
        across,
        (int) rows,
        (int) columns,
        b.let("warp", div(thread, GpuThreads.WARP)),
        b.let("g", div(lane, WarpTile.MEMBERS)),
        b.let("j", rem(lane, WarpTile.MEMBERS)));
  }

  @Override
  public long count() {
    return (long) rows * columns * WarpTile.SUMS;
  }

  @Override
  public boolean finishesItsOwn() {
    return false;
  }

  /** What warps do that have results. */
  private void busy(LoopBuilder b, Consumer<LoopBuilder> body) {
    if (warps * GpuThreads.WARP == GpuTiles.THREADS) {
      body.accept(b);
    } else {
      b.when(lt(warp, index(warps)), body);
    }
  }

  private Expr firstRow(int tile) {
    Expr first = mul(div(warp, across), index((long) rows * WarpTile.ROWS));
    return add(first, index((long) tile * WarpTile.ROWS));
  }

  private Expr firstColumn(int tile) {
    Expr first = mul(rem(warp, across), index((long) columns * WarpTile.COLUMNS));
    return add(first, index((long) tile * WarpTile.COLUMNS));
  }

  @Override
  public void addProducts(LoopBuilder b, Expr k, Expr stage, Buffer sums) {
    busy(b, then -> multiply(then, stage, sums));
  }

  private void multiply(LoopBuilder b, Expr stage, Buffer sums) {
    WarpTile tile = WarpTile.of(precision);
    var right = new ArrayList<List<Expr>>();
    for (int j = 0; j < columns; j++) {
      right.add(terms(b, stages.b(), add(firstColumn(j), group), stage));
    }
    for (int i = 0; i < rows; i++) {
      Expr row = add(firstRow(i), group);
      Expr lower = add(row, index(WarpTile.ROWS / 2));
      List<Expr> upperTerms = terms(b, stages.a(), row, stage);
      List<Expr> lowerTerms = terms(b, stages.a(), lower, stage);
      for (int first = 0; first < TERMS; first += tile.terms()) {
        var left = new ArrayList<Expr>();
        for (int v = 0; v < tile.valuesOfA(); v++) {
          List<Expr> terms = tile.rowOfA(v) == 0 ? upperTerms : lowerTerms;
          left.add(terms.get(first + tile.termOfA(v)));
        }
        for (int j = 0; j < columns; j++) {
          List<Expr> some = right.get(j).subList(first, first + tile.terms());
          Expr at = index((long) (i * columns + j) * WarpTile.SUMS);
          b.emit(new Stmt.WarpMma(precision, left, some, sums, at));
        }
      }
    }
  }

  /** The terms of a row or column that this thread multiplies. */
  private List<Expr> terms(LoopBuilder b, GpuStages.Tile tile, Expr row, Expr stage) {
    var terms = new ArrayList<Expr>();
    if (tile.factor().alongTerms()) {
      Expr run = b.let("v", load(shared, tile.at(stage, row, term(0)), TERMS));
      for (int t = 0; t < TERMS; t++) {
        terms.add(b.let("e", new Expr.Lane(run, t)));
      }
      return terms;
    }
    for (int t = 0; t < TERMS; t++) {
      terms.add(b.let("e", load(shared, tile.at(stage, row, term(t)))));
    }
    return terms;
  }

  /**
   * Term {@code t} of this thread: neighbours, if a factor's terms lie side by side, otherwise
   * those of neighbouring threads are neighbours.
   */
  private Expr term(int t) {
    boolean neighbours = stages.a().factor().alongTerms() || stages.b().factor().alongTerms();
    return neighbours
        ? add(mul(member, index(TERMS)), index(t))
        : add(member, index((long) t * WarpTile.MEMBERS));
  }

  @Override
  public void each(LoopBuilder b, Sum body) {
    WarpTile tile = WarpTile.of(precision);
    busy(
        b,
        then -> {
          for (int s = 0; s < count(); s++) {
            int i = s % WarpTile.SUMS;
            int at = s / WarpTile.SUMS;
            Expr row = add(firstRow(at / columns), group);
            Expr column = add(firstColumn(at % columns), mul(member, index(2)));
            body.write(
                then,
                s,
                add(row, index(tile.rowOfSum(i))),
                add(column, index(tile.columnOfSum(0, i))));
          }
        });
  }
}
