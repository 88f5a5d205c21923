package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.f32;
import static modelc.ir.loop.LoopBuilder.fma;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.loadMasked;
import static modelc.ir.loop.LoopBuilder.lt;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.rem;
import static modelc.ir.loop.LoopBuilder.size;

import java.util.ArrayList;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;

/**
 * What one thread does for a tile of a {@link GpuProduct}: copies its share of the operands, adds
 * up its own results, and finishes its share of the tile.
 */
final class GpuTile {
  private final GpuProduct product;
  private final GpuTiles tiles;
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
      Buffer shared,
      LoopBuilder b,
      Expr zAndPiece,
      Expr blockM,
      Expr blockN,
      Expr y,
      Expr x) {
    this.product = product;
    this.tiles = tiles;
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
    b.loop(
        LoopKind.SERIAL,
        "k",
        from,
        to,
        GpuTiles.DEPTH,
        (loop, k) -> {
          copy(loop, product.a(), tiles.m(), firstM, product.m(), k, to, 0);
          copy(loop, product.b(), tiles.n(), firstN, product.n(), k, to, offsetB());
          loop.emit(new Stmt.Barrier());
          addUp(loop, sums);
          loop.emit(new Stmt.Barrier());
        });
    finish(sums, end);
  }

  private long offsetB() {
    return GpuTiles.DEPTH * tiles.m();
  }

  /** Where piece {@code p} begins. */
  private Expr share(Expr p) {
    return div(mul(size(product.k()), p), tiles.pieces());
  }

  /**
   * Copies a tile of {@code side} by DEPTH elements to shared memory, one row a term. Neighbouring
   * threads copy neighbours in memory.
   */
  private void copy(
      LoopBuilder loop,
      GpuProduct.Factor factor,
      long side,
      Expr first,
      Dim extent,
      Expr k,
      Expr end,
      long offset) {
    loop.loop(
        LoopKind.UNROLL,
        "c",
        index(side * GpuTiles.DEPTH / GpuTiles.THREADS),
        (c, part) -> {
          Expr e = add(mul(part, index(GpuTiles.THREADS)), number);
          long width = factor.alongTerms() ? GpuTiles.DEPTH : side;
          Expr low = c.let("l", rem(e, width));
          Expr high = c.let("h", div(e, width));
          Expr i = factor.alongTerms() ? high : low;
          Expr term = factor.alongTerms() ? low : high;
          Expr row = c.let("i", add(first, i));
          Expr at = c.let("k", add(k, term));
          GpuProduct.Place place = factor.element().at(c, z, row, at);
          Expr exists = and(lt(row, size(extent)), lt(at, end));
          Expr mask = c.let("e", place.exists().map(p -> and(exists, p)).orElse(exists));
          Expr value = loadMasked(factor.buffer(), place.address(), 1, mask);
          c.store(shared, add(add(mul(term, index(side)), i), index(offset)), value);
        });
  }

  static Expr and(Expr p, Expr q) {
    return new Expr.Binary(BinaryFn.AND, p, q);
  }

  /** The products of the terms in shared memory. */
  private void addUp(LoopBuilder loop, Buffer sums) {
    loop.loop(
        LoopKind.SERIAL,
        "d",
        index(GpuTiles.DEPTH),
        (d, term) -> {
          var column = new ArrayList<Expr>();
          Expr rowAt = add(mul(term, index(tiles.m())), mul(y, index(tiles.perThreadM())));
          Expr columnAt =
              add(
                  add(mul(term, index(tiles.n())), index(offsetB())),
                  mul(x, index(tiles.perThreadN())));
          for (long j = 0; j < tiles.perThreadN(); j++) {
            column.add(d.let("b", load(shared, add(columnAt, index(j)))));
          }
          for (long i = 0; i < tiles.perThreadM(); i++) {
            Expr row = d.let("a", load(shared, add(rowAt, index(i))));
            for (int j = 0; j < column.size(); j++) {
              Expr at = index(i * tiles.perThreadN() + j);
              d.store(sums, at, fma(row, column.get(j), load(sums, at)));
            }
          }
        });
  }

  /** Puts the tile's results into shared memory, then finishes them side by side. */
  private void finish(Buffer sums, End end) {
    for (long i = 0; i < tiles.perThreadM(); i++) {
      for (long j = 0; j < tiles.perThreadN(); j++) {
        Expr row = add(mul(y, index(tiles.perThreadM())), index(i));
        Expr at = add(add(mul(row, index(tiles.n())), mul(x, index(tiles.perThreadN()))), index(j));
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
