package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.Expr;
import modelc.frontend.ast.SourceFile;
import modelc.frontend.ast.Stmt;
import modelc.frontend.ast.TypeExpr;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.frontend.diagnostic.Suggestions;
import org.jspecify.annotations.Nullable;

/**
 * Finds names that mean nothing, or nothing for certain, in every declaration, used or not, before
 * anything is evaluated. Of recipes only the keys are looked at: what their values see depends on
 * the model.
 */
final class NameCheck {
  private final Module module;
  private final Set<String> globals;
  private final List<Diagnostic> errors = new ArrayList<>();

  /** Names bound on every way to the current statement. */
  private Set<String> bound = new HashSet<>();

  /** Names bound on some way to it. */
  private Set<String> perhaps = new HashSet<>();

  private NameCheck(Module module) {
    this.module = module;
    this.globals = new HashSet<>(module.known());
  }

  static List<Diagnostic> check(SourceFile file, Module module) {
    var check = new NameCheck(module);
    file.declarations().forEach(check::declaration);
    return check.errors;
  }

  private void declaration(Decl d) {
    bound = new HashSet<>();
    perhaps = new HashSet<>();
    switch (d) {
      case Decl.Fn f -> {
        parameters(f.parameters());
        Set<String> signature = new HashSet<>(bound);
        block(f.body());
        type(f.result(), true);
        if (f.gradient() instanceof Decl.Gradient.Stated s) {
          bound = signature;
          perhaps = new HashSet<>();
          bind(s.result().name());
          bind(s.cotangent().name());
          block(s.body());
        }
      }
      case Decl.Layer l -> {
        parameters(l.config());
        parameters(l.inputs());
        block(l.body());
        type(l.result(), true);
      }
      case Decl.Model m -> {
        parameters(m.config());
        block(m.body());
      }
      case Decl.Optimizer o -> {
        parameters(o.config());
        bind(o.weight().name());
        bind(o.gradient().name());
        block(o.body());
      }
      case Decl.Train t -> errors.addAll(Settings.wrongKeys(t));
    }
  }

  private void parameters(List<Decl.Parameter> parameters) {
    for (Decl.Parameter p : parameters) {
      if (p.initial() != null) {
        expression(p.initial());
      }
      type(p.type(), true);
      bind(p.name().name());
    }
  }

  private void bind(String name) {
    bound.add(name);
    perhaps.add(name);
  }

  /** In a signature or annotation a name alone binds; elsewhere it is used. */
  private void type(@Nullable TypeExpr type, boolean binds) {
    if (!(type instanceof TypeExpr.Tensor t)) {
      return;
    }
    for (TypeExpr.Dimension d : t.dimensions()) {
      switch (d) {
        case TypeExpr.Dimension.Size(Expr.Name n) when binds -> bind(n.name());
        case TypeExpr.Dimension.Size s -> expression(s.value());
        case TypeExpr.Dimension.Rest r -> {
          if (r.name() != null) {
            if (binds) {
              bind(r.name().name());
            } else {
              expression(r.name());
            }
          }
        }
      }
    }
  }

  private void block(Stmt.Block block) {
    block.statements().forEach(this::statement);
  }

  private void statement(Stmt s) {
    switch (s) {
      case Stmt.Param p -> {
        type(p.type(), false);
        expression(p.initial());
        bind(p.name().name());
      }
      case Stmt.State st ->
          st.items()
              .forEach(
                  i -> {
                    type(i.type(), false);
                    expression(i.initial());
                    bind(i.name().name());
                  });
      case Stmt.Input i -> {
        type(i.type(), false);
        bind(i.name().name());
      }
      case Stmt.Output o -> {
        expression(o.value());
        type(o.type(), true);
        bind(o.name().name());
      }
      case Stmt.Return r -> expression(r.value());
      case Stmt.Assert a -> {
        expression(a.condition());
        if (a.message() != null) {
          expression(a.message());
        }
      }
      case Stmt.For f -> {
        expression(f.values());
        Set<String> before = new HashSet<>(bound);
        bind(f.variable().name());
        block(f.body());
        bound = before;
      }
      case Stmt.If i -> branches(i);
      case Stmt.Bind b -> {
        expression(b.value());
        for (Stmt.Target t : b.targets()) {
          type(t.type(), true);
          bind(t.name().name());
        }
      }
      case Stmt.Update u -> {
        expression(u.value());
        expression(u.name());
      }
      case Stmt.Alone a -> expression(a.value());
    }
  }

