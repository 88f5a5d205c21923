package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.List;
import modelc.frontend.ast.Expr;
import modelc.frontend.ast.Stmt;
import modelc.frontend.ast.TypeExpr;
import modelc.frontend.diagnostic.Code;
import modelc.ir.Span;
import org.jspecify.annotations.Nullable;

/**
 * Runs statements: binds names, decides branches, turns loops. What persists is {@link Storage}'s.
 */
final class Executor {
  private final Evaluator evaluator;
  private final Context context;
  private final Storage storage;

  Executor(Evaluator evaluator) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
    this.storage = new Storage(evaluator);
  }

  Storage storage() {
    return storage;
  }

  /** What the block returns, or null if it returns nothing. */
  @Nullable Val run(Stmt.Block block, Scope scope) {
    for (Stmt s : block.statements()) {
      Val returned = run(s, scope);
      if (returned != null) {
        return returned;
      }
    }
    return null;
  }

  /**
   * Runs every statement, keeping what is wrong with each; names a failed one would have bound stay
   * silent.
   */
  void runReporting(Stmt.Block block, Scope scope) {
    for (Stmt s : block.statements()) {
      try {
        run(s, scope);
      } catch (Problem p) {
        context.report(p);
        poison(s, scope);
      }
    }
  }

  private static void poison(Stmt s, Scope scope) {
    switch (s) {
      case Stmt.Bind b -> b.targets().forEach(t -> poison(t.name(), t.type(), scope));
      case Stmt.Output o -> poison(o.name(), o.type(), scope);
      case Stmt.Input i -> poison(i.name(), null, scope);
      case Stmt.Param p -> poison(p.name(), null, scope);
      case Stmt.State st -> st.items().forEach(i -> poison(i.name(), null, scope));
      case Stmt.If i -> {
        i.then().statements().forEach(t -> poison(t, scope));
        if (i.otherwise() != null) {
          i.otherwise().statements().forEach(t -> poison(t, scope));
        }
      }
      case Stmt.For f -> f.body().statements().forEach(t -> poison(t, scope));
      case Stmt.Return _, Stmt.Assert _, Stmt.Update _, Stmt.Alone _ -> {}
    }
  }

  private static void poison(Expr.Name name, @Nullable TypeExpr type, Scope scope) {
    scope.names.put(name.name(), Val.POISON);
    if (type instanceof TypeExpr.Tensor t) {
      for (TypeExpr.Dimension d : t.dimensions()) {
        if (d instanceof TypeExpr.Dimension.Size(Expr.Name n)) {
          scope.names.putIfAbsent(n.name(), Val.POISON);
        }
      }
    }
  }

  private @Nullable Val run(Stmt s, Scope scope) {
    context.spend(s.span());
    switch (s) {
      case Stmt.Param p -> storage.param(p, scope);
      case Stmt.State st -> storage.state(st, scope);
      case Stmt.Input i -> storage.input(i, scope);
      case Stmt.Output o -> output(o, scope);
      case Stmt.Assert a -> check(a, scope);
      case Stmt.Bind b -> bind(b, scope);
      case Stmt.Update u -> storage.update(u, scope);
      case Stmt.Alone a ->
          throw context.error(
              Code.NO_EFFECT,
              a.span(),
              "this value is not used",
              "",
              "bind it: `name = ...`, or remove it");
      case Stmt.For f -> {
        return loop(f, scope);
      }
      case Stmt.If i -> {
        if (evaluator.condition(i.condition(), scope)) {
          return run(i.then(), scope);
        }
        return i.otherwise() == null ? null : run(i.otherwise(), scope);
      }
      case Stmt.Return r -> {
        if (scope.kind == Scope.Kind.MODEL || scope.kind == Scope.Kind.OPTIMIZER) {
          throw context.error(
              Code.MISPLACED,
              r.span(),
              scope.kind == Scope.Kind.MODEL
                  ? "a model has outputs and returns nothing"
                  : "an optimizer returns nothing",
              "",
              scope.kind == Scope.Kind.MODEL
                  ? "write `output name = ...`"
                  : "write `<-` to update the parameter");
        }
        return evaluator.eval(r.value(), scope);
      }
    }
    return null;
  }

  private @Nullable Val loop(Stmt.For f, Scope scope) {
    Val values = evaluator.eval(f.values(), scope);
    if (!(values instanceof Val.ListVal l)) {
      throw context.error(
          Code.ARGUMENT_TYPE,
          f.values().span(),
          "a loop runs over a list or a range, not " + Show.kind(values),
          "",
          "write `for i in 1..n { ... }`");
    }
    boolean range = f.values() instanceof Expr.Infix i && i.op() == Expr.InfixOp.RANGE;
    for (int i = 0; i < l.items().size(); i++) {
      Val item = l.items().get(i);
      scope.names.put(f.variable().name(), item);
      scope.loops.add(range ? Show.value(item) : Integer.toString(i));
      Val returned;
      try {
        returned = run(f.body(), scope);
      } finally {
        scope.loops.removeLast();
      }
      if (returned != null) {
        return returned;
      }
    }
    return null;
  }

  private void check(Stmt.Assert a, Scope scope) {
    if (evaluator.condition(a.condition(), scope)) {
      return;
    }
    String message =
        a.message() == null
            ? "`" + Written.text(a.condition()) + "` does not hold"
            : Show.value(evaluator.eval(a.message(), scope));
    throw context.error(Code.ASSERTION, a.span(), message, "");
  }

  private void bind(Stmt.Bind b, Scope scope) {
    Val v = evaluator.eval(b.value(), scope);
    if (b.targets().size() == 1) {
      set(b.targets().getFirst(), v, scope, b.value().span());
      return;
    }
    if (!(v instanceof Val.ListVal l) || l.items().size() != b.targets().size()) {
      throw context.error(
          Code.UNPACK,
          b.span(),
          b.targets().size() + " names need a list of as many values, not " + Show.kind(v),
          "");
    }
    for (int i = 0; i < l.items().size(); i++) {
      set(b.targets().get(i), l.items().get(i), scope, b.value().span());
    }
  }

  private void set(Stmt.Target target, Val v, Scope scope, Span place) {
    String name = target.name().name();
    if (scope.states.containsKey(name) || name.equals(scope.weightName)) {
      throw context.error(
          Code.STATE_ASSIGNED,
          target.name().span(),
          "`" + name + "` persists and is not bound again",
          "",
          "update it with `" + name + " <- ...`");
    }
    Val checked = annotated(name, target.type(), v, scope, place);
    nameLayers(name, checked, scope);
    scope.names.put(name, checked);
  }

  private Val annotated(String name, @Nullable TypeExpr type, Val v, Scope scope, Span place) {
    return switch (type) {
      case null -> v;
      case TypeExpr.Named n -> evaluator.conversions.convert(n, v, "`" + name + "`", place);
      case TypeExpr.Tensor t -> evaluator.patterns.match(t, v, scope, "`" + name + "`", place);
    };
  }

  /** A layer without a label is called after the name it is bound to. */
  private static void nameLayers(String name, Val v, Scope scope) {
    switch (v) {
      case Val.Configured c -> {
        if (scope.instance != null) {
          c.instance().nameAfter(name);
        }
      }
      case Val.ListVal l -> {
        List<Val> items = l.items();
        for (int i = 0; i < items.size(); i++) {
          nameLayers(name + "[" + i + "]", items.get(i), scope);
        }
      }
      default -> {}
    }
  }

  private void output(Stmt.Output o, Scope scope) {
    if (scope.kind != Scope.Kind.MODEL) {
      throw context.error(
          Code.MISPLACED,
          o.span(),
          "only a model has outputs",
          "",
          "a layer gives its result with `return`");
    }
    String name = o.name().name();
    Val v = annotated(name, o.type(), evaluator.eval(o.value(), scope), scope, o.value().span());
    if (!(v instanceof Val.Tensor t)) {
      throw context.error(
          Code.ARGUMENT_TYPE, o.value().span(), "an output is a tensor, not " + Show.kind(v), "");
    }
    var outputs = new ArrayList<>(scope.outputs.keySet());
    if (outputs.contains(name)) {
      throw context.error(
          Code.DEFINED_TWICE, o.name().span(), "there are two outputs `" + name + "`", "");
    }
    scope.outputs.put(name, t);
    scope.names.put(name, t);
  }
}
