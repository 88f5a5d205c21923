package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.f32;
import static modelc.ir.loop.LoopBuilder.fma;
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
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;
import modelc.passes.gpu.GpuThreads;
import org.jspecify.annotations.Nullable;

/**
 * What one thread does for a tile of a {@link GpuProduct}: copies its share of the operands, adds
 * up its own results, and finishes its share of the tile.
 */
final class GpuTile {
  /** Elements that are read from shared memory at once: 16 bytes. */
  private static final int AT_ONCE = 4;

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

  private final Expr y;
  private final Expr x;

  /** The number of the thread in its block. */
  private final Expr number;

  GpuTile(
      GpuProduct product,
      GpuTiles tiles,
      GpuStages stages,
      Buffer shared,
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
    this.y = y;
    this.x = x;
    z = b.let("z", div(zAndPiece, tiles.pieces()));
    piece = b.let("p", rem(zAndPiece, tiles.pieces()));
    firstM = b.let("m", mul(blockM, index(tiles.m())));
    firstN = b.let("n", mul(blockN, index(tiles.n())));
    number = b.let("t", add(mul(y, index(GpuTiles.SIDE)), x));
  }

  /** What becomes of a result. */
  @FunctionalInterface
  interface End {
    void write(LoopBuilder b, GpuProduct.Result place, Expr value);
  }

  void write(End end) {
    long count = tiles.perThreadM() * tiles.perThreadN();
    Buffer sums = b.alloc("acc", DType.F32, 1, count, Space.REGISTER);
    b.loop(LoopKind.UNROLL, "i", index(count), (loop, i) -> loop.store(sums, i, f32(0)));
    Expr from = b.let("from", share(piece));
    Expr to = b.let("to", share(add(piece, index(1))));
    for (long ahead = 0; ahead < stages.count() - 1; ahead++) {
      copy(b, b.let("k", add(from, index(ahead))), to);
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
          copy(loop, loop.let("k", add(k, index(stages.count() - 1))), to);
          addUp(loop, loop.let("s", stages.begin(k)), sums);
        });
    b.emit(new Stmt.Barrier());
    finish(sums, end);
  }

  /** The number of the tile along the terms with which piece {@code p} begins. */
  private Expr share(Expr p) {
    return div(mul(GpuThreads.blocks(product.k(), GpuTiles.DEPTH), p), tiles.pieces());
  }

  /** Begins to copy the tiles of number {@code k}, if there are any, as a group. */
  private void copy(LoopBuilder to, Expr k, Expr end) {
    to.when(
        lt(k, end),
        then -> {
          Expr stage = then.let("s", stages.begin(k));
          Expr term = then.let("t", mul(k, index(GpuTiles.DEPTH)));
          copy(then, stages.a(), firstM, product.m(), term, stage);
          copy(then, stages.b(), firstN, product.n(), term, stage);
        });
    to.emit(new Stmt.CommitCopies());
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

  /** The products of the terms in a stage, some at a time. */
  private void addUp(LoopBuilder loop, Expr stage, Buffer sums) {
    loop.loop(
        LoopKind.SERIAL,
        "d",
        index(0),
        index(GpuTiles.DEPTH),
        AT_ONCE,
        (d, term) -> {
          var rows = new Values(d, stages.a(), y, stage, term);
          var columns = new Values(d, stages.b(), x, stage, term);
          // In the order in which rows are read, so that few of them are in registers at a time.
          boolean rowByRow = product.a().alongTerms();
          int m = (int) tiles.perThreadM();
          for (int p = 0; p < m * AT_ONCE; p++) {
            int i = rowByRow ? p / AT_ONCE : p % m;
            int t = rowByRow ? p % AT_ONCE : p / m;
            for (int j = 0; j < tiles.perThreadN(); j++) {
              Expr at = index(i * tiles.perThreadN() + j);
              d.store(sums, at, fma(rows.at(t, i), columns.at(t, j), load(sums, at)));
            }
          }
        });
  }

  /** What a thread multiplies of a tile, from {@code term} on; read when it is used first. */
  private final class Values {
    private final LoopBuilder d;
    private final GpuStages.Tile tile;
    private final Expr thread;
    private final Expr stage;
    private final Expr term;

    /** By term, then by row or column. */
    private final @Nullable Expr[][] known;

    Values(LoopBuilder d, GpuStages.Tile tile, Expr thread, Expr stage, Expr term) {
      this.d = d;
      this.tile = tile;
      this.thread = thread;
      this.stage = stage;
      this.term = term;
      known = new Expr[AT_ONCE][(int) tile.perThread()];
    }

    Expr at(int t, int j) {
      Expr value = known[t][j];
      return value != null ? value : read(t, j);
    }

    /** Reads the value with its neighbours. */
    private Expr read(int t, int j) {
      boolean along = tile.factor().alongTerms();
      int lanes = along ? AT_ONCE : Math.min(AT_ONCE, known[t].length);
      int first = (along ? t : j) / lanes * lanes;
      Expr row = tile.row(thread, along ? j : first);
      Expr at = tile.at(stage, row, add(term, index(along ? first : t)));
      Expr run = d.let("v", load(shared, at, lanes));
      for (int l = 0; l < lanes; l++) {
        Expr value = lanes == 1 ? run : new Expr.Lane(run, l);
        if (along) {
          known[first + l][j] = value;
        } else {
          known[t][first + l] = value;
        }
      }
      return at(t, j);
    }
  }

  /** Puts the tile's results into shared memory, then finishes them side by side. */
  private void finish(Buffer sums, End end) {
    for (long i = 0; i < tiles.perThreadM(); i++) {
      for (long j = 0; j < tiles.perThreadN(); j++) {
        Expr row = stages.a().row(y, i);
        Expr at = add(mul(row, index(tiles.n())), stages.b().row(x, j));
        b.store(shared, at, load(sums, index(i * tiles.perThreadN() + j)));
      }
    }
    b.emit(new Stmt.Barrier());
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
