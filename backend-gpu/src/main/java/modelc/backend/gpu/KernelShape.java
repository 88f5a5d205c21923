package modelc.backend.gpu;

import java.util.ArrayList;
import java.util.List;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;

/**
 * How a kernel is launched, read off its GRID and THREAD loops.
 *
 * @param grid blocks along x, y and z
 * @param sharedBytes of its SHARED buffers; it is part of the code, not of the launch
 * @param copies whether it copies to shared memory asynchronously
 */
public record KernelShape(
    List<Blocks> grid, int threadsX, int threadsY, long sharedBytes, boolean copies) {
  public KernelShape {
    grid = List.copyOf(grid);
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
    return new KernelShape(finder.grid, finder.x, finder.y, finder.shared, copies(kernel.body()));
  }

  private static boolean copies(Stmt s) {
    return switch (s) {
      case Stmt.Block b -> b.body().stream().anyMatch(KernelShape::copies);
      case Stmt.For f -> copies(f.body());
      case Stmt.If i -> copies(i.then()) || i.otherwise().stream().anyMatch(KernelShape::copies);
      case Stmt.Copy _ -> true;
      case Stmt.Let _, Stmt.Store _, Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ -> false;
    };
  }

  /** Walks through the outer loops. */
  private static final class Finder {
    final List<Blocks> grid = new ArrayList<>(List.of(Blocks.ONE, Blocks.ONE, Blocks.ONE));
    int x = 1;
    int y = 1;
    long shared;
    boolean hasThreads;

    void visit(Stmt s) {
      switch (s) {
        case Stmt.Block b -> b.body().forEach(this::visit);
        case Stmt.For f -> loop(f);
        case Stmt.Alloc a when a.buffer().space() == Space.SHARED ->
            shared += a.buffer().size().constant() * a.buffer().dtype().bytes();
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
