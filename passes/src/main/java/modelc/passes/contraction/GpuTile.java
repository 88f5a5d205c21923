package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.f32;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.lt;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.rem;
import static modelc.ir.loop.LoopBuilder.size;

import java.util.ArrayList;
import java.util.Optional;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Precision;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;
import modelc.passes.gpu.GpuThreads;

/**
 * What one thread does for a tile of a {@link GpuProduct}: copies its share of the operands, adds
 * up its own results, and finishes its share of the tile.
 */
final class GpuTile {
  private final GpuProduct product;
  private final GpuTiles tiles;
  private final GpuStages stages;
  private final Buffer shared;
  private final LoopBuilder b;

  /** Which of the products, and which piece of its sum. */
  private final Expr z;

  private final Expr piece;

  /** The first row and column of the tile. */
  private final Expr firstM;

  private final Expr firstN;

  /** The number of the thread in its block. */
  private final Expr number;

  private final GpuSums arithmetic;

  GpuTile(
      GpuProduct product,
      Precision precision,
      GpuTiles tiles,
      GpuStages stages,
      Buffer shared,
      Optional<Buffer> factors,
      LoopBuilder b,
      Expr zAndPiece,
      Expr blockM,
      Expr blockN,
      Expr y,
      Expr x) {
    this.product = product;
    this.tiles = tiles;
    this.stages = stages;
    this.shared = shared;
    this.b = b;
    z = b.let("z", div(zAndPiece, tiles.pieces()));
    piece = b.let("p", rem(zAndPiece, tiles.pieces()));
    firstM = b.let("m", mul(blockM, index(tiles.m())));
    firstN = b.let("n", mul(blockN, index(tiles.n())));
    number = b.let("t", add(mul(y, index(GpuTiles.SIDE)), x));
    arithmetic =
        factors.isPresent()
            ? new GpuWarpgroupSums(precision, tiles, stages, shared, factors.get(), number)
            : precision == Precision.FLOAT32
                ? new GpuFmaSums(tiles, stages, shared, y, x)
                : GpuWarpSums.of(precision, tiles, stages, shared, b, number);
  }

  /** What becomes of a result. */
  @FunctionalInterface
  interface End {
    void write(LoopBuilder b, GpuProduct.Result place, Expr value);
  }

  void write(End end) {
    Buffer sums = b.alloc("acc", DType.F32, 1, arithmetic.count(), Space.REGISTER);
    Expr count = index(arithmetic.count());
    b.loop(LoopKind.UNROLL, "i", count, (loop, i) -> loop.store(sums, i, f32(0)));
    Expr from = b.let("from", share(piece));
    Expr to = b.let("to", share(add(piece, index(1))));
    boolean allAhead = isWhole() && allTiles() < stages.count();
    for (long ahead = 0; ahead < stages.count() - 1; ahead++) {
      Expr k = b.let("k", add(from, index(ahead)));
      if (ahead < leastTiles()) {
        copyTiles(b, k);
        b.emit(new Stmt.CommitCopies());
      } else {
        copy(b, k, to);
      }
    }
    b.loop(
        LoopKind.SERIAL,
        "k",
        from,
        to,
        1,
        (loop, k) -> {
          loop.emit(new Stmt.AwaitCopies((int) stages.count() - 2));
          // The tile is complete now, and all are done with the one before, whose place is next.
          loop.emit(new Stmt.Barrier());
          if (!allAhead) {
            copy(loop, loop.let("k", add(k, index(stages.count() - 1))), to);
          } else if (allTiles() > 1) {
            // Nothing is left to copy, but the next tile is waited for by the number of groups.
            loop.emit(new Stmt.CommitCopies());
          }
          arithmetic.addProducts(loop, k, loop.let("s", stages.begin(k)), sums);
        });
    arithmetic.await(b);
    if (mayOverwriteLastTile() && !arithmetic.hasMet()) {
      b.emit(new Stmt.Barrier());
    }
    finish(sums, end);
  }

  /** Tiles along the terms that a piece has at least, as far as is known. */
  private long leastTiles() {
    return product.k().isConstant() ? allTiles() / tiles.pieces() : 0;
  }

  /** Whether a block has all terms, and it is known how many: at least one. */
  private boolean isWhole() {
    return product.k().isConstant() && tiles.pieces() == 1 && allTiles() > 0;
  }

  private long allTiles() {
    return Math.ceilDiv(product.k().max(), GpuTiles.DEPTH);
  }

