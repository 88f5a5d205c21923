package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.rem;

import modelc.ir.Precision;
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
    Gaps gaps = tiles.byWarpgroups() ? Gaps.OF_WARPGROUPS : Gaps.of(product, gpu.precision());
    var a = new Tile(product.a(), gaps, tiles.m(), 0);
    var b = new Tile(product.b(), gaps, tiles.n(), a.elements());
    long bytes = Float.BYTES * (a.elements() + b.elements());
    long count = tiles.byWarpgroups() ? MOST : Math.clamp(gpu.sharedBytes() / bytes, 2, MOST);
    return new GpuStages(a, b, count);
  }

  /** Of all stages. */
  long elements() {
    return count * stage();
  }

  /** Of one. */
  long stage() {
    return a.elements() + b.elements();
  }

  /** Where the stage of the {@code number}-th tiles begins. */
  Expr begin(Expr number) {
    return mul(rem(number, count), index(stage()));
  }

  /**
   * Elements between the rows of a tile, so that threads that read side by side use different banks
   * of shared memory, of which there are 32, each 4 bytes wide.
   *
   * @param rows between two rows or columns of results, where their terms lie side by side
   * @param terms between two terms otherwise
   */
  private record Gaps(long rows, long terms) {
    /** Eight threads read 16 bytes each of neighbouring rows, or neighbours of one term. */
    static final Gaps OF_WARPGROUPS = new Gaps(4, 0);

    static Gaps of(GpuProduct product, Precision precision) {
      if (precision == Precision.FLOAT32) {
        // Eight threads read 16 bytes each of neighbouring rows.
        return new Gaps(4, 8);
      }
      // Eight threads read two rows of 64 bytes; or single elements of four terms, see GpuWarpSums.
      boolean neighbours = product.a().alongTerms() || product.b().alongTerms();
      return new Gaps(0, neighbours ? 4 : 8);
    }
  }

  /**
   * A tile: {@code side} rows or columns of results by {@link GpuTiles#DEPTH} terms, which lie as
   * they do in memory, so that they can be copied several at once.
   *
   * @param offset in its stage
   */
  record Tile(GpuProduct.Factor factor, Gaps gaps, long side, long offset) {
    long elements() {
      return factor.alongTerms()
          ? side * (GpuTiles.DEPTH + gaps.rows())
          : GpuTiles.DEPTH * (side + gaps.terms());
    }

    /** The place of an element in the stage that begins at {@code stage}. */
    Expr at(Expr stage, Expr i, Expr term) {
      Expr at =
          factor.alongTerms()
              ? add(mul(i, index(GpuTiles.DEPTH + gaps.rows())), term)
              : add(mul(term, index(side + gaps.terms())), i);
      return add(add(stage, at), index(offset));
    }
  }
}
