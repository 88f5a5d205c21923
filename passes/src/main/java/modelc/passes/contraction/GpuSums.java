package modelc.passes.contraction;

import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;

/**
 * How the threads of a block multiply the tiles in shared memory, and which sums each of them has.
 */
sealed interface GpuSums permits GpuFmaSums, GpuWarpSums, GpuWarpgroupSums {
  /** Sums of a thread. */
  long count();

  /** Adds the products of the {@code k}-th tiles, in the stage that begins at {@code stage}. */
  void addProducts(LoopBuilder b, Expr k, Expr stage, Buffer sums);

  /** Waits until all products are added. */
  default void await(LoopBuilder b) {}

  /** Whether all threads of the block meet in adding products after they read the stage. */
  default boolean hasMet() {
    return false;
  }

  /** Calls back for each sum that this thread has. */
  void each(LoopBuilder b, Sum body);

  /**
   * Whether thread {@code t}'s sums are results number {@code t}, {@code t + 256} and so on of the
   * tile, row by row: those that it finishes.
   */
  boolean finishesItsOwn();

  /** What becomes of sum {@code i} of a thread, which is of this row and column of the tile. */
  @FunctionalInterface
  interface Sum {
    void write(LoopBuilder b, long i, Expr row, Expr column);
  }
}
