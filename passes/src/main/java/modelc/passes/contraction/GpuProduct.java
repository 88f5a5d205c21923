package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.f32;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.rem;
import static modelc.ir.loop.LoopBuilder.size;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.passes.Gpu;
import modelc.passes.gpu.GpuThreads;

/**
 * Sums of products on a GPU: {@code out[z][m][n] = sum over k of a(z, m, k) * b(z, k, n)}, for
 * matrix products and, with operands whose elements are found by the geometry of a convolution, for
 * all three of its forms. Nothing is unfolded in memory.
 *
 * <p>A block copies tiles of each operand to shared memory, with zeros outside, and adds up their
 * products in registers while the next tiles travel. Results pass through shared memory once, so
 * that neighbouring threads finish and store neighbours.
 *
 * @param z how many products side by side
 * @param results the epilogue's indices of a result
 */
record GpuProduct(
    String name,
    Dim z,
    Dim m,
    Dim n,
    Dim k,
    Factor a,
    Factor b,
    Results results,
    Epilogue epilogue) {

  private static final long PACKED_READERS = 4;

  /**
   * An operand.
   *
   * @param alongTerms its neighbours in memory are neighbours along k, not along m or n
   * @param together how many neighbours that way, from a multiple of it on, lie side by side in
   *     memory, at a multiple of it, and exist together: 1, 2 or 4
   */
  record Factor(Buffer buffer, boolean alongTerms, long together, Element element) {}

  /** Where the element of a factor for result row or column {@code i} and term {@code k} is. */
  @FunctionalInterface
  interface Element {
    Place at(LoopBuilder b, Expr z, Expr i, Expr k);
  }

  /**
   * An address in the buffer.
   *
   * @param exists false where the element is 0; empty: always
   */
  record Place(Expr address, Optional<Expr> exists) {}

  /** The epilogue's indices of a result. */
  @FunctionalInterface
  interface Results {
    List<Expr> at(LoopBuilder b, Expr z, Expr m, Expr n);
  }

  Lowered lower(Gpu gpu) {
    GpuTiles tiles = GpuTiles.choose(this, gpu);
    if (z.max() == 0 || m.max() == 0 || n.max() == 0) {
      return new Lowered(List.of(), List.of());
    }
    if (isWorthPacking(tiles, gpu)) {
      return packed(gpu);
    }
    if (tiles.pieces() == 1) {
      var body = new LoopBuilder();
      multiply(body, tiles, gpu, this::finish);
      return new Lowered(
          List.of(Kernels.of(name, body, Kernels.with(epilogue, a.buffer(), b.buffer()))),
          List.of());
    }
    Dim all = z.times(m).times(n);
    Buffer parts = Buffer.global(name + "_parts", DType.F32, all.times(tiles.pieces()));
    var first = new LoopBuilder();
    multiply(
        first,
        tiles,
        gpu,
        (to, place, value) -> {
          Expr at = add(mul(place.piece(), size(z)), place.z());
          at = add(mul(at, size(m)), place.m());
          to.store(parts, add(mul(at, size(n)), place.n()), value);
        });
    var second = new LoopBuilder();
    together(second, parts, all, tiles.pieces());
    List<Kernel> kernels =
        List.of(
            Kernels.of(name, first, List.of(a.buffer(), b.buffer(), parts)),
            Kernels.of(name + "_sum", second, Kernels.with(epilogue, parts)));
    return new Lowered(kernels, List.of(parts));
  }

  /**
   * Whether the second factor's elements are read one by one, by several rows of tiles, and would
   * not be if they were packed first.
   */
  private boolean isWorthPacking(GpuTiles tiles, Gpu gpu) {
    return b.together() == 1
        && GpuContractions.together(k.factor()) > 1
        && Math.ceilDiv(m.max(), tiles.m()) >= PACKED_READERS
        && z.times(m).times(n).times(k).max() >= gpu.leastForPacking();
  }

  /** Copies the second factor first, so that its terms lie side by side. */
  private Lowered packed(Gpu gpu) {
    Buffer to = Buffer.global(name + "_packed", DType.F32, z.times(n).times(k));
    var copy = new LoopBuilder();
    GpuThreads.each(
        copy,
        to.size(),
        (then, i) -> {
          Expr row = then.let("r", quotient(i, k));
          Expr column = then.let("n", remainder(row, n));
          Place place = b.element().at(then, quotient(row, n), column, remainder(i, k));
          then.store(to, i, load(b.buffer(), place.address()));
        });
    Element element =
        (_, zz, i, t) -> {
          Expr row = add(mul(zz, size(n)), i);
          return new Place(add(mul(row, size(k)), t), Optional.empty());
        };
    var packed = new Factor(to, true, GpuContractions.together(k.factor()), element);
    Lowered product = new GpuProduct(name, z, m, n, k, a, packed, results, epilogue).lower(gpu);
    var kernels = new ArrayList<Kernel>();
    kernels.add(Kernels.of(name + "_pack", copy, List.of(b.buffer(), to)));
    kernels.addAll(product.kernels());
    var scratch = new ArrayList<>(product.scratch());
    scratch.add(to);
    return new Lowered(kernels, scratch);
  }

  /** Which result of which piece. */
  record Result(Expr piece, Expr z, Expr m, Expr n) {}

  private void finish(LoopBuilder b, Result r, Expr value) {
    epilogue.write(b, value, results.at(b, r.z(), r.m(), r.n()), 1, Optional.empty());
  }

  /** Adds up the pieces of every result. */
  private void together(LoopBuilder b, Buffer parts, Dim all, long pieces) {
    GpuThreads.each(
        b,
        all,
        (then, i) -> {
          Buffer sum = then.alloc("sum", DType.F32, 1, 1, Space.REGISTER);
          then.store(sum, index(0), f32(0));
          then.loop(
              LoopKind.SERIAL,
              "p",
              index(pieces),
              (loop, p) -> {
                Expr part = load(parts, add(mul(p, size(all)), i));
                loop.store(sum, index(0), new Expr.Binary(BinaryFn.ADD, load(sum, index(0)), part));
              });
          Expr column = then.let("n", remainder(i, n));
          Expr row = then.let("r", quotient(i, n));
          var result =
              new Result(
                  index(0),
                  then.let("z", quotient(row, m)),
                  then.let("m", remainder(row, m)),
                  column);
          finish(then, result, then.let("sum", load(sum, index(0))));
        });
  }

  static Expr quotient(Expr x, Dim by) {
    return by.isConstant() ? div(x, by.constant()) : new Expr.Binary(BinaryFn.DIVIDE, x, size(by));
  }

  static Expr remainder(Expr x, Dim by) {
    return by.isConstant()
        ? rem(x, by.constant())
        : new Expr.Binary(BinaryFn.REMAINDER, x, size(by));
  }

  private void multiply(LoopBuilder b, GpuTiles tiles, Gpu gpu, GpuTile.End end) {
    var stages = GpuStages.of(this, tiles, gpu);
    b.loop(
        LoopKind.GRID_Z,
        "z",
        size(z.times(tiles.pieces())),
        (gridZ, zp) ->
            gridZ.loop(
                LoopKind.GRID_Y,
                "bn",
                GpuThreads.blocks(n, tiles.n()),
                (gridY, bn) ->
                    gridY.loop(
                        LoopKind.GRID_X,
                        "bm",
                        GpuThreads.blocks(m, tiles.m()),
                        (gridX, bm) -> {
                          long size = Math.max(tiles.m() * tiles.n(), stages.elements());
                          Buffer shared = gridX.alloc("tile", DType.F32, 1, size, Space.SHARED);
                          Optional<Buffer> factors = factors(gridX, tiles, gpu);
                          threads(
                              gridX,
                              (thread, y, x) ->
                                  new GpuTile(
                                          this,
                                          gpu.precision(),
                                          tiles,
                                          stages,
                                          shared,
                                          factors,
                                          thread,
                                          zp,
                                          bm,
                                          bn,
                                          y,
                                          x)
                                      .write(end));
                        })));
  }

  /** Where the factors of warpgroups' products are. */
  private static Optional<Buffer> factors(LoopBuilder b, GpuTiles tiles, Gpu gpu) {
    if (!tiles.byWarpgroups()) {
      return Optional.empty();
    }
    long words = GpuWarpgroupSums.words(gpu.precision(), tiles);
    return Optional.of(b.alloc("factors", DType.I32, 1, words, Space.SHARED));
  }

  /** What a thread of a block does. */
  private interface ThreadBody {
    void write(LoopBuilder b, Expr y, Expr x);
  }

  private static void threads(LoopBuilder b, ThreadBody body) {
    b.loop(
        LoopKind.THREAD_Y,
        "ty",
        index(GpuTiles.SIDE),
        (rows, y) ->
            rows.loop(
                LoopKind.THREAD_X,
                "tx",
                index(GpuTiles.SIDE),
                (thread, x) -> body.write(thread, y, x)));
  }
}
