package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.frontend.DataSource;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.Expr;
import modelc.frontend.diagnostic.Code;
import modelc.ir.Span;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code mnist("dir") -> pad(2)} as a plain description. Its names are not the language's:
 * what they mean is for the catalog of data sources.
 */
final class DataExpressions {
  private final Evaluator evaluator;
  private final Context context;
  private final Scope scope;

  DataExpressions(Evaluator evaluator, Scope scope) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
    this.scope = scope;
  }

  /**
   * The recipe's source, or what the command line says instead; that keeps the recipe's transforms
   * unless it has some.
   */
  DataSource source(Decl.@Nullable Setting setting, Settings settings) {
    DataSource written = setting == null ? null : source(setting.value());
    if (settings.dataOverride().isEmpty()) {
      if (written == null) {
        throw new IllegalStateException("no data");
      }
      return written;
    }
    String text = settings.dataOverride().get();
    DataSource given;
    int colon = text.indexOf(':');
    if (colon > 0
        && text.substring(0, colon)
            .chars()
            .allMatch(c -> Character.isLetterOrDigit(c) || c == '_')) {
      given =
          new DataSource(
              text.substring(0, colon), List.of(text.substring(colon + 1)), Map.of(), List.of());
    } else {
      given = source(Settings.expression("data", text, settings.sources(), settings.limits()));
    }
    List<DataSource.Transform> transforms =
        written == null || !given.transforms().isEmpty()
            ? given.transforms()
            : written.transforms();
    return new DataSource(given.name(), given.arguments(), given.named(), transforms).asGiven();
  }

  DataSource source(Expr e) {
    var transforms = new ArrayList<DataSource.Transform>();
    Expr at = e;
    while (at instanceof Expr.Arrow a) {
      if (a.label() != null) {
        throw context.error(
            Code.BAD_SETTING, a.label().span(), "a step of the data has no label", "");
      }
      transforms.addFirst(transform(a.stage()));
      at = a.input();
    }
    DataSource.Transform base = transform(at);
    return new DataSource(base.name(), base.arguments(), base.named(), transforms);
  }

  private DataSource.Transform transform(Expr e) {
    if (e instanceof Expr.Name n) {
      return new DataSource.Transform(n.name(), List.of(), Map.of());
    }
    if (!(e instanceof Expr.Call(Expr.Name callee, var arguments, _))) {
      throw context.error(
          Code.BAD_SETTING,
          e.span(),
          "data is a source and its transforms",
          "",
          "write `data = mnist(\"dir\") -> pad(2)`");
    }
    var positional = new ArrayList<Object>();
    var named = new LinkedHashMap<String, Object>();
    for (Expr.Argument a : arguments) {
      Object v = argument(a.value());
      if (a.name() == null) {
        positional.add(v);
      } else {
        named.put(a.name().name(), v);
      }
    }
    return new DataSource.Transform(callee.name(), positional, named);
  }

  /**
   * A name that the recipe knows is its value, one of the model's configuration; any other is a
   * bare word, {@code skip} or {@code flip}.
   */
  private Object argument(Expr e) {
    if (e instanceof Expr.ListOf list
        && list.items().stream().anyMatch(i -> i instanceof Expr.Call || isWord(i))) {
      return list.items().stream().map(this::argument).toList();
    }
    if (isWord(e) || e instanceof Expr.Call(Expr.Name _, _, _)) {
      return transform(e);
    }
    return plain(evaluator.eval(e, scope), e.span());
  }

  private boolean isWord(Expr e) {
    return e instanceof Expr.Name n && !scope.names.containsKey(n.name());
  }

  /** The places of the source and of each transform, in that order. */
  static List<Span> places(Expr e) {
    var places = new ArrayList<Span>();
    Expr at = e;
    while (at instanceof Expr.Arrow a) {
      places.addFirst(a.stage().span());
      at = a.input();
    }
    places.addFirst(at.span());
    return places;
  }

  private Object plain(Val v, Span place) {
    return switch (v) {
      case Val.Int i -> i.value();
      case Val.Real r -> r.value();
      case Val.Bool b -> b.value();
      case Val.Str s -> s.value();
      case Val.ListVal l -> l.items().stream().map(i -> plain(i, place)).toList();
      default ->
          throw context.error(
              Code.BAD_SETTING,
              place,
              "an argument of a data source is a number, text, bool or list, not " + Show.kind(v),
              "");
    };
  }

  /** {@code early(monitor = val_loss, patience = 3)}: the call's arguments as written, by name. */
  static Optional<Map<String, Expr>> named(
      Expr e, String callee, List<String> parameters, Context context) {
    if (!(e instanceof Expr.Call(Expr.Name name, var arguments, _))
        || !name.name().equals(callee)) {
      return Optional.empty();
    }
    var result = new LinkedHashMap<String, Expr>();
    int position = 0;
    for (Expr.Argument a : arguments) {
      String key =
          a.name() != null
              ? a.name().name()
              : position < parameters.size() ? parameters.get(position++) : "";
      if (!parameters.contains(key)) {
        throw context.error(
            Code.UNKNOWN_ARGUMENT,
            a.name() == null ? a.value().span() : a.name().span(),
            "`" + callee + "` has no parameter `" + key + "`",
            "",
            "it has " + String.join(", ", parameters));
      }
      result.put(key, a.value());
    }
    return Optional.of(result);
  }
}
