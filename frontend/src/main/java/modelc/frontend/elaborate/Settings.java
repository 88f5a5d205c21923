package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import modelc.frontend.DataSource;
import modelc.frontend.FrontendOptions;
import modelc.frontend.Limits;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.Expr;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.frontend.diagnostic.Sources;
import modelc.frontend.diagnostic.Suggestions;
import modelc.frontend.parse.Syntax;
import modelc.ir.Span;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a recipe: which there are, what the command line replaces, and the plain numbers
 * among them.
 */
final class Settings {
  static final List<String> KEYS =
      List.of(
          "data",
          "validation",
          "loss",
          "metrics",
          "optimizer",
          "batch",
          "epochs",
          "seed",
          "stop",
          "clip",
          "precision",
          "frozen",
          "constraint");

  private final Decl.@Nullable Train train;
  private final Sources sources;
  private final FrontendOptions options;
  private final Map<String, Decl.Setting> byKey = new LinkedHashMap<>();
  private final Optional<String> dataOverride;

  Settings(Decl.@Nullable Train train, FrontendOptions options, Sources sources) {
    this.train = train;
    this.sources = sources;
    this.options = options;
    if (train != null) {
      train.settings().forEach(s -> byKey.put(s.key().name(), s));
    }
    var errors = new ArrayList<Diagnostic>();
    Optional<String> data = Optional.empty();
    for (Map.Entry<String, String> e : options.recipe().entrySet()) {
      var name = new Expr.Name(e.getKey(), outside(e.getKey(), e.getValue(), sources));
      check(name, errors);
      if (e.getKey().equals("data")) {
        data = Optional.of(e.getValue());
      } else if (errors.isEmpty()) {
        Expr value = expression(e.getKey(), e.getValue(), sources, options.limits());
        byKey.put(e.getKey(), new Decl.Setting(name, value, null, value.span()));
      }
    }
    this.dataOverride = data;
    if (!errors.isEmpty()) {
      throw new DiagnosticException(errors, sources);
    }
  }

  /** What is wrong with the keys of a recipe, whatever their values are. */
  static List<Diagnostic> wrongKeys(Decl.Train train) {
    var errors = new ArrayList<Diagnostic>();
    var seen = new HashMap<String, Decl.Setting>();
    for (Decl.Setting s : train.settings()) {
      check(s.key(), errors);
      Decl.Setting before = seen.putIfAbsent(s.key().name(), s);
      if (before != null) {
        errors.add(
            Diagnostic.of(
                    Code.DEFINED_TWICE, s.key().span(), "`" + s.key().name() + "` is set twice", "")
                .withLabel(before.key().span(), "the first time here"));
      }
    }
    return errors;
  }

  private static void check(Expr.Name key, List<Diagnostic> errors) {
    if (!KEYS.contains(key.name())) {
      errors.add(
          Diagnostic.of(
                  Code.UNKNOWN_KEY, key.span(), "a recipe has no key `" + key.name() + "`", "")
              .withHelp(
                  Suggestions.help(key.name(), KEYS)
                      .or(() -> Optional.of("its keys are " + String.join(", ", KEYS)))));
    }
  }

  private static String option(String key) {
    return "<option " + key + ">";
  }

  /** Whether a setting was given on the command line. */
  static boolean isGiven(Decl.Setting setting) {
    return setting.span().file().equals(option(setting.key().name()));
  }

  /** The place of a word on the command line. */
  private static Span outside(String key, String value, Sources sources) {
    String file = option(key);
    sources.add(file, value);
    return new Span(file, 1, 1, 1, Math.max(2, value.length() + 1));
  }

  /** A value given from outside as an expression of the language. */
  static Expr expression(String key, String value, Sources sources, Limits limits) {
    String file = option(key);
    try {
      return Syntax.parseValue(file, value, sources, limits);
    } catch (DiagnosticException _) {
      // Said below in terms of what was given.
    }
    throw new DiagnosticException(
        List.of(
            Diagnostic.of(
                Code.BAD_OPTION,
                outside(key, value, sources),
                "`" + value + "` is no value for `" + key + "`",
                "")),
        sources);
  }

  boolean present() {
    return train != null;
  }

  Span place() {
    return train == null ? new Span("", 1, 1, 1, 2) : train.name().span();
  }

  Decl.@Nullable Setting get(String key) {
    return byKey.get(key);
  }

  /** A data source given on the command line. */
  Optional<String> dataOverride() {
    return dataOverride;
  }

  /** The values of all keys that are set, as text; {@code data} is what they came to. */
  SequencedMap<String, String> written(DataSource data) {
    var texts = new LinkedHashMap<String, String>(Map.of("data", data.written()));
    for (String key : KEYS) {
      Decl.Setting s = byKey.get(key);
      if (s != null) {
        texts.putIfAbsent(key, Written.text(s.value()));
      }
    }
    return texts;
  }

  Sources sources() {
    return sources;
  }

  Limits limits() {
    return options.limits();
  }

  /** The largest batch: the recipe's, or the options'. */
  long batch(Module module) {
    return number("batch", options.maxBatch(), 1, 1L << 24, module);
  }

  long epochs(Module module) {
    return number("epochs", 10, 0, 1L << 31, module);
  }

  long seed(Module module) {
    return number("seed", 1, 0, Long.MAX_VALUE, module);
  }

  private long number(String key, long otherwise, long least, long most, Module module) {
    Decl.Setting s = byKey.get(key);
    if (s == null) {
      return otherwise;
    }
    var context = new Context(options, new modelc.ir.Symbol("batch", 1));
    Val v;
    try {
      v = new Evaluator(context).eval(s.value(), context.scope(Scope.Kind.TRAIN, module, null));
    } catch (Problem p) {
      throw new DiagnosticException(
          p.diagnostic() == null ? context.errors : List.of(p.diagnostic()), sources);
    }
    if (v instanceof Val.Int i && i.value() >= least && i.value() <= most) {
      return i.value();
    }
    throw new DiagnosticException(
        List.of(
            Diagnostic.of(
                Code.BAD_SETTING,
                s.value().span(),
                "`"
                    + key
                    + "` is a whole number from "
                    + least
                    + " on, not "
                    + (v instanceof Val.Int ? Show.value(v) : Show.kind(v)),
                "")),
        sources);
  }
}
