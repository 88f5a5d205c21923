package modelc.backend.gpu;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;
import org.jspecify.annotations.Nullable;

/**
 * How a kernel is launched, read off its GRID and THREAD loops.
 *
 * @param grid blocks along x, y and z
 * @param shared its SHARED buffers
 * @param copies whether it copies to shared memory asynchronously
 * @param narrow whether some of these copies are of fewer than 16 bytes
 * @param sums REGISTER buffers to which warpgroups add their products
 */
public record KernelShape(
    List<Blocks> grid,
    int threadsX,
    int threadsY,
    List<Buffer> shared,
    boolean copies,
    boolean narrow,
    Set<Buffer> sums) {
  /** Shared memory that can be part of the code. Of more, the launch has to say how much. */
  private static final long MOST_STATIC = 48 << 10;

  /** Bytes that a copy moves at most. */
  private static final int WIDE = 16;

  /** Each buffer begins at a multiple of it. */
  private static final long ALIGNMENT = 128;

  public KernelShape {
    grid = List.copyOf(grid);
    shared = List.copyOf(shared);
    sums = Set.copyOf(sums);
  }

  /** Bytes of all SHARED buffers. */
  public long sharedBytes() {
    return shared.stream().mapToLong(KernelShape::bytes).sum();
  }

  private static long bytes(Buffer b) {
    return b.size().constant() * b.dtype().bytes();
  }

  /** Bytes of shared memory that the launch has to ask for: all or none. */
  public long dynamicSharedBytes() {
    return sharedBytes() <= MOST_STATIC ? 0 : sharedOffset(null);
  }

  /** Where a buffer begins in dynamic shared memory; of null, where all have ended. */
  long sharedOffset(@Nullable Buffer buffer) {
    long at = 0;
    for (Buffer b : shared) {
      if (b.equals(buffer)) {
        return at;
      }
      at = Math.ceilDiv(at + bytes(b), ALIGNMENT) * ALIGNMENT;
    }
    return at;
  }

  public int threads() {
    return threadsX * threadsY;
  }

  long maxBlocks(int axis) {
    return grid.get(axis).max();
  }

  /**
   * The shape of a kernel.
   *
   * @throws IllegalArgumentException if it was lowered for a CPU
   */
  static KernelShape of(Kernel kernel) {
    var finder = new Finder();
    finder.visit(kernel.body());
    if (!finder.hasThreads) {
      throw new IllegalArgumentException(
          "kernel " + kernel.name() + " has no threads of a gpu: it was lowered for a cpu");
    }
    var inside = new Inside();
    inside.visit(kernel.body());
    return new KernelShape(
        finder.grid, finder.x, finder.y, finder.shared, inside.copies, inside.narrow, inside.sums);
  }

  /** What the threads of a block do together. */
  private static final class Inside {
    final Set<Buffer> sums = new HashSet<>();
    boolean copies;
    boolean narrow;

    void visit(Stmt s) {
      switch (s) {
        case Stmt.Block b -> b.body().forEach(this::visit);
        case Stmt.For f -> visit(f.body());
        case Stmt.If i -> {
          visit(i.then());
          i.otherwise().ifPresent(this::visit);
        }
        case Stmt.Copy c -> {
          copies = true;
          narrow |= c.bytes() < WIDE;
        }
        case Stmt.WarpgroupMma m -> sums.add(m.sums());
        case Stmt.Let _, Stmt.Store _, Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ -> {}
      }
    }
  }

  /** Walks through the outer loops. */
  private static final class Finder {
    final List<Blocks> grid = new ArrayList<>(List.of(Blocks.ONE, Blocks.ONE, Blocks.ONE));
    int x = 1;
    int y = 1;
    final List<Buffer> shared = new ArrayList<>();
    boolean hasThreads;

    void visit(Stmt s) {
      switch (s) {
        case Stmt.Block b -> b.body().forEach(this::visit);
        case Stmt.For f -> loop(f);
        case Stmt.Alloc a when a.buffer().space() == Space.SHARED -> shared.add(a.buffer());
        case Stmt.Alloc _,
            Stmt.Let _,
            Stmt.Store _,
            Stmt.If _,
            Stmt.InBlock _,
            Stmt.Prefetch _ -> {}
      }
    }

    private void loop(Stmt.For f) {
      switch (f.kind()) {
        case GRID_X -> grid.set(0, Blocks.of(f.upper()));
        case GRID_Y -> grid.set(1, Blocks.of(f.upper()));
        case GRID_Z -> grid.set(2, Blocks.of(f.upper()));
        case THREAD_X -> x = threads(f);
        case THREAD_Y -> y = threads(f);
        case SERIAL, UNROLL, PARALLEL, VECTOR -> {
          return;
        }
      }
      visit(f.body());
    }

    private int threads(Stmt.For f) {
      hasThreads = true;
      return (int) ((Expr.Const) f.upper()).value();
    }
  }
}
