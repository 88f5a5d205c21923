package modelc.frontend.elaborate;

import java.util.stream.Collectors;
import modelc.frontend.ast.Expr;

/** Expressions as text again, for messages and reports. It keeps the meaning, not the spacing. */
final class Written {
  private Written() {}

  static String text(Expr e) {
    return switch (e) {
      case Expr.IntLiteral i -> Long.toString(i.value());
      case Expr.FloatLiteral f -> Double.toString(f.value()).replace(".0E", "e").replace('E', 'e');
      case Expr.BoolLiteral b -> Boolean.toString(b.value());
      case Expr.Text t ->
          t.pieces().stream()
              .map(
                  p ->
                      switch (p) {
                        case Expr.Piece.Characters c -> c.text();
                        case Expr.Piece.Shown v -> "{" + text(v.value()) + "}";
                      })
              .collect(Collectors.joining("", "\"", "\""));
      case Expr.Name n -> n.name();
      case Expr.ListOf l ->
          l.items().stream().map(Written::text).collect(Collectors.joining(", ", "[", "]"));
      case Expr.Spread s -> "..." + s.list().name();
      case Expr.Call c ->
          text(c.callee())
              + c.arguments().stream()
                  .map(a -> (a.name() == null ? "" : a.name().name() + " = ") + text(a.value()))
                  .collect(Collectors.joining(", ", "(", ")"));
      case Expr.Index i -> text(i.list()) + "[" + text(i.index()) + "]";
      case Expr.Member m -> text(m.owner()) + "." + m.member().name();
      case Expr.Prefix p ->
          p.op() + (p.op() == Expr.PrefixOp.NOT ? " " : "") + operand(p.operand());
      case Expr.Infix i -> operand(i.left()) + " " + i.op() + " " + operand(i.right());
      case Expr.Conditional c ->
          "if " + text(c.condition()) + " then " + text(c.onTrue()) + " else " + text(c.onFalse());
      case Expr.Arrow a ->
          text(a.input())
              + " -> "
              + (a.label() == null ? "" : a.label().name() + ": ")
              + text(a.stage());
    };
  }

  private static String operand(Expr e) {
    return switch (e) {
      case Expr.Infix _, Expr.Conditional _, Expr.Arrow _ -> "(" + text(e) + ")";
      default -> text(e);
    };
  }
}
