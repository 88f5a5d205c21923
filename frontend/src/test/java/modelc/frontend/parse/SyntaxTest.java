package modelc.frontend.parse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import modelc.frontend.Limits;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.Expr;
import modelc.frontend.ast.SourceFile;
import modelc.frontend.ast.Stmt;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.frontend.diagnostic.Sources;
import org.junit.jupiter.api.Test;

class SyntaxTest {
  private static SourceFile parse(String text) {
    return Syntax.parse("test.model", text, new Sources(), Limits.DEFAULT);
  }

  private static List<Stmt> body(String statements) {
    return ((Decl.Fn) parse("fn f() {\n" + statements + "\n}").declarations().getFirst())
        .body()
        .statements();
  }

  private static Expr value(String expression) {
    return ((Stmt.Return) body("return " + expression).getFirst()).value();
  }

  private static List<Diagnostic> errors(String text) {
    return catchThrowableOfType(DiagnosticException.class, () -> parse(text)).diagnostics();
  }

  /** Fully parenthesised, so that precedence can be read off. */
  private static String show(Expr e) {
    return switch (e) {
      case Expr.IntLiteral i -> Long.toString(i.value());
      case Expr.FloatLiteral f -> Double.toString(f.value());
      case Expr.BoolLiteral b -> Boolean.toString(b.value());
      case Expr.Text t -> t.pieces().toString();
      case Expr.Name n -> n.name();
      case Expr.ListOf l -> l.items().stream().map(SyntaxTest::show).toList().toString();
      case Expr.Spread s -> "..." + show(s.list());
      case Expr.Call c ->
          show(c.callee())
              + c.arguments().stream()
                  .map(a -> (a.name() == null ? "" : a.name().name() + "=") + show(a.value()))
                  .toList()
                  .toString()
                  .replace('[', '(')
                  .replace(']', ')');
      case Expr.Index i -> show(i.list()) + "[" + show(i.index()) + "]";
      case Expr.Member m -> show(m.owner()) + "." + m.member().name();
      case Expr.Prefix p -> "(" + p.op() + " " + show(p.operand()) + ")";
      case Expr.Infix i -> "(" + show(i.left()) + " " + i.op() + " " + show(i.right()) + ")";
      case Expr.Conditional c ->
          "(if "
              + show(c.condition())
              + " then "
              + show(c.onTrue())
              + " else "
              + show(c.onFalse())
              + ")";
      case Expr.Arrow a ->
          "("
              + show(a.input())
              + " -> "
              + (a.label() == null ? "" : a.label().name() + ": ")
              + show(a.stage())
              + ")";
    };
  }

  @Test
  void operatorsBindAsInMathematics() {
    assertThat(show(value("-x^2 + 2 * y @ z"))).isEqualTo("((- (x ^ 2)) + ((2 * y) @ z))");
    assertThat(show(value("a ^ b ^ c"))).isEqualTo("(a ^ (b ^ c))");
    assertThat(show(value("2^-3"))).isEqualTo("(2 ^ (- 3))");
    assertThat(show(value("not a == b and c or d"))).isEqualTo("(((not (a == b)) and c) or d)");
    assertThat(show(value("1..n + 1"))).isEqualTo("(1 .. (n + 1))");
    assertThat(show(value("a - b - c"))).isEqualTo("((a - b) - c)");
  }

  @Test
  void arrowsBindLooserThanArithmeticAndTighterThanIf() {
    assertThat(show(value("x + y -> f(1) -> l: g(a = 2)")))
        .isEqualTo("(((x + y) -> f(1)) -> l: g(a=2))");
    assertThat(show(value("if a == b and c then x else x -> f -> g")))
        .isEqualTo("(if ((a == b) and c) then x else ((x -> f) -> g))");
  }

  @Test
  void statementsEndAtNewlinesExceptWhereTheyCannot() {
    List<Stmt> two = body("y = x\n  -> f // a comment\n\n  -> g\nz = a\n  + b");
    assertThat(two).hasSize(2);
    assertThat(show(((Stmt.Bind) two.get(0)).value())).isEqualTo("((x -> f) -> g)");
    assertThat(show(((Stmt.Bind) two.get(1)).value())).isEqualTo("(a + b)");
    assertThat(body("y = f(1,\n 2)\nz = [\n1\n]\nif a { x = 1 }\nelse { x = 2 };  w = 3"))
        .hasSize(4);
    assertThat(show(((Stmt.Bind) body("y = if a then b\n else c").getFirst()).value()))
        .isEqualTo("(if a then b else c)");
  }

