package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.Expr;
import modelc.frontend.ast.TypeExpr;
import modelc.frontend.diagnostic.Code;
import modelc.ir.Span;
import org.jspecify.annotations.Nullable;

/**
 * Calls and arrows: functions are evaluated, layers are made and applied, optimizers are
 * configured.
 */
final class Calls {
  private final Evaluator evaluator;
  private final Context context;
  private final Arguments arguments;
  private final Primitives primitives;
  private final Kept kept;
  private final Layers layers;

  Calls(Evaluator evaluator) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
    this.arguments = new Arguments(evaluator);
    this.primitives = new Primitives(evaluator);
    this.kept = new Kept(evaluator, this);
    this.layers = new Layers(evaluator, arguments, this);
  }

  Layers layers() {
    return layers;
  }

  /** {@code callee(...)}; inside an initialiser a function that wants a shape first is given it. */
  Val call(Expr.Call c, Scope scope, Arguments.@Nullable Given piped) {
    Val callee = evaluator.eval(c.callee(), scope);
    Arguments.Given first = piped;
    if (first == null && scope.shape != null && wantsShape(callee)) {
      first = new Arguments.Given(null, scope.shape, c.span());
    }
    return switch (callee) {
      case Val.Function f -> function(f, arguments.evaluate(c, scope, first), c.span());
      case Val.Builtin b -> primitive(b.primitive(), arguments.evaluate(c, scope, first), c.span());
      case Val.LayerKind l ->
          new Val.Configured(layers.make(l, arguments.evaluate(c, scope, null), scope, c.span()));
      case Val.Configured i ->
          layers.apply(i.instance(), arguments.evaluate(c, scope, first), c.span());
      case Val.OptimizerKind o -> optimizer(o, arguments.evaluate(c, scope, null), c.span());
      default -> throw notCallable(callee, c.callee());
    };
  }

  private static boolean wantsShape(Val callee) {
    List<Decl.Parameter> parameters =
        switch (callee) {
          case Val.Function f -> f.decl().parameters();
          case Val.Builtin b -> b.primitive().parameters();
          default -> List.of();
        };
    return !parameters.isEmpty()
        && parameters.getFirst().type() instanceof TypeExpr.Named n
        && n.name().equals("shape");
  }

  private Problem notCallable(Val callee, Expr at) {
    String help =
        callee instanceof Val.Axes
            ? "`last` and `channel` are axes; the last item of a list is `list[-1]`"
            : "";
    return context.error(
        Code.NOT_CALLABLE,
        at.span(),
        Show.kind(callee) + " cannot be called",
        "",
        help.isEmpty() ? Optional.empty() : Optional.of(help));
  }

  /** {@code input -> stage}. */
  Val arrow(Expr.Arrow a, Scope scope) {
    Val input = evaluator.eval(a.input(), scope);
    var piped = new Arguments.Given(null, input, a.input().span());
    Span place = a.stage().span();
    String label = a.label() == null ? null : a.label().name();
    Val callee = evaluator.eval(a.stage() instanceof Expr.Call c ? c.callee() : a.stage(), scope);
    Expr.Call call =
        a.stage() instanceof Expr.Call c ? c : new Expr.Call(a.stage(), List.of(), place);
    return switch (callee) {
      case Val.LayerKind l -> {
        if (!(a.stage() instanceof Expr.Call)) {
          throw notConfigured(l, place);
        }
        Instance made = layers.make(l, arguments.evaluate(call, scope, null), scope, place);
        label(made, a);
        yield layers.apply(made, List.of(piped), place);
      }
      case Val.Configured i -> {
        label(i.instance(), a);
        yield layers.apply(i.instance(), arguments.evaluate(call, scope, piped), place);
      }
      case Val.Function f ->
          stage(
              scope,
              label,
              f.decl().name().name(),
              input,
              place,
              () -> function(f, arguments.evaluate(call, scope, piped), place));
      case Val.Builtin b ->
          stage(
              scope,
              label,
              b.primitive().text(),
              input,
              place,
              () -> primitive(b.primitive(), arguments.evaluate(call, scope, piped), place));
      default ->
          throw context.error(
              Code.NOT_CALLABLE,
              place,
              "on the right of an arrow stands a layer or an fn, not " + Show.kind(callee),
              "");
    };
  }

  private Problem notConfigured(Val.LayerKind l, Span place) {
    String name = l.decl().name().name();
    return context.error(
        Code.NOT_CONFIGURED,
        place,
        "the " + l.decl().kind() + " `" + name + "` is not configured",
        "",
        "call it to make one: `-> " + name + "(" + required(l) + ")`");
  }

  /** The parameters that a call has to give. */
  private static String required(Val.LayerKind l) {
    List<Decl.Parameter> config =
        switch (l.decl()) {
          case Decl.Layer d -> d.config();
          case Decl.Model d -> d.config();
          default -> List.of();
        };
    return config.stream()
        .filter(p -> p.initial() == null)
        .map(p -> p.name().name())
        .collect(Collectors.joining(", "));
  }

  private void label(Instance instance, Expr.Arrow a) {
    if (a.label() == null) {
      return;
    }
    String label = a.label().name();
    if (instance.isNamed()) {
      if (!instance.isCalled(label)) {
        throw context.error(
            Code.LABEL,
            a.label().span(),
            "this layer is called `" + instance.path() + "` already",
            "",
            "a shared layer has one name: that of its binding");
      }
    } else if (!instance.label(label)) {
      throw context.error(
          Code.LABEL,
          a.label().span(),
          "`" + label + "` names another stage of this layer",
          "",
          "choose another label");
    }
  }

  /** A function applied by an arrow is a stage of the network, listed in the summary. */
  private Val stage(
      Scope scope,
      @Nullable String label,
      String name,
      Val input,
      Span place,
      java.util.function.Supplier<Val> body) {
    if (scope.instance == null
        || Context.isLibrary(place)
        || context.phase().kind == Phase.Kind.PURE) {
      return body.get();
    }
    String base = label == null ? name : label;
    String path = scope.instance.path(scope.instance.freeName(base + scope.loopSuffix()));
    Rows.Row row = context.rows.begin(path, name, List.of(input), place);
    Val result = context.at(path, body);
    context.rows.end(row, result, List.of());
    return result;
  }

  Val function(Val.Function f, List<Arguments.Given> given, Span place) {
    String name = f.decl().name().name();
    return context.call(
        place,
        name,
        () -> {
          Scope scope = context.scope(Scope.Kind.FN, f.module(), null);
          arguments.bind(name, f.decl().parameters(), given, scope, place);
          boolean tensors = scope.names.values().stream().anyMatch(v -> v instanceof Val.Tensor);
          if (f.decl().gradient() != null && tensors) {
            return kept.call(f, scope, place);
          }
          return result(
              f.decl(), f.decl().result(), body(f.decl(), f.decl().body(), scope), scope, place);
        });
  }

  Val body(Decl decl, modelc.frontend.ast.Stmt.Block block, Scope scope) {
    Val v = evaluator.executor.run(block, scope);
    if (v == null) {
      throw context.error(
          Code.NO_RESULT,
          decl.name().span(),
          "the " + decl.kind() + " `" + decl.name().name() + "` returned nothing",
          "",
          "end it with `return ...`");
    }
    return v;
  }

  /**
   * Checks a result against its annotation and takes the names off its axes that mean nothing to
   * the caller.
   */
  Val result(Decl decl, @Nullable TypeExpr type, Val v, Scope scope, Span place) {
    String what = "the result of `" + decl.name().name() + "`";
    Val checked =
        switch (type) {
          case null -> v;
          case TypeExpr.Named n -> evaluator.conversions.convert(n, v, what, n.span());
          case TypeExpr.Tensor t -> evaluator.patterns.match(t, v, scope, what, t.span());
        };
    return stripped(checked, scope.id);
  }

  static Val stripped(Val v, int scope) {
    return switch (v) {
      case Val.Tensor t -> {
        var names = new ArrayList<@Nullable AxisName>(t.axes());
        names.replaceAll(n -> n != null && n.scope() == scope ? null : n);
        yield new Val.Tensor(t.value(), names);
      }
      case Val.ListVal l ->
          new Val.ListVal(l.items().stream().map(i -> stripped(i, scope)).toList());
      case Val.Outputs o -> {
        Map<String, Val> all = new LinkedHashMap<>();
        o.byName().forEach((k, item) -> all.put(k, stripped(item, scope)));
        yield new Val.Outputs(Collections.unmodifiableMap(all));
      }
      default -> v;
    };
  }

  private Val primitive(Primitive p, List<Arguments.Given> given, Span place) {
    // Primitives have no module of their own: their defaults are words of the language.
    Scope scope = context.scope(Scope.Kind.FN, Library.WORDS, null);
    arguments.bind(p.text(), p.parameters(), given, scope, place);
    return primitives.call(p, scope.names, place);
  }

  private Val optimizer(Val.OptimizerKind o, List<Arguments.Given> given, Span place) {
    String name = o.decl().name().name();
    return context.call(
        place,
        name,
        () -> {
          Scope scope = context.scope(Scope.Kind.OPTIMIZER, o.module(), null);
          arguments.bind(name, o.decl().config(), given, scope, place);
          return new Val.ConfiguredOptimizer(o.decl(), o.module(), Map.copyOf(scope.names));
        });
  }
}
