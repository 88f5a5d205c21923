package modelc.passes.contraction;

import java.util.OptionalLong;
import modelc.ir.Dim;
import modelc.ir.Precision;
import modelc.ir.loop.WarpgroupTile;
import modelc.passes.Gpu;

/**
 * How a sum of products is cut for the blocks of a GPU: each of 16 by 16 threads computes {@code
 * perThreadM} by {@code perThreadN} results of a tile, {@link #DEPTH} terms at a time.
 *
 * @param pieces of the sum, which a second kernel adds up: more than 1 where there are few tiles
 * @param byWarpgroups whether four warps multiply together, see {@link GpuWarpgroupSums}
 */
record GpuTiles(long perThreadM, long perThreadN, long pieces, boolean byWarpgroups) {
  /** Threads along either side of a block. */
  static final long SIDE = 16;

  static final long THREADS = SIDE * SIDE;

  /** Terms of the sum that are in shared memory at a time. */
  static final long DEPTH = 16;

  private static final long MAX_PIECES = 64;

  /** Rows of a tile that is multiplied by warpgroups, two of them; its columns are 64 to 256. */
  private static final long WARPGROUP_ROWS = 2 * WarpgroupTile.ROWS;

  private static final long MIN_WARPGROUP_COLUMNS = 64;

  /** Fewer terms than these are soon multiplied, and the way there is longer. */
  private static final long MIN_WARPGROUP_TERMS = 4 * DEPTH;

  /** Of the threads at work at a time, those for each of which such a block takes the place. */
  private static final long WARPGROUP_RESIDENT = 4 * THREADS;

  /** Terms of a piece, at least. */
  private static final long MIN_PIECE = 8 * DEPTH;

  long m() {
    return SIDE * perThreadM;
  }

  long n() {
    return SIDE * perThreadN;
  }

  static GpuTiles choose(GpuProduct p, Gpu gpu) {
    Dim z = p.z();
    Dim m = p.m();
    Dim n = p.n();
    Dim k = p.k();
    OptionalLong columns = columnsOfWarpgroups(p, gpu);
    if (columns.isPresent()) {
      long perThread = columns.getAsLong() / SIDE;
      long tiles = blocks(z, m, n, WARPGROUP_ROWS / SIDE, perThread);
      long pieces = pieces(tiles, k, gpu.residentThreads() / WARPGROUP_RESIDENT);
      return new GpuTiles(WARPGROUP_ROWS / SIDE, perThread, pieces, true);
    }
    long perThreadN = perThread(n.max(), 4);
    long perThreadM = perThread(m.max(), 4);
    long blocks = blocks(z, m, n, perThreadM, perThreadN);
    long resident = Math.max(1, gpu.residentThreads() / THREADS);
    if (m.max() > 8 * SIDE && blocks >= 4 * resident) {
      perThreadM = 8;
    }
    return new GpuTiles(perThreadM, perThreadN, pieces(blocks, k, resident), false);
  }

  /** In how many pieces a sum is cut, so that all of a device has something to do. */
  private static long pieces(long blocks, Dim k, long resident) {
    long wanted = resident / Math.max(1, blocks);
    long possible = k.max() / MIN_PIECE;
    return Math.max(1, Math.min(MAX_PIECES, Math.min(wanted, possible)));
  }

  /** The columns of the tiles that warpgroups multiply; empty where they had better not. */
  private static OptionalLong columnsOfWarpgroups(GpuProduct p, Gpu gpu) {
    if (gpu.precision() == Precision.FLOAT32) {
      return OptionalLong.empty();
    }
    // The places of many small copies leave no registers for the sums of so many columns.
    boolean wide = Math.min(p.a().together(), p.b().together()) == GpuContractions.MAX_TOGETHER;
    long most = wide ? WarpgroupTile.MAX_COLUMNS : WarpgroupTile.MAX_COLUMNS / 2;
    long columns = MIN_WARPGROUP_COLUMNS;
    while (columns < most && columns < p.n().max()) {
      columns *= 2;
    }
    long tiles = blocks(p.z(), p.m(), p.n(), WARPGROUP_ROWS / SIDE, columns / SIDE);
    long results = Math.multiplyExact(p.z().max(), Math.multiplyExact(p.m().max(), p.n().max()));
    boolean pays =
        p.k().max() >= MIN_WARPGROUP_TERMS
            && results >= gpu.leastForWarpgroups()
            && 2 * results >= tiles * WARPGROUP_ROWS * columns;
    return pays || gpu.leastForWarpgroups() == 0 ? OptionalLong.of(columns) : OptionalLong.empty();
  }

  private static long perThread(long extent, long most) {
    long perThread = 1;
    while (perThread < most && SIDE * perThread < extent) {
      perThread *= 2;
    }
    return perThread;
  }

  private static long blocks(Dim z, Dim m, Dim n, long perThreadM, long perThreadN) {
    return Math.multiplyExact(
        z.max(),
        Math.multiplyExact(
            Math.ceilDiv(m.max(), SIDE * perThreadM), Math.ceilDiv(n.max(), SIDE * perThreadN)));
  }
}
