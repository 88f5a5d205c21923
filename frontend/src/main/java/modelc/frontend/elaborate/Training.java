package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import modelc.frontend.DataCatalog;
import modelc.frontend.DataSource;
import modelc.frontend.FrontendOptions;
import modelc.frontend.Recipe;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.Expr;
import modelc.frontend.diagnostic.Code;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Role;
import modelc.ir.Shape;
import modelc.ir.Span;
import modelc.ir.TensorType;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * Builds the entries of a recipe, {@code eval} and {@code train}, and what the trainer must know
 * besides.
 */
final class Training {
  private record Judged(Value loss, List<Entry.Result> metrics) {}

  private final Evaluator evaluator;
  private final Context context;
  private final Settings settings;
  private final Module module;
  private final FrontendOptions options;
  private final List<String> metricNames = new ArrayList<>();
  private List<DataCatalog.Column> columns = List.of();
  private @Nullable Recipe recipe;

  Training(Evaluator evaluator, Settings settings, Module module, FrontendOptions options) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
    this.settings = settings;
    this.module = module;
    this.options = options;
  }

  Recipe recipe() {
    if (recipe == null) {
      throw new IllegalStateException("not built");
    }
    return recipe;
  }

  /** {@code stopIfWrong} ends the compilation if errors were reported. */
  List<Entry> build(
      Compilation.Built inferred,
      Function<Phase, Compilation.Built> elaborate,
      Runnable stopIfWrong) {
    checkRequired();
    Scope plain = configured(inferred);
    DataSource data = reported(() -> data(plain, inferred));
    stopIfWrong.run();
    Judged judged = judge(inferred);
    stopIfWrong.run();
    recipe = reported(() -> recipe(data, plain));
    stopIfWrong.run();
    var results = results(judged);
    results.addAll(Compilation.outputs(inferred.scope()));
    Entry eval = Entries.of("eval", inferred.phase(), results);
    Compilation.Built trained = elaborate.apply(new Phase(Phase.Kind.TRAIN));
    stopIfWrong.run();
    checkSameWeights(inferred, trained);
    Judged loss = judge(trained);
    stopIfWrong.run();
    Entry train = context.in(trained.phase(), Role.UPDATE, () -> train(trained, loss));
    stopIfWrong.run();
    return List.of(eval, train);
  }

  private <T> T reported(java.util.function.Supplier<T> body) {
    try {
      return body.get();
    } catch (Problem p) {
      context.report(p);
      throw new Context.TooMuch();
    }
  }

  private void checkRequired() {
    for (String key : List.of("loss", "optimizer", "data")) {
      boolean given =
          settings.get(key) != null || (key.equals("data") && settings.dataOverride().isPresent());
      if (!given) {
        context.report(
            context.error(
                Code.MISSING_KEY,
                settings.place(),
                "the recipe has no `" + key + "`",
                "",
                switch (key) {
                  case "loss" -> "e.g. `loss = cross_entropy(logits, label)`";
                  case "optimizer" -> "e.g. `optimizer = adam(lr = 1e-3)`";
                  default -> "e.g. `data = digits()`";
                }));
      }
    }
    Decl.Setting constraint = settings.get("constraint");
    if (constraint != null) {
      context.report(
          context.error(
              Code.NOT_YET, constraint.key().span(), "constraints are not supported yet", ""));
    }
    for (String key : Settings.KEYS) {
      Decl.Setting s = settings.get(key);
      if (s != null && s.selector() != null && !key.equals("constraint")) {
        context.report(
            context.error(
                Code.BAD_SETTING,
                s.selector().span(),
                "only a constraint chooses parameters with `on`",
                ""));
      }
    }
    if (!context.errors.isEmpty()) {
      throw new Context.TooMuch();
    }
  }

  private DataSource data(Scope plain, Compilation.Built inferred) {
    Decl.Setting s = settings.get("data");
    Span place = s == null ? settings.place() : s.value().span();
    List<DataCatalog.Column> inputs = inputs(inferred);
    DataSource source =
        new DataExpressions(evaluator, plain).source(s, settings).withInputs(inputs);
    List<Span> places =
        s == null || settings.dataOverride().isPresent()
            ? List.of()
            : DataExpressions.places(s.value());
    columns = columns(source, place, places);
    Map<String, TensorType> given = new LinkedHashMap<>();
    columns.forEach(c -> given.put(c.name(), c.type()));
    inputs.forEach(i -> checkColumn(i.name(), i.type(), given, place));
    return source;
  }

  /** What the model reads, without the batch. */
  private static List<DataCatalog.Column> inputs(Compilation.Built inferred) {
    return inferred.phase().arguments.values().stream()
        .filter(a -> a.kind() == Entry.Kind.INPUT)
        .map(
            a ->
                new DataCatalog.Column(
                    a.name(),
                    a.value().type().withShape(Rows.withoutBatch(a.value().type().shape()))))
        .toList();
  }

  private void checkColumn(
      String input, TensorType wanted, Map<String, TensorType> given, Span place) {
    TensorType have = given.get(input);
    if (have == null) {
      throw context.error(
          Code.DATA_COLUMN,
          place,
          "the model's input `" + input + "` is no column of this data",
          "it has " + String.join(", ", given.keySet()));
    }
    if (!have.equals(wanted)) {
      throw context.error(
          Code.DATA_COLUMN,
          place,
          "the data's `" + input + "` is " + Show.type(have) + ", the model's " + Show.type(wanted),
          "",
          "transform the data, e.g. `"
              + resize(have.shape(), wanted.shape())
              + "`, or change the model's input");
    }
  }

  /** The transform that makes pictures as large as the model wants them, or one that might. */
  private static String resize(Shape have, Shape wanted) {
    if (have.rank() != 3 || wanted.rank() != 3 || !have.dim(0).equals(wanted.dim(0))) {
      return "-> pad(2)";
    }
    Dim h = wanted.dim(1);
    Dim w = wanted.dim(2);
    return "-> resize(" + (h.equals(w) ? h : "[" + h + ", " + w + "]") + ")";
  }

  /**
   * The columns of {@code source}.
   *
   * @param steps the places of the source and its transforms, where they are known
   */
  private List<DataCatalog.Column> columns(DataSource source, Span place, List<Span> steps) {
    try {
      return options.catalog().columns(source);
    } catch (DataCatalog.RefusedException e) {
      boolean known = e.step() >= 0 && e.step() < steps.size();
      throw context.error(
          Code.DATA_REFUSED,
          known ? steps.get(e.step()) : place,
          String.valueOf(e.getMessage()),
          "",
          e.help());
    }
  }

  private Recipe recipe(DataSource data, Scope plain) {
    var details = new RecipeDetails(evaluator, settings, plain, metricNames);
    Optional<Recipe.Validation> validation = details.validation(data.inputs());
    if (validation.isPresent() && validation.get() instanceof Recipe.Validation.Source s) {
      Decl.Setting setting = settings.get("validation");
      Span place = setting == null ? settings.place() : setting.value().span();
      List<Span> steps = setting == null ? List.of() : DataExpressions.places(setting.value());
      if (!columns(s.source(), place, steps).equals(columns)) {
        throw context.error(
            Code.DATA_COLUMN,
            place,
            "the validation data has other columns than the training data",
            "");
      }
    }
    return new Recipe(
        data,
        validation,
        settings.batch(module),
        settings.epochs(module),
        settings.seed(module),
        metricNames,
        details.stop(),
        details.precision(),
        settings.written(data),
        Optional.empty());
  }

  /** Loss and metrics over one entry's outputs. */
  private Judged judge(Compilation.Built built) {
    return context.in(
        built.phase(),
        Role.FORWARD,
        () ->
            context.drawing(
                "train",
                () -> {
                  Scope scope = scope(built);
                  Value loss = null;
                  Decl.Setting s = settings.get("loss");
                  try {
                    if (s != null) {
                      loss = mean(evaluator.eval(s.value(), scope), "the loss", s.value().span());
                    }
                  } catch (Problem p) {
                    context.report(p);
                  }
                  List<Entry.Result> metrics = metrics(scope);
                  if (loss == null) {
                    throw new Context.TooMuch();
                  }
                  return new Judged(loss, metrics);
                }));
  }

  /** What every key of a recipe sees: the model's configuration. */
  private Scope configured(Compilation.Built built) {
    Scope scope = context.scope(Scope.Kind.TRAIN, module, null);
    scope.names.putAll(built.root().config());
    return scope;
  }

  /**
   * What loss and optimizer see: also outputs, columns, weights, parameters, and layers by name.
   */
  private Scope scope(Compilation.Built built) {
    Phase phase = built.phase();
    Scope scope = configured(built);
    for (Instance child : built.root().named()) {
      scope.names.put(child.path(), new Val.Configured(child));
    }
    var all = new ArrayList<Val>();
    var weights = new ArrayList<Val>();
    for (Weights.Weight w : context.weights.of(Entry.Kind.PARAMETER)) {
      Value v = phase.argument(w.path(), Entry.Kind.PARAMETER, w.type());
      var t = new Val.Tensor(v, Patterns.unnamed(v.type().rank()));
      all.add(t);
      if (v.type().rank() >= 2) {
        weights.add(t);
      }
      if (!w.path().contains(".")) {
        scope.names.put(w.path(), t);
      }
    }
    scope.names.put("weights", new Val.ListVal(weights));
    scope.names.put("parameters", new Val.ListVal(all));
    for (DataCatalog.Column c : columns) {
      var dims = new ArrayList<Dim>(List.of(Dim.of(context.batch)));
      dims.addAll(c.type().shape().dims());
      Value v = phase.argument(c.name(), Entry.Kind.INPUT, c.type().withShape(new Shape(dims)));
      List<@Nullable AxisName> names = Patterns.unnamed(dims.size());
      names.set(0, AxisName.BATCH);
      scope.names.put(c.name(), new Val.Tensor(v, names));
    }
    built
        .scope()
        .outputs
        .forEach((n, v) -> scope.names.put(n, Calls.stripped(v, built.scope().id)));
    return scope;
  }

  /** A scalar as it is, anything else averaged over all its axes. */
  private Value mean(Val v, String what, Span place) {
    if (!(v instanceof Val.Tensor t) || !t.type().dtype().isFloat()) {
      throw context.error(
          Code.BAD_SETTING, place, what + " is a tensor of f32, not " + Show.kind(v), "");
    }
    return new Averages(evaluator).over(t, place);
  }

  private List<Entry.Result> metrics(Scope scope) {
    Decl.Setting s = settings.get("metrics");
    var results = new ArrayList<Entry.Result>();
    metricNames.clear();
    if (s == null) {
      return results;
    }
    List<Expr> each = s.value() instanceof Expr.ListOf l ? l.items() : List.of(s.value());
    var names = new HashSet<String>();
    for (Expr e : each) {
      try {
        String base =
            e instanceof Expr.Call(Expr.Name n, _, _)
                ? n.name()
                : e instanceof Expr.Name n ? n.name() : "metric";
        String name = base;
        for (int i = 2; !names.add(name); i++) {
          name = base + "_" + i;
        }
        results.addAll(metric(name, evaluator.eval(e, scope), e.span()));
      } catch (Problem p) {
        context.report(p);
      }
    }
    return results;
  }

  /** A mean, a quotient of sums, or sums alone: those are a table and no number. */
  private List<Entry.Result> metric(String name, Val v, Span place) {
    if (!(v instanceof Val.Tally t)) {
      metricNames.add(name);
      return List.of(result(name, Entry.Kind.METRIC, mean(v, "a metric", place)));
    }
    Entry.Result sums = result(name, Entry.Kind.TALLY, t.sums().value());
    if (t.of() == null) {
      return List.of(sums);
    }
    metricNames.add(name);
    return List.of(sums, result(name + ".of", Entry.Kind.TALLY_OF, t.of().value()));
  }

  private static Entry.Result result(String name, Entry.Kind kind, Value v) {
    return new Entry.Result(name, kind, v, OptionalInt.empty());
  }

  private static List<Entry.Result> results(Judged judged) {
    var results = new ArrayList<Entry.Result>();
    results.add(result("loss", Entry.Kind.LOSS, judged.loss));
    results.addAll(judged.metrics);
    return results;
  }

  private void checkSameWeights(Compilation.Built inferred, Compilation.Built trained) {
    Weights.missing(context.weights.all(), trained.phase().declared)
        .ifPresent(
            w -> {
              context.report(evaluator.executor.storage().hidden(w.declared(), w.path()));
            });
    if (!inferred.scope().outputs.keySet().equals(trained.scope().outputs.keySet())) {
      context.report(
          context.error(
              Code.HIDDEN_BY_PHASE,
              inferred.root().decl().name().span(),
              "the model's outputs differ between training and inference",
              String.join(", ", inferred.scope().outputs.keySet())
                  + " against "
                  + String.join(", ", trained.scope().outputs.keySet())));
    }
  }

  private Entry train(Compilation.Built trained, Judged judged) {
    var step = new TrainingStep(evaluator, trained.phase());
    Scope scope = scope(trained);
    Decl.Setting optimizer = settings.get("optimizer");
    if (optimizer == null) {
      throw new IllegalStateException("no optimizer");
    }
    List<Entries.Update> updates =
        reported(
            () -> {
              Val v = evaluator.eval(optimizer.value(), scope);
              if (!(v instanceof Val.ConfiguredOptimizer o)) {
                String name = v instanceof Val.OptimizerKind k ? k.decl().name().name() : "sgd";
                throw context.error(
                    Code.BAD_SETTING,
                    optimizer.value().span(),
                    "`optimizer` is an optimizer with its settings, not " + Show.kind(v),
                    "",
                    "write e.g. `" + name + "(lr = 0.01)`");
              }
              Decl.Setting clip = settings.get("clip");
              Val limit = clip == null ? Val.NONE : evaluator.eval(clip.value(), scope);
              if (clip != null && !Numbers.isNumber(limit)) {
                throw context.error(
                    Code.BAD_SETTING,
                    clip.value().span(),
                    "`clip` is the largest global norm, a number",
                    Show.kind(limit));
              }
              recipe = recipe().withRate(rate(trained.phase(), o, optimizer.value().span()));
              return step.updates(judged.loss, o, limit, optimizer.value().span());
            });
    var results = results(judged);
    results.add(result("finite", Entry.Kind.FINITE, step.finite()));
    return Entries.of("train", trained.phase(), results, updates);
  }

  /** What {@code lr} is at each step: nothing where it depends on more than the run's progress. */
  private Optional<Entry> rate(Phase phase, Val.ConfiguredOptimizer o, Span place) {
    Val lr = o.config().get("lr");
    if (lr == null || !(lr instanceof Val.Tensor || Numbers.isNumber(lr))) {
      return Optional.empty();
    }
    Value value =
        lr instanceof Val.Tensor t
            ? t.value()
            : context.emit(
                place,
                () -> phase.builder.constant(TensorType.scalar(DType.F64), Numbers.real(lr)));
    Entry rate = Entries.of("lr", phase, List.of(result("lr", Entry.Kind.OUTPUT, value)));
    boolean known =
        value.type().rank() == 0
            && rate.arguments().stream()
                .allMatch(a -> a.kind() == Entry.Kind.SCALAR && !a.name().equals("seed"));
    return known ? Optional.of(rate) : Optional.empty();
  }
}
