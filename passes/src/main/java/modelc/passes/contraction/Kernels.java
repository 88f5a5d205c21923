package modelc.passes.contraction;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Exprs;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.Stmt;

/** Closes the code of a contraction into kernels. It leaves their origins to the caller. */
final class Kernels {
  private Kernels() {}

  /** A kernel over these buffers, each once, and the symbols its code uses. */
  static Kernel of(String name, LoopBuilder b, Collection<Buffer> buffers) {
    Set<Buffer> parameters = new LinkedHashSet<>(buffers);
    Set<Symbol> symbols = new TreeSet<>();
    collect(b.block(), symbols);
    return new Kernel(name, List.copyOf(parameters), List.copyOf(symbols), b.block(), Set.of());
  }

  /** The operands of a contraction with the buffers of its epilogue. */
  static Collection<Buffer> with(Epilogue epilogue, Buffer... operands) {
    var all = new ArrayList<>(List.of(operands));
    all.addAll(epilogue.buffers());
    return all;
  }

  private static void collect(Stmt s, Set<Symbol> found) {
    switch (s) {
      case Stmt.Block x -> x.body().forEach(inner -> collect(inner, found));
      case Stmt.For x -> {
        collect(x.lower(), found);
        collect(x.upper(), found);
        collect(x.body(), found);
      }
      case Stmt.Let x -> collect(x.value(), found);
      case Stmt.Store x -> {
        collect(x.index(), found);
        collect(x.value(), found);
        x.mask().ifPresent(m -> collect(m, found));
      }
      case Stmt.If x -> {
        collect(x.condition(), found);
        collect(x.then(), found);
        x.otherwise().ifPresent(o -> collect(o, found));
      }
      case Stmt.Prefetch x -> collect(x.index(), found);
      case Stmt.InBlock x -> Exprs.operands(x).forEach(e -> collect(e, found));
      case Stmt.Alloc _ -> {}
    }
  }

  private static void collect(Expr e, Set<Symbol> found) {
    LoopBuilder.map(
        e,
        part -> {
          if (part instanceof Expr.Size size) {
            found.add(size.symbol());
          }
          return part;
        });
  }
}
