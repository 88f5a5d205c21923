package modelc.frontend.elaborate;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.Expr;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Suggestions;
import modelc.ir.Span;
import modelc.ir.tensor.Entry;

/**
 * Which parameters a recipe's {@code frozen} chooses: by path, by the path of a layer around them,
 * or by the kind of layer that declares them. It changes no entry.
 */
final class Frozen {
  private Frozen() {}

  /** The paths of the frozen parameters. */
  static Set<String> of(Evaluator evaluator, Settings settings, Module module) {
    Decl.Setting s = settings.get("frozen");
    var frozen = new LinkedHashSet<String>();
    if (s == null || (s.value() instanceof Expr.Name n && n.name().equals("none"))) {
      return frozen;
    }
    Context context = evaluator.context;
    Scope scope = context.scope(Scope.Kind.TRAIN, module, null);
    List<Expr> selectors = s.value() instanceof Expr.ListOf l ? l.items() : List.of(s.value());
    for (Expr e : selectors) {
      String selector = text(evaluator, e, scope);
      boolean matches = false;
      for (Weights.Weight w : context.weights.of(Entry.Kind.PARAMETER)) {
        if (chooses(selector, w)) {
          matches = true;
          frozen.add(w.path());
        }
      }
      if (!matches) {
        throw nothing(context, selector, e.span());
      }
    }
    if (frozen.size() == context.weights.of(Entry.Kind.PARAMETER).size()) {
      throw context.error(
          Code.BAD_SETTING, s.value().span(), "nothing is left to train: all is frozen", "");
    }
    return frozen;
  }

  private static String text(Evaluator evaluator, Expr e, Scope scope) {
    return switch (e) {
      case Expr.Text t when evaluator.eval(t, scope) instanceof Val.Str s -> s.value();
      case Expr.Name _, Expr.Member _, Expr.Index _ -> Written.text(e);
      default ->
          throw evaluator.context.error(
              Code.BAD_SETTING,
              e.span(),
              "`frozen` lists layers and parameters by name",
              "",
              "write e.g. `frozen = [conv1, stage[2].bn.scale, \"*batch_norm\"]`");
    };
  }

  /** Whether {@code stage[2]} or {@code conv1.w} leads to it, or {@code *conv2d.w} describes it. */
  private static boolean chooses(String selector, Weights.Weight w) {
    String path = w.path();
    if (selector.startsWith("*")) {
      String own = w.owner().isEmpty() ? path : path.substring(w.owner().length() + 1);
      return selector.equals("*" + w.op()) || selector.equals("*" + w.op() + "." + own);
    }
    return path.startsWith(selector)
        && (path.length() == selector.length()
            || ".[".indexOf(path.charAt(selector.length())) >= 0);
  }

  private static Problem nothing(Context context, String selector, Span place) {
    var known = new TreeSet<String>();
    for (Weights.Weight w : context.weights.of(Entry.Kind.PARAMETER)) {
      known.add(w.path());
      known.add("*" + w.op());
      for (int dot = w.path().indexOf('.'); dot >= 0; dot = w.path().indexOf('.', dot + 1)) {
        known.add(w.path().substring(0, dot));
      }
    }
    Optional<String> nearest = Suggestions.help(selector, known);
    return context.error(
        Code.BAD_SETTING,
        place,
        "`" + selector + "` is no layer or parameter of the model",
        "",
        nearest.or(
            () -> Optional.of("a path such as " + known.last() + ", or a kind: " + known.first())));
  }
}
