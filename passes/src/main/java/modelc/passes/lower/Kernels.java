package modelc.passes.lower;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import modelc.ir.Origin;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Exprs;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;

/**
 * Makes kernels out of statements: their parameters are the global buffers they name, in order of
 * appearance.
 *
 * <p>It changes nothing in the body.
 */
public final class Kernels {
  private Kernels() {}

  /** A kernel of what {@code b} wrote. */
  public static Kernel make(String name, LoopBuilder b, Collection<Origin> origins) {
    Stmt body = b.block();
    List<Buffer> buffers = buffers(body);
    var symbols = new TreeSet<Symbol>();
    walk(
        body,
        e -> {
          if (e instanceof Expr.Size s) {
            symbols.add(s.symbol());
          }
        },
        _ -> {});
    buffers.forEach(x -> symbols.addAll(x.size().symbols()));
    return new Kernel(name, buffers, List.copyOf(symbols), body, Set.copyOf(origins));
  }

  static Kernel withOrigins(Kernel k, Set<Origin> origins) {
    return new Kernel(k.name(), k.parameters(), k.symbols(), k.body(), origins);
  }

  /** The global buffers {@code s} loads and stores, in order of appearance. */
  static List<Buffer> buffers(Stmt s) {
    var buffers = new LinkedHashSet<Buffer>();
    walk(
        s,
        e -> {
          if (e instanceof Expr.Load l && l.buffer().space() == Space.GLOBAL) {
            buffers.add(l.buffer());
          }
        },
        x -> {
          if (x instanceof Stmt.Store st && st.buffer().space() == Space.GLOBAL) {
            buffers.add(st.buffer());
          }
          if (x instanceof Stmt.Copy c) {
            buffers.add(c.from());
          }
        });
    return List.copyOf(buffers);
  }

  /** Calls back for every expression and every statement in {@code s}. */
  public static void walk(Stmt s, Consumer<Expr> onExpr, Consumer<Stmt> onStmt) {
    onStmt.accept(s);
    switch (s) {
      case Stmt.Block b -> b.body().forEach(x -> walk(x, onExpr, onStmt));
      case Stmt.For f -> {
        visit(f.lower(), onExpr);
        visit(f.upper(), onExpr);
        walk(f.body(), onExpr, onStmt);
      }
      case Stmt.Let l -> visit(l.value(), onExpr);
      case Stmt.Store st -> {
        visit(st.index(), onExpr);
        visit(st.value(), onExpr);
        st.mask().ifPresent(m -> visit(m, onExpr));
      }
      case Stmt.If i -> {
        visit(i.condition(), onExpr);
        walk(i.then(), onExpr, onStmt);
        i.otherwise().ifPresent(o -> walk(o, onExpr, onStmt));
      }
      case Stmt.Prefetch p -> visit(p.index(), onExpr);
      case Stmt.InBlock x -> Exprs.operands(x).forEach(e -> visit(e, onExpr));
      case Stmt.Alloc _ -> {}
    }
  }

  private static void visit(Expr e, Consumer<Expr> onExpr) {
    LoopBuilder.map(
        e,
        x -> {
          onExpr.accept(x);
          return x;
        });
  }
}
