package modelc.backend.cpu;

import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.LoopProgram;
import modelc.ir.loop.Stmt;

/**
 * Estimates how long kernels take to compile, as the number of statements they are written out to,
 * so that work can be cut into equal parts. It is right to a factor of a few.
 */
final class KernelSize {
  private KernelSize() {}

  static long of(LoopProgram program) {
    long sum = 0;
    for (LoopEntry e : program.entries()) {
      for (LoopEntry.Launch l : e.launches()) {
        sum += of(l.kernel());
      }
    }
    return sum;
  }

  static long of(Kernel kernel) {
    return of(kernel.body());
  }

  private static long of(Stmt s) {
    return switch (s) {
      case Stmt.Block b -> b.body().stream().mapToLong(KernelSize::of).sum();
      case Stmt.For f -> 4 + of(f.body()) * trips(f);
      case Stmt.If i -> 2 + of(i.then()) + i.otherwise().map(KernelSize::of).orElse(0L);
      case Stmt.Let _, Stmt.Store _, Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ -> 1;
    };
  }

  /** How often the body is written. Bounds that depend on outer UNROLL loops count as one. */
  private static long trips(Stmt.For f) {
    if (f.kind() == LoopKind.UNROLL
        && f.lower() instanceof Expr.Const lower
        && f.upper() instanceof Expr.Const upper) {
      return Math.max(0, (long) Math.ceil((upper.value() - lower.value()) / f.step()));
    }
    return 1;
  }
}