  @Test
  void everyDeclarationOfTheSketchesParses() {
    SourceFile file =
        parse(
            """
            import a, b from "blocks.model"
            fn softmax(x: [...], over: axis = last) -> [...] {
                e = exp(x - max(x, over = over));  return e / sum(e, over = over)
            } gradient (y, dy) {
                return y * (dy - sum(dy * y, over = over))
            }
            fn step(x: [...]) -> [...] { return where(x >= 0, 1.0, 0.0) }
            gradient none "its derivative is zero everywhere"
            layer dense(units: int, bias: bool = true)  x: [..., n] -> [..., units] {
                param w: [units, n] = glorot_uniform()
                y: [..., units] = x @ transpose(w)
                if bias { param b: [units] = zeros();  y = y + b }
                return y
            }
            model M(classes: int = 10) {
                input image: f32[1, 32, 32]
                output logits = image -> fc1: dense(84) -> tanh
            }
            optimizer adam(lr: f32[] = 1e-3)  w, grad {
                state m = zeros(), v = zeros()
                m <- 0.9 * m + 0.1 * grad
                w <- w - lr * m
            }
            train M {
                data       = mnist("data") -> pad(2) -> augment(shift(2), rotate(10))
                optimizer  = adam(lr = warmup(500) * cosine(1e-3))
                constraint = max_norm(3) on *conv2d.w
                stop       = early(monitor = val_loss, patience = 3)
            }
            """);
    assertThat(file.imports()).hasSize(1);
    assertThat(file.declarations())
        .extracting(Decl::kind)
        .containsExactly("fn", "fn", "layer", "model", "optimizer", "train");
    assertThat(((Decl.Fn) file.declarations().get(0)).gradient())
        .isInstanceOf(Decl.Gradient.Stated.class);
    assertThat(((Decl.Fn) file.declarations().get(1)).gradient())
        .isInstanceOf(Decl.Gradient.Forbidden.class);
  }

  @Test
  void placesAreThoseOfTheText() {
    Stmt.Bind bind = (Stmt.Bind) body("  y = alpha * b").getFirst();
    assertThat(bind.value().span().toString()).isEqualTo("test.model:2:7");
    assertThat(bind.value().span().endColumn()).isEqualTo(16);
    assertThat(((Expr.Infix) bind.value()).operator().column()).isEqualTo(13);
  }

  @Test
  void valuesInTextsArePlacedWhereTheyStand() {
    Expr.Text text = (Expr.Text) value("\"{c} channels, \\{not} {n / 2}\"");
    assertThat(text.pieces()).hasSize(3);
    assertThat(((Expr.Piece.Characters) text.pieces().get(1)).text())
        .isEqualTo(" channels, {not} ");
    Expr shown = ((Expr.Piece.Shown) text.pieces().get(2)).value();
    assertThat(shown.span().toString()).isEqualTo("test.model:2:31");
  }

  @Test
  void severalErrorsAreReportedAtOnce() {
    List<Diagnostic> all = errors("fn f(x {\n return 1\n}\nfn g() { y = }\n");
    assertThat(all).extracting(d -> d.place().line()).contains(1, 4);
  }

  @Test
  void nestingIsLimited() {
    String deep = "fn f() { return " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }";
    assertThat(errors(deep)).extracting(Diagnostic::code).containsOnly(Code.LIMIT_NESTING);
    String long_ = "fn f() { return " + "-".repeat(15_000) + "1 }";
    assertThat(errors(long_)).extracting(Diagnostic::code).containsOnly(Code.LIMIT_NESTING);
    String tokens = "fn f() { return 1" + "+1".repeat(15_000) + " }";
    assertThat(errors(tokens)).extracting(Diagnostic::code).containsOnly(Code.LIMIT_STATEMENT);
  }
}
