package modelc.passes.gpu;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.lt;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.size;

import java.util.function.Consumer;
import modelc.ir.Dim;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;

/**
 * The outer loops of GPU kernels: blocks and threads, with a guard where the last block has threads
 * to spare.
 *
 * <p>All code of a thread goes inside these loops: outside them there are no loads.
 */
public final class GpuThreads {
  public static final long WARP = 32;

  /** Threads of a block that need not work together. */
  public static final long BLOCK = 256;

  private GpuThreads() {}

  /** What one thread does, which has the number {@code i}. */
  @FunctionalInterface
  public interface Body {
    void write(LoopBuilder b, Expr i);
  }

  /** One thread alone. */
  public static void one(LoopBuilder b, Consumer<LoopBuilder> body) {
    b.loop(
        LoopKind.GRID_X,
        "b",
        index(1),
        (grid, _) -> grid.loop(LoopKind.THREAD_X, "t", index(1), (t, _) -> body.accept(t)));
  }

  /** A thread for each number below {@code count}. */
  public static void each(LoopBuilder b, Dim count, Body body) {
    long threads =
        count.isConstant() && count.constant() < BLOCK
            ? Math.max(WARP, (count.constant() + WARP - 1) / WARP * WARP)
            : BLOCK;
    b.loop(
        LoopKind.GRID_X,
        "b",
        blocks(count, threads),
        (grid, block) ->
            grid.loop(
                LoopKind.THREAD_X,
                "t",
                index(threads),
                (thread, t) -> {
                  Expr i = thread.let("i", add(mul(block, index(threads)), t));
                  when(thread, i, count, threads, then -> body.write(then, i));
                }));
  }

  /** Blocks that have {@code count} threads together, or a few more. */
  public static Expr blocks(Dim count, long threads) {
    return div(add(size(count), index(threads - 1)), threads);
  }

  /**
   * Writes {@code body} for {@code i} below {@code count}; without a condition where blocks of
   * {@code threads} have none to spare.
   */
  public static void when(
      LoopBuilder b, Expr i, Dim count, long threads, Consumer<LoopBuilder> body) {
    if (count.factor() % threads == 0) {
      body.accept(b);
    } else {
      b.when(lt(i, size(count)), body);
    }
  }
}
