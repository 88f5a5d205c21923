package modelc.ir.loop;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The subexpressions of expressions; it changes nothing, that is {@link LoopBuilder#map}. */
public final class Exprs {
  private Exprs() {}

  /** The direct operands, in order; a mask is the last. */
  public static List<Expr> operands(Expr e) {
    return switch (e) {
      case Expr.Const _, Expr.VarRef _, Expr.Size _ -> List.of();
      case Expr.Unary u -> List.of(u.x());
      case Expr.Binary b -> List.of(b.x(), b.y());
      case Expr.Fma f -> List.of(f.x(), f.y(), f.z());
      case Expr.Compare c -> List.of(c.x(), c.y());
      case Expr.Select s -> List.of(s.predicate(), s.onTrue(), s.onFalse());
      case Expr.Convert c -> List.of(c.x());
      case Expr.Load l -> Stream.concat(Stream.of(l.index()), l.mask().stream()).toList();
      case Expr.Splat s -> List.of(s.x());
      case Expr.Ramp r -> List.of(r.base(), r.stride());
      case Expr.Horizontal h -> List.of(h.x());
      case Expr.Lane l -> List.of(l.x());
      case Expr.WarpShuffleXor w -> List.of(w.x());
    };
  }

  /** The expressions of a statement, in order; a condition is the last. */
  public static List<Expr> operands(Stmt.InBlock s) {
    return switch (s) {
      case Stmt.Barrier _,
          Stmt.CommitCopies _,
          Stmt.AwaitCopies _,
          Stmt.FenceFactors _,
          Stmt.AwaitProducts _ ->
          List.of();
      case Stmt.StoreFactors x -> Stream.concat(x.values().stream(), Stream.of(x.index())).toList();
      case Stmt.WarpgroupMma m -> List.of(m.a().first(), m.b().first(), m.first());
      case Stmt.Copy c ->
          Stream.concat(Stream.of(c.toIndex(), c.fromIndex()), c.exists().stream()).toList();
      case Stmt.WarpMma m ->
          Stream.of(m.a(), m.b(), List.of(m.first())).flatMap(List::stream).toList();
    };
  }

  /** The expression and all below it, operands first. */
  public static void forEach(Expr e, Consumer<Expr> action) {
    operands(e).forEach(x -> forEach(x, action));
    action.accept(e);
  }
}
