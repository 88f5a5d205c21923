package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import modelc.frontend.Checked;
import modelc.frontend.FrontendOptions;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.Expr;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.frontend.diagnostic.Sources;
import modelc.ir.Role;
import modelc.ir.Span;
import modelc.ir.Symbol;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Program;
import org.jspecify.annotations.Nullable;

/**
 * From a loaded project to its entries, summary and recipe: chooses the model, builds each entry,
 * reports what is wrong.
 */
public final class Compilation {
  private final Project.Loaded project;
  private final FrontendOptions options;
  private final Sources sources;

  private Compilation(Project.Loaded project, FrontendOptions options, Sources sources) {
    this.project = project;
    this.options = options;
    this.sources = sources;
  }

  /** Compiles the file at {@code file}. */
  public static Checked of(java.nio.file.Path file, FrontendOptions options)
      throws java.io.IOException {
    var sources = new Sources();
    return new Compilation(Project.load(file, options, sources), options, sources).run();
  }

  /** Compiles {@code text}, called {@code name} in messages. */
  public static Checked of(String name, String text, FrontendOptions options) {
    var sources = new Sources();
    return new Compilation(Project.load(name, text, options, sources), options, sources).run();
  }

  private DiagnosticException failed(Diagnostic... diagnostics) {
    return new DiagnosticException(List.of(diagnostics), sources);
  }

  private Checked run() {
    List<Diagnostic> names = new ArrayList<>();
    for (Project.Bound file : project.files()) {
      names.addAll(NameCheck.check(file.file(), file.module()));
    }
    if (!names.isEmpty()) {
      throw new DiagnosticException(
          names.stream().limit(options.limits().diagnostics()).toList(), sources);
    }
    Decl.@Nullable Train train = train();
    Val.LayerKind model = model(train);
    var settings = new Settings(train, options, sources);
    var context = new Context(options, new Symbol("batch", settings.batch(project.module())));
    try {
      return build(new Evaluator(context), model, settings);
    } catch (Problem p) {
      if (p.diagnostic() != null) {
        context.errors.add(p.diagnostic());
      }
      throw new DiagnosticException(context.errors, sources);
    } catch (Context.TooMuch _) {
      throw new DiagnosticException(context.errors, sources);
    }
  }

  private void failIfWrong(Context context) {
    if (!context.errors.isEmpty()) {
      throw new DiagnosticException(context.errors, sources);
    }
  }

  private Checked build(Evaluator evaluator, Val.LayerKind model, Settings settings) {
    Context context = evaluator.context;
    Map<String, Val> config = new Configuration(evaluator, sources).of(model);
    var infer = new Phase(Phase.Kind.INFER);
    context.rows.record(true);
    Built inferred = elaborate(evaluator, model, config, infer);
    context.rows.record(false);
    failIfWrong(context);
    String name = model.decl().name().name();
    if (inferred.scope.outputs.isEmpty()) {
      throw failed(
          Diagnostic.of(
                  Code.NO_OUTPUT,
                  model.decl().name().span(),
                  "the model `" + name + "` has no output",
                  "")
              .withHelp("give it one: `output name = ...`"));
    }
    context.rows.ofModel(context.weights.ownedBy("", Entry.Kind.PARAMETER));
    context.frozen.addAll(Frozen.of(evaluator, settings, project.module()));
    var entries = new ArrayList<Entry>();
    Entry inferEntry = Entries.of("infer", infer, outputs(inferred.scope));
    var summary = Summaries.of(name, context, inferEntry);
    Optional<modelc.frontend.Recipe> recipe = Optional.empty();
    if (settings.present()) {
      var training = new Training(evaluator, settings, project.module(), options);
      List<Entry> trained =
          training.build(
              inferred,
              phase -> elaborate(evaluator, model, config, phase),
              () -> failIfWrong(context));
      recipe = Optional.of(training.recipe());
      entries.add(Entries.init(context));
      entries.add(inferEntry);
      entries.addAll(trained);
    } else {
      entries.add(Entries.init(context));
      entries.add(inferEntry);
    }
    return new Checked(new Program(name, entries), summary, recipe, sources);
  }

  static List<Entry.Result> outputs(Scope scope) {
    return scope.outputs.entrySet().stream()
        .map(
            e ->
                new Entry.Result(
                    e.getKey(),
                    Entry.Kind.OUTPUT,
                    ((Val.Tensor) e.getValue()).value(),
                    OptionalInt.empty()))
        .toList();
  }

  /** A model's body evaluated into one entry. */
  record Built(Phase phase, Scope scope, Instance root) {}

