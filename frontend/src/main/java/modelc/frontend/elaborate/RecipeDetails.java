package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import modelc.frontend.DataCatalog;
import modelc.frontend.DataSource;
import modelc.frontend.Recipe;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.Expr;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Suggestions;
import modelc.ir.Precision;
import modelc.ir.Span;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a recipe that say how long, against what and how exactly to train: validation, early
 * stopping and precision.
 */
final class RecipeDetails {
  private static final List<String> EARLY =
      List.of("monitor", "patience", "min_delta", "maximize", "restore");

  private final Evaluator evaluator;
  private final Context context;
  private final Settings settings;
  private final Scope scope;
  private final List<String> metrics;

  RecipeDetails(Evaluator evaluator, Settings settings, Scope scope, List<String> metrics) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
    this.settings = settings;
    this.scope = scope;
    this.metrics = metrics;
  }

  /** Data held back; {@code inputs} are what the model reads of it. */
  Optional<Recipe.Validation> validation(List<DataCatalog.Column> inputs) {
    Decl.Setting s = settings.get("validation");
    if (s == null) {
      return Optional.empty();
    }
    boolean source = s.value() instanceof Expr.Arrow || s.value() instanceof Expr.Call;
    if (source) {
      DataSource written = new DataExpressions(evaluator, scope).source(s.value());
      DataSource given = Settings.isGiven(s) ? written.asGiven() : written;
      checkNotAugmented(given, s.value());
      return Optional.of(new Recipe.Validation.Source(given.withInputs(inputs)));
    }
    Val v = evaluator.eval(s.value(), scope);
    if (!Numbers.isNumber(v) || Numbers.real(v) < 0 || Numbers.real(v) >= 1) {
      throw context.error(
          Code.BAD_SETTING,
          s.value().span(),
          "`validation` is a share of the data below 1, or a data source, not " + Show.kind(v),
          Show.value(v));
    }
    return Numbers.real(v) == 0
        ? Optional.empty()
        : Optional.of(new Recipe.Validation.Share(Numbers.real(v)));
  }

  /** Validation data are read as they are: an augmentation there would do nothing, silently. */
  private void checkNotAugmented(DataSource given, Expr written) {
    List<Span> places = DataExpressions.places(written);
    for (int i = 0; i < given.transforms().size(); i++) {
      if (given.transforms().get(i).name().equals("augment")) {
        throw context.error(
            Code.BAD_SETTING,
            places.get(i + 1),
            "`augment` changes training data alone",
            "",
            "leave it out of `validation`");
      }
    }
  }

  Precision precision() {
    Decl.Setting s = settings.get("precision");
    if (s == null) {
      return Precision.FLOAT32;
    }
    String name = s.value() instanceof Expr.Name n ? n.name() : "";
    List<String> known = Stream.of(Precision.values()).map(Precision::toString).toList();
    return Precision.of(name)
        .orElseThrow(
            () ->
                context.error(
                    Code.BAD_SETTING,
                    s.value().span(),
                    "`precision` is one of " + String.join(", ", known),
                    "",
                    Suggestions.help(name, known)
                        .orElse("write `precision = tf32`, or leave it out for float32")));
  }

  Optional<Recipe.EarlyStop> stop() {
    Decl.Setting s = settings.get("stop");
    if (s == null) {
      return Optional.empty();
    }
    if (s.value() instanceof Expr.Name n && n.name().equals("none")) {
      return Optional.empty();
    }
    Map<String, Expr> early =
        DataExpressions.named(s.value(), "early", EARLY, context)
            .orElseThrow(
                () ->
                    context.error(
                        Code.BAD_SETTING,
                        s.value().span(),
                        "`stop` is `early(...)`",
                        "",
                        "write `stop = early(monitor = val_loss, patience = 3)`"));
    String monitor = monitor(early.get("monitor"), s.value().span());
    boolean loss = monitor.endsWith("loss") || monitor.endsWith("error");
    return Optional.of(
        new Recipe.EarlyStop(
            monitor,
            (long) number(early.get("patience"), "patience", 3),
            number(early.get("min_delta"), "min_delta", 0),
            flag(early.get("maximize"), "maximize", !loss),
            flag(early.get("restore"), "restore", true)));
  }

  private String monitor(@Nullable Expr e, Span place) {
    boolean validated = settings.get("validation") != null;
    String name =
        e == null ? (validated ? "val_loss" : "loss") : e instanceof Expr.Name n ? n.name() : "";
    var known = new ArrayList<>(List.of("loss"));
    known.addAll(metrics);
    if (validated) {
      known.add("val_loss");
      metrics.forEach(m -> known.add("val_" + m));
    }
    if (!known.contains(name)) {
      String help =
          name.startsWith("val_") && !validated
              ? "there is no validation data: set `validation = 0.1`"
              : Suggestions.help(name, known).orElse("known are " + String.join(", ", known));
      throw context.error(
          Code.BAD_SETTING,
          e == null ? place : e.span(),
          "nothing called `" + name + "` is measured",
          "",
          help);
    }
    return name;
  }

  private double number(@Nullable Expr e, String what, double otherwise) {
    if (e == null) {
      return otherwise;
    }
    Val v = evaluator.eval(e, scope);
    if (!Numbers.isNumber(v) || Numbers.real(v) < 0) {
      throw context.error(
          Code.BAD_SETTING,
          e.span(),
          "`" + what + "` is a number from 0 on, not " + Show.kind(v),
          "");
    }
    return Numbers.real(v);
  }

  private boolean flag(@Nullable Expr e, String what, boolean otherwise) {
    if (e == null) {
      return otherwise;
    }
    Val v = evaluator.eval(e, scope);
    if (v instanceof Val.Bool b) {
      return b.value();
    }
    throw context.error(
        Code.BAD_SETTING, e.span(), "`" + what + "` is a bool, not " + Show.kind(v), "");
  }
}