  private void branches(Stmt.If i) {
    expression(i.condition());
    Set<String> before = new HashSet<>(bound);
    block(i.then());
    Set<String> then = bound;
    bound = new HashSet<>(before);
    if (i.otherwise() != null) {
      block(i.otherwise());
    }
    boolean thenLeaves = leaves(i.then());
    boolean otherwiseLeaves = i.otherwise() != null && leaves(i.otherwise());
    if (thenLeaves) {
      return;
    }
    if (otherwiseLeaves) {
      bound = then;
      return;
    }
    bound.retainAll(then);
  }

  /** A branch that returns lets nothing run after it. */
  private static boolean leaves(Stmt.Block block) {
    return !block.statements().isEmpty() && block.statements().getLast() instanceof Stmt.Return;
  }

  private void expression(Expr e) {
    switch (e) {
      case Expr.IntLiteral _, Expr.FloatLiteral _, Expr.BoolLiteral _ -> {}
      case Expr.Text t ->
          t.pieces()
              .forEach(
                  p -> {
                    if (p instanceof Expr.Piece.Shown s) {
                      expression(s.value());
                    }
                  });
      case Expr.Name n -> name(n);
      case Expr.ListOf l -> l.items().forEach(this::expression);
      case Expr.Spread s -> expression(s.list());
      case Expr.Call c -> {
        expression(c.callee());
        c.arguments().forEach(a -> expression(a.value()));
      }
      case Expr.Index i -> {
        expression(i.list());
        expression(i.index());
      }
      case Expr.Member m -> expression(m.owner());
      case Expr.Prefix p -> expression(p.operand());
      case Expr.Infix i -> {
        expression(i.left());
        expression(i.right());
      }
      case Expr.Conditional c -> {
        expression(c.condition());
        expression(c.onTrue());
        expression(c.onFalse());
      }
      case Expr.Arrow a -> {
        expression(a.input());
        expression(a.stage());
      }
    }
  }

  private void name(Expr.Name n) {
    if (bound.contains(n.name())) {
      return;
    }
    if (perhaps.contains(n.name())) {
      errors.add(
          Diagnostic.of(
                  Code.PERHAPS_UNBOUND,
                  n.span(),
                  "`" + n.name() + "` is not bound on every way to here",
                  "")
              .withHelp("bind it before the `if` or `for`, or on every branch"));
      bind(n.name());
      return;
    }
    if (globals.contains(n.name())) {
      return;
    }
    var known = new ArrayList<>(perhaps);
    known.addAll(module.known());
    errors.add(
        Diagnostic.of(Code.UNKNOWN_NAME, n.span(), "there is no `" + n.name() + "` here", "")
            .withHelp(help(n.name(), known)));
    bind(n.name());
  }

  /** What a name that means nothing was perhaps meant for. */
  static Optional<String> help(String name, List<String> known) {
    return foreign(name).or(() -> Suggestions.help(name, known));
  }

  /** What those who know other languages may look for. */
  private static Optional<String> foreign(String name) {
    return Optional.ofNullable(
        switch (name) {
          case "range" -> "write `0..n - 1`, the list of the whole numbers from 0 to n - 1";
          case "None", "null", "nil" -> "write `none`";
          case "True" -> "write `true`";
          case "False" -> "write `false`";
          case "Linear", "Dense", "fc" -> "write `dense(units)`";
          case "Conv2d", "Conv2D" -> "write `conv2d(out, kernel)`";
          case "int", "float" ->
              "numbers are converted where they are used; tensors by `cast(x, f32)`";
          default -> null;
        });
  }
}