  private static Built elaborate(
      Evaluator evaluator, Val.LayerKind model, Map<String, Val> config, Phase phase) {
    Context context = evaluator.context;
    var decl = (Decl.Model) model.decl();
    return context.in(
        phase,
        Role.FORWARD,
        () ->
            context.drawing(
                "model",
                () -> {
                  var root = new Instance(decl, model.module(), config, null, decl.span(), "");
                  root.begin();
                  Scope scope = context.scope(Scope.Kind.MODEL, model.module(), root);
                  scope.names.putAll(config);
                  evaluator.executor.runReporting(decl.body(), scope);
                  return new Built(phase, scope, root);
                }));
  }

  private Decl.@Nullable Train train() {
    List<Decl.Train> trains =
        project.main().declarations().stream()
            .filter(d -> d instanceof Decl.Train)
            .map(d -> (Decl.Train) d)
            .filter(t -> options.model().isEmpty() || options.model().get().equals(t.name().name()))
            .toList();
    if (trains.size() > 1) {
      boolean same = trains.stream().map(t -> t.name().name()).distinct().count() == 1;
      throw failed(
          Diagnostic.of(
                  Code.DEFINED_TWICE,
                  trains.get(1).name().span(),
                  same ? "this model has a second recipe" : "this file trains several models",
                  "")
              .withLabel(trains.getFirst().name().span(), "the first one")
              .withHelp("choose the model to compile by its name"));
    }
    return trains.isEmpty() ? null : trains.getFirst();
  }

  private Val.LayerKind model(Decl.@Nullable Train train) {
    if (train != null) {
      Expr.Name n = train.name();
      if (project.module().lookup(n.name()) instanceof Val.LayerKind k
          && k.decl() instanceof Decl.Model) {
        return k;
      }
      List<String> models = models().stream().map(m -> m.name().name()).toList();
      throw failed(
          Diagnostic.of(Code.UNKNOWN_NAME, n.span(), "there is no model `" + n.name() + "`", "")
              .withHelp(modelc.frontend.diagnostic.Suggestions.help(n.name(), models)));
    }
    List<Decl.Model> models =
        models().stream()
            .filter(m -> options.model().isEmpty() || options.model().get().equals(m.name().name()))
            .toList();
    if (models.size() == 1) {
      return new Val.LayerKind(models.getFirst(), project.module());
    }
    var start = new Span(project.main().name(), 1, 1, 1, 2);
    String known = models().stream().map(m -> m.name().name()).collect(Collectors.joining(", "));
    throw failed(
        models.isEmpty()
            ? Diagnostic.of(
                Code.NO_MODEL,
                start,
                options
                    .model()
                    .map(m -> "this file has no model `" + m + "`")
                    .orElse("this file has no model"),
                known.isEmpty() ? "" : "it has " + known)
            : Diagnostic.of(
                    Code.NO_MODEL,
                    start,
                    "this file has several models and trains none",
                    "it has " + known)
                .withHelp("choose one by its name"));
  }

  private List<Decl.Model> models() {
    return project.main().declarations().stream()
        .filter(d -> d instanceof Decl.Model)
        .map(d -> (Decl.Model) d)
        .toList();
  }

  /** Values of a model's parameters, as given from outside or by default. */
  static final class Configuration {
    private final Evaluator evaluator;
    private final Sources sources;

    Configuration(Evaluator evaluator, Sources sources) {
      this.evaluator = evaluator;
      this.sources = sources;
    }

    Map<String, Val> of(Val.LayerKind model) {
      var decl = (Decl.Model) model.decl();
      var given = new ArrayList<Arguments.Given>();
      Context context = evaluator.context;
      for (Map.Entry<String, String> e : context.options.set().entrySet()) {
        Expr value =
            Settings.expression(e.getKey(), e.getValue(), sources, context.options.limits());
        var outside = context.scope(Scope.Kind.FN, Library.WORDS, null);
        boolean word = value instanceof Expr.Name n && Library.WORDS.lookup(n.name()) == null;
        Val v = word ? new Val.Str(e.getValue()) : evaluator.eval(value, outside);
        given.add(new Arguments.Given(new Expr.Name(e.getKey(), value.span()), v, value.span()));
      }
      Scope scope = context.scope(Scope.Kind.MODEL, model.module(), null);
      new Arguments(evaluator)
          .bind(decl.name().name(), decl.config(), given, scope, decl.name().span());
      return new LinkedHashMap<>(scope.names);
    }
  }
}
