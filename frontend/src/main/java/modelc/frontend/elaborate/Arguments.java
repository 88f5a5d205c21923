package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.Expr;
import modelc.frontend.ast.TypeExpr;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Suggestions;
import modelc.ir.Span;
import org.jspecify.annotations.Nullable;

/**
 * Binds the arguments of a call to the parameters of what is called, converting and checking each.
 */
final class Arguments {
  /** An argument as given. */
  record Given(Expr.@Nullable Name name, Val value, Span place) {}

  private final Context context;
  private final Evaluator evaluator;

  Arguments(Evaluator evaluator) {
    this.context = evaluator.context;
    this.evaluator = evaluator;
  }

  /** Evaluates the arguments of a call, {@code first} before them. */
  List<Given> evaluate(Expr.Call call, Scope scope, @Nullable Given first) {
    var given = new ArrayList<Given>();
    if (first != null) {
      given.add(first);
    }
    for (Expr.Argument a : call.arguments()) {
      given.add(new Given(a.name(), evaluator.eval(a.value(), scope), a.value().span()));
    }
    return given;
  }

  /**
   * Binds {@code given} in {@code into}; defaults are evaluated there, in order, and see the
   * parameters before them.
   */
  void bind(
      String callee, List<Decl.Parameter> parameters, List<Given> given, Scope into, Span place) {
    Map<String, Given> byName = assign(callee, parameters, given, place);
    for (Decl.Parameter p : parameters) {
      Given g = byName.get(p.name().name());
      Val value;
      Span at;
      if (g != null) {
        value = g.value;
        at = g.place;
      } else if (p.initial() != null) {
        value = evaluator.eval(p.initial(), into);
        at = place;
      } else {
        throw context.error(
            Code.MISSING_ARGUMENT,
            place,
            "`" + callee + "` needs `" + p.name().name() + "`",
            "",
            "its signature is `" + signature(callee, parameters) + "`");
      }
      into.names.put(p.name().name(), convert(callee, p, value, into, at));
    }
  }

  private Val convert(String callee, Decl.Parameter p, Val value, Scope into, Span at) {
    String what = "`" + p.name().name() + "` of `" + callee + "`";
    return switch (p.type()) {
      case null -> value;
      case TypeExpr.Named n -> evaluator.conversions.convert(n, value, what, at);
      case TypeExpr.Tensor t ->
          value instanceof Val.None ? value : evaluator.patterns.match(t, value, into, what, at);
    };
  }

  private Map<String, Given> assign(
      String callee, List<Decl.Parameter> parameters, List<Given> given, Span place) {
    var byName = new HashMap<String, Given>();
    int position = 0;
    List<String> names = parameters.stream().map(p -> p.name().name()).toList();
    for (Given g : given) {
      String name;
      if (g.name == null) {
        if (position == parameters.size()) {
          throw context.error(
              Code.TOO_MANY_ARGUMENTS,
              g.place,
              "`" + callee + "` takes " + count(parameters.size()),
              "",
              "its signature is `" + signature(callee, parameters) + "`");
        }
        name = names.get(position++);
      } else {
        name = g.name.name();
        if (!names.contains(name)) {
          String help =
              Suggestions.help(name, names)
                  .orElse("its signature is `" + signature(callee, parameters) + "`");
          throw context.error(
              Code.UNKNOWN_ARGUMENT,
              g.name.span(),
              "`" + callee + "` has no parameter `" + name + "`",
              "",
              help);
        }
      }
      if (byName.put(name, g) != null) {
        throw context.error(
            Code.REPEATED_ARGUMENT,
            g.name == null ? g.place : g.name.span(),
            "`" + name + "` is given twice",
            "");
      }
    }
    return byName;
  }

  private static String count(int n) {
    return n == 0 ? "no arguments" : n == 1 ? "1 argument" : n + " arguments";
  }

  static String signature(String callee, List<Decl.Parameter> parameters) {
    var parts = new ArrayList<String>();
    for (Decl.Parameter p : parameters) {
      String type =
          switch (p.type()) {
            case null -> "";
            case TypeExpr.Named n -> ": " + n.name();
            case TypeExpr.Tensor t -> ": " + Patterns.text(t);
          };
      parts.add(
          p.name().name() + type + (p.initial() == null ? "" : " = " + Written.text(p.initial())));
    }
    return callee + "(" + String.join(", ", parts) + ")";
  }
}
