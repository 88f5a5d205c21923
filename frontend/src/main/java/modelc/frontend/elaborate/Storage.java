package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.List;
import modelc.frontend.ast.Expr;
import modelc.frontend.ast.Stmt;
import modelc.frontend.ast.TypeExpr;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Span;
import modelc.ir.TensorType;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * What an entry takes from outside and what it keeps: inputs, parameters, states, and the updates
 * of states.
 */
final class Storage {
  private final Evaluator evaluator;
  private final Context context;
  private final Initials initials;

  Storage(Evaluator evaluator) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
    this.initials = new Initials(evaluator);
  }

  void input(Stmt.Input i, Scope scope) {
    if (scope.kind != Scope.Kind.MODEL) {
      throw context.error(
          Code.MISPLACED,
          i.span(),
          "only a model has inputs",
          "",
          "a layer lists them after its name");
    }
    if (!(i.type() instanceof TypeExpr.Tensor pattern)) {
      throw context.error(
          Code.UNKNOWN_TYPE, i.type().span(), "an input is a tensor, e.g. `f32[1, 28, 28]`", "");
    }
    Val.ListVal sizes = evaluator.patterns.sizes(pattern, scope);
    TensorType one = evaluator.patterns.type(pattern, sizes);
    if (one.shape().dims().stream().anyMatch(d -> !d.isConstant())) {
      throw context.error(
          Code.RUN_TIME_VALUE,
          i.type().span(),
          "an input is described without the batch axis, which is implied",
          "this has a size known only at run time",
          "leave `batch` out: the type is that of one example");
    }
    String name = i.name().name();
    var dims = new ArrayList<Dim>(List.of(Dim.of(context.batch)));
    dims.addAll(one.shape().dims());
    var type = new TensorType(one.dtype(), new Shape(dims));
    var names = new ArrayList<@Nullable AxisName>(List.of(AxisName.BATCH));
    names.addAll(Patterns.axisNames(sizes));
    if (scope.modelInputs == null) {
      if (context.phase().arguments.containsKey(name)) {
        throw context.error(
            Code.DEFINED_TWICE, i.name().span(), "there are two inputs `" + name + "`", "");
      }
      Value v = context.phase().argument(name, Entry.Kind.INPUT, type);
      scope.names.put(name, new Val.Tensor(v, names));
      return;
    }
    if (scope.modelInputs.isEmpty()) {
      throw context.error(
          Code.MISSING_ARGUMENT, i.span(), "nothing is given for the input `" + name + "`", "");
    }
    Val given = scope.modelInputs.removeFirst();
    if (!(given instanceof Val.Tensor t) || !t.type().equals(type)) {
      throw context.error(
          Code.SHAPE_MISMATCH,
          i.span(),
          "the input `" + name + "` is " + Show.type(type) + ", not " + Show.kind(given),
          "");
    }
    scope.names.put(name, new Val.Tensor(t.value(), names));
  }

  void param(Stmt.Param p, Scope scope) {
    Instance owner = owner(scope, p.span(), "param");
    if (!(p.type() instanceof TypeExpr.Tensor pattern)) {
      throw context.error(
          Code.UNKNOWN_TYPE, p.type().span(), "a parameter is a tensor, e.g. `[out, in]`", "");
    }
    Val.ListVal sizes = evaluator.patterns.sizes(pattern, scope);
    TensorType type = evaluator.patterns.type(pattern, sizes);
    if (type.dtype() != DType.F32) {
      throw context.error(
          Code.ELEMENT_TYPES,
          p.type().span(),
          "parameters are f32: others have no gradient",
          Show.type(type));
    }
    declare(owner, p.name(), Entry.Kind.PARAMETER, type, sizes, p.initial(), scope, p.span());
  }

  void state(Stmt.State s, Scope scope) {
    for (Stmt.StateItem item : s.items()) {
      if (scope.kind == Scope.Kind.OPTIMIZER) {
        optimizerState(item, scope, s.span());
        continue;
      }
      Instance owner = owner(scope, s.span(), "state");
      if (!(item.type() instanceof TypeExpr.Tensor pattern)) {
        throw context.error(
            Code.UNKNOWN_TYPE,
            item.name().span(),
            "a state of a layer needs a shape",
            "",
            "write `state " + item.name().name() + ": [...] = ...`");
      }
      Val.ListVal sizes = evaluator.patterns.sizes(pattern, scope);
      TensorType type = evaluator.patterns.type(pattern, sizes);
      declare(owner, item.name(), Entry.Kind.STATE, type, sizes, item.initial(), scope, s.span());
    }
  }

  private Instance owner(Scope scope, Span place, String word) {
    if (scope.instance == null || context.phase().kind == Phase.Kind.PURE) {
      throw context.error(
          Code.MISPLACED,
          place,
          "a `" + word + "` belongs to a layer or model",
          "",
          "declare a `layer`");
    }
    return scope.instance;
  }

  private void declare(
      Instance owner,
      Expr.Name name,
      Entry.Kind kind,
      TensorType type,
      Val.ListVal sizes,
      Expr initial,
      Scope scope,
      Span place) {
    String own = name.name() + scope.loopSuffix();
    String path = owner.path(own);
    if (!type.shape().isConstant()) {
      throw context.error(
          Code.RUN_TIME_VALUE,
          place,
          "`" + path + "` would have a size known only at run time",
          Show.type(type));
    }
    if (!owner.declare(own)) {
      throw context.error(Code.DEFINED_TWICE, name.span(), "`" + path + "` is declared twice", "");
    }
    Weights.Weight known = context.weights.get(path);
    if (known == null) {
      if (context.phase().kind == Phase.Kind.TRAIN) {
        throw hidden(name.span(), path);
      }
      Value first = initials.value(initial, scope, sizes, type, path);
      context.weights.add(
          new Weights.Weight(
              path, kind, type, owner.path(), owner.decl().name().name(), name.span(), first));
    } else if (!known.type().equals(type) || known.kind() != kind) {
      Diagnostic d =
          Diagnostic.of(
              Code.SHARED_DIFFERS,
              place,
              "`"
                  + path
                  + "` is "
                  + Show.type(known.type())
                  + " and cannot be "
                  + Show.type(type)
                  + " here",
              "a shared layer takes its shape at its first application");
      throw new Problem(
          context.blamed(d.withHelp("make a second layer for inputs of another shape")));
    }
    context.phase().declared.add(path);
    Value current = context.phase().states.get(path);
    Value v = current == null ? context.phase().argument(path, kind, type) : current;
    if (kind == Entry.Kind.STATE) {
      scope.states.put(name.name(), path);
    }
    scope.names.put(name.name(), new Val.Tensor(v, Patterns.axisNames(sizes)));
  }

  Problem hidden(Span place, String path) {
    return context.error(
        Code.HIDDEN_BY_PHASE,
        place,
        "`" + path + "` exists only in one of training and inference",
        "",
        "declare it outside `if training`, and choose inside what to do with it");
  }

  private void optimizerState(Stmt.StateItem item, Scope scope, Span place) {
    if (item.type() != null) {
      throw context.error(
          Code.MISPLACED,
          item.type().span(),
          "an optimizer's state is shaped like its parameter",
          "",
          "leave the type out");
    }
    String owner = String.valueOf(scope.weightPath);
    String path = owner + "." + item.name().name();
    Weights.Weight weight = context.weights.get(owner);
    if (weight == null) {
      throw new IllegalStateException("no parameter " + owner);
    }
    if (context.weights.get(path) != null) {
      throw context.error(
          Code.DEFINED_TWICE, item.name().span(), "`" + path + "` is declared twice", "");
    }
    var sizes =
        new Val.ListVal(weight.type().shape().dims().stream().map(Arithmetic::ofDim).toList());
    Value first = initials.value(item.initial(), scope, sizes, weight.type(), path);
    Entry.Kind kind = Entry.Kind.OPTIMIZER_STATE;
    context.weights.add(
        new Weights.Weight(
            path, kind, weight.type(), owner, weight.op(), item.name().span(), first));
    Value v = context.phase().argument(path, kind, weight.type());
    scope.states.put(item.name().name(), path);
    scope.names.put(item.name().name(), new Val.Tensor(v, axesOfWeight(scope, weight)));
  }

  /**
   * The axes of a parameter have one set of names inside its optimizer, so that nothing conflicts.
   */
  private static List<@Nullable AxisName> axesOfWeight(Scope scope, Weights.Weight weight) {
    return scope.names.get(scope.weightName) instanceof Val.Tensor t
        ? t.axes()
        : Patterns.unnamed(weight.type().rank());
  }

  /** {@code name <- value}: later reads see it. */
  void update(Stmt.Update u, Scope scope) {
    String name = u.name().name();
    String path = name.equals(scope.weightName) ? scope.weightPath : scope.states.get(name);
    if (path == null || !(scope.names.get(name) instanceof Val.Tensor old)) {
      throw context.error(
          Code.NOT_A_STATE,
          u.name().span(),
          "`" + name + "` is no state, so nothing is kept of it",
          "",
          "bind a name with `=`; declare what persists with `state`");
    }
    if (scope.kind != Scope.Kind.OPTIMIZER && context.phase().kind != Phase.Kind.TRAIN) {
      throw context.error(
          Code.NOT_IN_THIS_PHASE,
          u.span(),
          "states are updated only while training",
          "this would run in inference too",
          "put the update under `if training { ... }`");
    }
    Val given = evaluator.eval(u.value(), scope);
    Value v = initials.fit(given, old.type(), "`" + name + "`", u.value().span());
    boolean optimizer = scope.kind == Scope.Kind.OPTIMIZER;
    Value kept = optimizer ? v : context.emit(u.span(), () -> context.builder().stopGradient(v));
    context.phase().states.put(path, kept);
    scope.names.put(name, new Val.Tensor(kept, old.axes()));
  }
}