  /** Whether the results go to where another thread may still read the last tile. */
  private boolean mayOverwriteLastTile() {
    return !isWhole() || (allTiles() - 1) % stages.count() * stages.stage() < tiles.m() * tiles.n();
  }

  /** The number of the tile along the terms with which piece {@code p} begins. */
  private Expr share(Expr p) {
    return div(mul(GpuThreads.blocks(product.k(), GpuTiles.DEPTH), p), tiles.pieces());
  }

  /** Begins to copy the tiles of number {@code k}, if there are any, as a group. */
  private void copy(LoopBuilder to, Expr k, Expr end) {
    to.when(lt(k, end), then -> copyTiles(then, k));
    to.emit(new Stmt.CommitCopies());
  }

  private void copyTiles(LoopBuilder to, Expr k) {
    Expr stage = to.let("s", stages.begin(k));
    Expr term = to.let("t", mul(k, index(GpuTiles.DEPTH)));
    copy(to, stages.a(), firstM, product.m(), term, stage);
    copy(to, stages.b(), firstN, product.n(), term, stage);
  }

  /** Neighbouring threads copy neighbours in memory, each as many as go together. */
  private void copy(
      LoopBuilder to, GpuStages.Tile tile, Expr first, Dim extent, Expr term, Expr stage) {
    long together = tile.factor().together();
    long units = tile.side() * GpuTiles.DEPTH / together;
    if (units < GpuTiles.THREADS) {
      to.when(
          lt(number, index(units)),
          some -> copyUnit(some, tile, number, first, extent, term, stage));
      return;
    }
    to.loop(
        LoopKind.UNROLL,
        "c",
        index(units / GpuTiles.THREADS),
        (c, part) -> {
          Expr unit = add(mul(part, index(GpuTiles.THREADS)), number);
          copyUnit(c, tile, unit, first, extent, term, stage);
        });
  }

  private void copyUnit(
      LoopBuilder c,
      GpuStages.Tile tile,
      Expr unit,
      Expr first,
      Dim extent,
      Expr term,
      Expr stage) {
    GpuProduct.Factor factor = tile.factor();
    long together = factor.together();
    long width = (factor.alongTerms() ? GpuTiles.DEPTH : tile.side()) / together;
    Expr low = c.let("l", mul(rem(unit, width), index(together)));
    Expr high = c.let("h", div(unit, width));
    Expr i = factor.alongTerms() ? high : low;
    Expr d = factor.alongTerms() ? low : high;
    Expr row = c.let("i", add(first, i));
    Expr k = c.let("k", add(term, d));
    GpuProduct.Place place = factor.element().at(c, z, row, k);
    var conditions = new ArrayList<Expr>();
    within(row, extent, tile.side()).ifPresent(conditions::add);
    within(k, product.k(), GpuTiles.DEPTH).ifPresent(conditions::add);
    place.exists().ifPresent(conditions::add);
    c.emit(
        new Stmt.Copy(
            shared,
            tile.at(stage, i, d),
            factor.buffer(),
            place.address(),
            (int) together,
            conditions.stream().reduce(GpuTile::and).map(e -> c.let("e", e))));
  }

  /** Whether {@code i} is below {@code extent}; empty where tiles end with it, so that all are. */
  private static Optional<Expr> within(Expr i, Dim extent, long tile) {
    return extent.factor() % tile == 0 ? Optional.empty() : Optional.of(lt(i, size(extent)));
  }

  static Expr and(Expr p, Expr q) {
    return new Expr.Binary(BinaryFn.AND, p, q);
  }

  /** Puts the tile's results into shared memory, then finishes them side by side. */
  private void finish(Buffer sums, End end) {
    arithmetic.each(
        b,
        (to, i, row, column) ->
            to.store(shared, add(mul(row, index(tiles.n())), column), load(sums, index(i))));
    if (!arithmetic.finishesItsOwn()) {
      b.emit(new Stmt.Barrier());
    }
    b.loop(
        LoopKind.SERIAL,
        "e",
        number,
        index(tiles.m() * tiles.n()),
        GpuTiles.THREADS,
        (loop, e) -> {
          Expr m = loop.let("m", add(firstM, div(e, tiles.n())));
          Expr n = loop.let("n", add(firstN, rem(e, tiles.n())));
          loop.when(
              and(lt(m, size(product.m())), lt(n, size(product.n()))),
              then ->
                  end.write(
                      then, new GpuProduct.Result(piece, z, m, n), then.let("v", load(shared, e))));
        });
  }
}
