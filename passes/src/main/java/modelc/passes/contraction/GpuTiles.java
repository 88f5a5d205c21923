package modelc.passes.contraction;

import modelc.ir.Dim;
import modelc.passes.Gpu;

/**
 * How a sum of products is cut for the blocks of a GPU: each of 16 by 16 threads computes {@code
 * perThreadM} by {@code perThreadN} results of a tile, {@link #DEPTH} terms at a time.
 *
 * @param pieces of the sum, which a second kernel adds up: more than 1 where there are few tiles
 */
record GpuTiles(long perThreadM, long perThreadN, long pieces) {
  /** Threads along either side of a block. */
  static final long SIDE = 16;

  static final long THREADS = SIDE * SIDE;

  /** Terms of the sum that are in shared memory at a time. */
  static final long DEPTH = 16;

  private static final long MAX_PIECES = 64;

  /** Terms of a piece, at least. */
  private static final long MIN_PIECE = 8 * DEPTH;

  long m() {
    return SIDE * perThreadM;
  }

  long n() {
    return SIDE * perThreadN;
  }

  /** For {@code z} matrices of {@code m} by {@code n} results, each a sum of {@code k} terms. */
  static GpuTiles choose(Dim z, Dim m, Dim n, Dim k, Gpu gpu) {
    long perThreadN = perThread(n.max(), 4);
    long perThreadM = perThread(m.max(), 4);
    long blocks = blocks(z, m, n, perThreadM, perThreadN);
    long resident = Math.max(1, gpu.residentThreads() / THREADS);
    if (m.max() > 8 * SIDE && blocks >= 4 * resident) {
      perThreadM = 8;
    }
    long wanted = resident / Math.max(1, blocks);
    long possible = k.max() / MIN_PIECE;
    return new GpuTiles(
        perThreadM, perThreadN, Math.max(1, Math.min(MAX_PIECES, Math.min(wanted, possible))));
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
