package modelc.ptx;

import java.util.Arrays;

/**
 * Shared memory as {@code wgmma} sees it, through the async proxy: of each granule, who wrote it
 * last, whether that thread has executed {@code fence.proxy.async} since, and how many products
 * that read it are under way. Races in the usual sense are {@link Races}'s.
 */
final class AsyncProxy {
  private final Block block;
  private final int shift;

  /** Products under way that read a granule. */
  private final int[] readers;

  /** The thread that wrote it last, plus one, and how many fences it had executed. */
  private final int[] writer;

  private final int[] writerFences;

  /** Of each thread, the clocks of its warp at its fences. */
  private final int[][] fences;

  private final int[] fenceCount;

  AsyncProxy(Block block, int threads) {
    this.block = block;
    shift = Integer.numberOfTrailingZeros(block.program.granule());
    int n = (block.shared.bytes() >> shift) + 1;
    readers = new int[n];
    writer = new int[n];
    writerFences = new int[n];
    fences = new int[threads][8];
    fenceCount = new int[threads];
  }

  void clear() {
    Arrays.fill(readers, 0);
    Arrays.fill(writer, 0);
    Arrays.fill(fenceCount, 0);
  }

  /** A thread writes through the generic proxy, as all but products do. */
  void write(Warp w, int lane, int offset, int bytes) {
    int thread = w.index * 32 + lane;
    for (int g = offset >> shift; g <= offset + bytes - 1 >> shift; g++) {
      if (readers[g] > 0) {
        throw w.fault(
            PtxFault.Kind.UNFINISHED_PRODUCT,
            lane,
            "writes byte "
                + offset
                + " of shared memory, which a wgmma reads that has not been waited for");
      }
      writer[g] = thread + 1;
      writerFences[g] = fenceCount[thread];
    }
  }

  /** {@code fence.proxy.async} of the lanes of a mask. */
  void fence(Warp w, int mask) {
    for (int m = mask; m != 0; m &= m - 1) {
      int thread = w.index * 32 + Integer.numberOfTrailingZeros(m);
      int n = fenceCount[thread]++;
      if (n == fences[thread].length) {
        fences[thread] = Arrays.copyOf(fences[thread], 2 * n);
      }
      fences[thread][n] = w.clocks[w.index];
    }
  }

  /** A product of a warp begins to read what is found there. */
  void beginRead(Warp w, int offset, int bytes) {
    for (int g = offset >> shift; g <= offset + bytes - 1 >> shift; g++) {
      if (writer[g] != 0 && !fenced(w, writer[g] - 1, writerFences[g])) {
        throw w.fault(
            PtxFault.Kind.MISSING_FENCE,
            0,
            "reads byte "
                + (g << shift)
                + " of shared memory, which "
                + block.name(writer[g] - 1)
                + " wrote with no fence.proxy.async between that write and what orders the two");
      }
      readers[g]++;
    }
  }

  /** Whether the writer's next fence comes before what the warp does now. */
  private boolean fenced(Warp w, int thread, int before) {
    if (fenceCount[thread] <= before) {
      return false;
    }
    int warp = thread >> 5;
    return warp == w.index || fences[thread][before] <= w.clocks[warp];
  }

  /** The warp has waited for the product. */
  void endRead(int offset, int bytes) {
    for (int g = offset >> shift; g <= offset + bytes - 1 >> shift; g++) {
      readers[g]--;
    }
  }
}
