package modelc.ir.loop;

import java.util.List;
import java.util.Optional;
import modelc.ir.Precision;

/** Statements of Loop IR. */
public sealed interface Stmt {

  record Block(List<Stmt> body) implements Stmt {
    public Block {
      body = List.copyOf(body);
    }
  }

  /**
   * {@code for (var = lower; var < upper; var += step) body}. Bounds are I64 scalars; {@code step}
   * is positive.
   */
  record For(LoopKind kind, Var var, Expr lower, Expr upper, long step, Stmt body)
      implements Stmt {}

  /** Binds {@code var} for the rest of the enclosing block. */
  record Let(Var var, Expr value) implements Stmt {}

  /**
   * Stores an element, or as many consecutive ones as {@code value} has lanes; with a vector index
   * (a scatter) one a lane. Lanes where {@code mask} is false are left alone. For a REGISTER buffer
   * with vector elements: the whole element.
   */
  record Store(Buffer buffer, Expr index, Expr value, Optional<Expr> mask) implements Stmt {}

  /**
   * A local buffer for the rest of the enclosing block; its contents begin undefined, each time
   * this is reached.
   */
  record Alloc(Buffer buffer) implements Stmt {}

  record If(Expr condition, Stmt then, Optional<Stmt> otherwise) implements Stmt {}

  /** What only the threads of a GPU block do. */
  sealed interface InBlock extends Stmt
      permits Barrier,
          Copy,
          CommitCopies,
          AwaitCopies,
          WarpMma,
          StoreFactors,
          FenceFactors,
          WarpgroupMma,
          AwaitProducts {}

  /** Waits for all threads of the GPU block, and orders their shared and global memory accesses. */
  record Barrier() implements InBlock {}

  /**
   * Begins to copy {@code lanes} consecutive elements from a GLOBAL to a SHARED buffer, 4, 8 or 16
   * bytes, and goes on. Both indices are multiples of {@code lanes}. Where {@code exists} is false
   * nothing is read and the copies are zeros.
   *
   * <p>The thread has them once it has waited for them, {@link AwaitCopies}; others, after a
   * barrier as well. Until then nobody may touch them.
   */
  record Copy(
      Buffer to, Expr toIndex, Buffer from, Expr fromIndex, int lanes, Optional<Expr> exists)
      implements InBlock {
    public int bytes() {
      return lanes * from.dtype().bytes();
    }
  }

  /** Makes the copies that this thread began since its last group a group, which may be empty. */
  record CommitCopies() implements InBlock {}

  /** Waits until at most {@code pending} of this thread's groups are under way, the last ones. */
  record AwaitCopies(int pending) implements InBlock {}

  /**
   * Adds the product of two matrices to a third, which a warp holds together: {@link WarpTile} says
   * what each thread has of them. All 32 threads take part. Factors are rounded to their precision,
   * products are exact, and sums float32; how they are rounded on the way is the machine's.
   *
   * @param a this thread's elements of the first matrix, F32
   * @param b and of the second
   * @param sums a REGISTER buffer, of which the elements from {@code first} on are its sums
   */
  record WarpMma(Precision factors, List<Expr> a, List<Expr> b, Buffer sums, Expr first)
      implements InBlock {
    public WarpMma {
      a = List.copyOf(a);
      b = List.copyOf(b);
    }
  }

  /**
   * Rounds neighbouring terms of a row or column to the precision that a {@link WarpgroupMma}
   * multiplies them in, and writes them as one run of 16 bytes. They are there once the thread has
   * fenced them, {@link FenceFactors}; for others, after a barrier as well. Until then nobody may
   * touch them.
   *
   * @param values as many as a run has, F32
   * @param to a SHARED buffer of I32
   * @param index a multiple of the elements of a run
   */
  record StoreFactors(Precision factors, List<Expr> values, Buffer to, Expr index)
      implements InBlock {
    public StoreFactors {
      values = List.copyOf(values);
    }
  }

  /** Shows products what this thread has stored by {@link StoreFactors}. */
  record FenceFactors() implements InBlock {}

  /**
   * Begins to add the product of two matrices to a third, and goes on; 128 threads, the first a
   * multiple of 128, do it together. {@link WarpgroupTile} says where the matrices are. Products
   * are exact and sums float32; how they are rounded on the way is the machine's.
   *
   * <p>Until the thread has waited for it, {@link AwaitProducts}, nobody may touch its sums,
   * further products to the same sums apart, or write its factors.
   *
   * @param terms of the sums
   * @param a 64 rows of terms
   * @param b columns of terms
   * @param sums a REGISTER buffer, of which the elements from {@code first} on are this thread's
   */
  record WarpgroupMma(
      Precision factors, int terms, Tile a, Tile b, int columns, Buffer sums, Expr first)
      implements InBlock {
    /**
     * A matrix of factors.
     *
     * @param buffer SHARED, of I32
     * @param first element of the first run
     * @param rows in the buffer, between the runs of a row: from the first one of the matrix on
     */
    public record Tile(Buffer buffer, Expr first, int rows) {}
  }

  /** Waits until at most {@code pending} of this thread's products are under way, the last ones. */
  record AwaitProducts(int pending) implements InBlock {}

  /** Hint: the element will be read soon. May be out of bounds. */
  record Prefetch(Buffer buffer, Expr index) implements Stmt {}
}
