package modelc.frontend.elaborate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import modelc.frontend.ast.Decl;
import modelc.frontend.diagnostic.Code;
import modelc.ir.Span;
import modelc.ir.tensor.Entry;

/**
 * Makes layers from their declarations and applies them: once each, or again with the parameters
 * they have.
 */
final class Layers {
  private final Evaluator evaluator;
  private final Context context;
  private final Arguments arguments;
  private final Calls calls;

  Layers(Evaluator evaluator, Arguments arguments, Calls calls) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
    this.arguments = arguments;
    this.calls = calls;
  }

  /** A layer with its own parameters; the same one when the body it stands in is applied again. */
  Instance make(Val.LayerKind kind, List<Arguments.Given> given, Scope scope, Span place) {
    Decl decl = kind.decl();
    String name = decl.name().name();
    if (scope.instance == null) {
      throw context.error(
          Code.LAYER_IN_FN,
          place,
          "a layer is made inside a layer or model, not here",
          "`" + name + "(...)` has parameters of its own",
          "make it where its parameters belong and pass it, or declare a `layer` instead of an"
              + " `fn`");
    }
    Map<String, Val> config =
        context.call(
            place,
            name,
            () -> {
              Scope own = context.scope(Scope.Kind.LAYER, kind.module(), null);
              arguments.bind(name, config(decl), given, own, place);
              return new LinkedHashMap<>(own.names);
            });
    var site = new Instance.Site(place, scope.loopSuffix());
    Instance known = scope.instance.child(site);
    if (known != null) {
      if (!known.config().equals(config)) {
        throw context.error(
            Code.SHARED_DIFFERS,
            place,
            "a shared layer would be configured differently here: " + known.path(),
            "its configuration depends on what the enclosing layer is applied to");
      }
      return known;
    }
    var made = new Instance(decl, kind.module(), config, scope.instance, place, scope.loopSuffix());
    scope.instance.adopt(site, made);
    return made;
  }

  static List<Decl.Parameter> config(Decl decl) {
    return switch (decl) {
      case Decl.Layer l -> l.config();
      case Decl.Model m -> m.config();
      case Decl.Fn _, Decl.Optimizer _, Decl.Train _ -> List.of();
    };
  }

  Val apply(Instance instance, List<Arguments.Given> given, Span place) {
    Decl decl = instance.decl();
    String name = decl.name().name();
    instance.nameAfter(name);
    String path = instance.path();
    if (context.phase().kind == Phase.Kind.PURE) {
      throw context.error(
          Code.LAYER_IN_FN,
          place,
          "an fn that states its gradient applies no layers",
          "`" + path + "` has parameters");
    }
    Rows.Row row =
        context.rows.begin(path, name, given.stream().map(Arguments.Given::value).toList(), place);
    int application = instance.begin();
    Val result =
        context.call(
            place,
            name,
            () ->
                context.at(
                    path,
                    () ->
                        context.drawing(
                            path + "#" + application, () -> body(instance, given, place))));
    // A library layer is one stage, whatever it is made of; in a user's the stages are listed.
    context.rows.end(
        row,
        result,
        Context.isLibrary(instance.decl().span())
            ? context.weights.within(path, Entry.Kind.PARAMETER)
            : context.weights.ownedBy(path, Entry.Kind.PARAMETER));
    return result;
  }

  private Val body(Instance instance, List<Arguments.Given> given, Span place) {
    return switch (instance.decl()) {
      case Decl.Layer l -> {
        Scope scope = context.scope(Scope.Kind.LAYER, instance.module(), instance);
        scope.names.putAll(instance.config());
        arguments.bind(l.name().name(), l.inputs(), given, scope, place);
        yield calls.result(l, l.result(), calls.body(l, l.body(), scope), scope, place);
      }
      case Decl.Model m -> {
        Scope scope = context.scope(Scope.Kind.MODEL, instance.module(), instance);
        scope.names.putAll(instance.config());
        scope.modelInputs =
            new java.util.ArrayList<>(given.stream().map(Arguments.Given::value).toList());
        evaluator.executor.run(m.body(), scope);
        if (!scope.modelInputs.isEmpty()) {
          throw context.error(
              Code.TOO_MANY_ARGUMENTS,
              place,
              "`" + m.name().name() + "` has fewer inputs than it is applied to",
              "");
        }
        Val outputs =
            scope.outputs.size() == 1
                ? scope.outputs.values().iterator().next()
                : new Val.Outputs(
                    java.util.Collections.unmodifiableMap(new LinkedHashMap<>(scope.outputs)));
        yield Calls.stripped(outputs, scope.id);
      }
      case Decl.Fn _, Decl.Optimizer _, Decl.Train _ ->
          throw new IllegalStateException("not a layer: " + instance.decl().kind());
    };
  }
}
