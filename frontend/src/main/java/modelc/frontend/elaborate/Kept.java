package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import modelc.frontend.ast.Decl;
import modelc.frontend.diagnostic.Code;
import modelc.ir.Role;
import modelc.ir.Span;
import modelc.ir.TensorType;
import modelc.ir.tensor.Callable;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * Functions that say something about their own gradient: kept whole, as calls, with their body and
 * their gradient as functions of their own. The same function over the same types is built once.
 */
final class Kept {
  private record Key(Decl.Fn decl, List<Object> arguments) {
    // One declaration is one function; comparing whole trees would say the same, slowly.
    @SuppressWarnings("ReferenceEquality")
    @Override
    public boolean equals(@Nullable Object o) {
      return o instanceof Key k && k.decl == decl && k.arguments.equals(arguments);
    }

    @Override
    public int hashCode() {
      return 31 * System.identityHashCode(decl) + arguments.hashCode();
    }
  }

  private record TensorKey(TensorType type, List<@Nullable AxisName> axes) {}

  private record Built(Callable callable, List<@Nullable AxisName> axes) {}

  private final Evaluator evaluator;
  private final Context context;
  private final Calls calls;
  private final Map<Key, Built> built = new HashMap<>();

  Kept(Evaluator evaluator, Calls calls) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
    this.calls = calls;
  }

  /** {@code scope} has the arguments bound. */
  Val call(Val.Function f, Scope scope, Span place) {
    Decl.Fn decl = f.decl();
    var key = new ArrayList<Object>();
    var tensors = new ArrayList<String>();
    for (Decl.Parameter p : decl.parameters()) {
      Val v = scope.names.getOrDefault(p.name().name(), Val.NONE);
      if (v instanceof Val.Tensor t) {
        tensors.add(p.name().name());
        key.add(new TensorKey(t.type(), relative(t.axes(), scope)));
      } else {
        key.add(v);
      }
    }
    Key k = new Key(decl, key);
    Built b = built.get(k);
    if (b == null) {
      b = build(f, scope, tensors, place);
      built.put(k, b);
    }
    Callable callable = b.callable;
    List<Value> arguments =
        tensors.stream().map(n -> ((Val.Tensor) value(scope, n)).value()).toList();
    Value v = context.emit(place, () -> context.builder().call(callable, arguments));
    return new Val.Tensor(v, b.axes);
  }

  /**
   * Names this activation gave differ from call to call and mean the same: they are not part of the
   * key.
   */
  private static List<@Nullable AxisName> relative(List<@Nullable AxisName> axes, Scope scope) {
    var names = new ArrayList<@Nullable AxisName>(axes);
    names.replaceAll(n -> n != null && n.scope() == scope.id ? new AxisName(-1, n.text()) : n);
    return names;
  }

  private static Val value(Scope scope, String name) {
    return scope.names.getOrDefault(name, Val.NONE);
  }

  private Built build(Val.Function f, Scope scope, List<String> tensors, Span place) {
    Decl.Fn decl = f.decl();
    String name = decl.name().name();
    var phase = new Phase(Phase.Kind.PURE);
    Scope inner = standIns(scope, tensors, phase);
    Val result =
        context.in(
            phase,
            Role.FORWARD,
            () ->
                calls.result(
                    decl, decl.result(), calls.body(decl, decl.body(), inner), inner, place));
    if (!(result instanceof Val.Tensor t)) {
      throw context.error(
          Code.GRADIENT,
          decl.name().span(),
          "an fn that states its gradient gives one tensor, not " + Show.kind(result),
          "");
    }
    var body = new Function(name, parameters(inner, tensors), List.of(t.value()));
    Callable callable =
        switch (decl.gradient()) {
          case null -> new Callable(name, body, null, null);
          case Decl.Gradient.Forbidden no -> new Callable(name, body, null, no.why());
          case Decl.Gradient.Stated s ->
              new Callable(name, body, gradient(decl, s, scope, tensors, t), null);
        };
    return new Built(callable, t.axes());
  }

  private static List<Value> parameters(Scope scope, List<String> tensors) {
    return tensors.stream().map(n -> ((Val.Tensor) value(scope, n)).value()).toList();
  }

  /** The same names, each tensor replaced by a parameter of the function being built. */
  private static Scope standIns(Scope scope, List<String> tensors, Phase phase) {
    Scope inner = scope.copy();
    for (String n : tensors) {
      var t = (Val.Tensor) value(scope, n);
      inner.names.put(n, new Val.Tensor(phase.builder.parameter(n, t.type()), t.axes()));
    }
    return inner;
  }

  private Function gradient(
      Decl.Fn decl,
      Decl.Gradient.Stated stated,
      Scope scope,
      List<String> tensors,
      Val.Tensor result) {
    var phase = new Phase(Phase.Kind.PURE);
    Scope inner = standIns(scope, tensors, phase);
    var parameters = new ArrayList<>(parameters(inner, tensors));
    for (var extra : List.of(stated.result(), stated.cotangent())) {
      Value v = phase.builder.parameter(extra.name(), result.type());
      parameters.add(v);
      // The names of the body's axes hold here too, those its signature gave included.
      inner.names.put(extra.name(), new Val.Tensor(v, result.axes()));
    }
    Val given = context.in(phase, Role.BACKWARD, () -> calls.body(decl, stated.body(), inner));
    List<Val> each = given instanceof Val.ListVal l ? l.items() : List.of(given);
    if (each.size() != tensors.size()) {
      throw context.error(
          Code.GRADIENT,
          stated.span(),
          "the gradient of `"
              + decl.name().name()
              + "` gives "
              + each.size()
              + (each.size() == 1 ? " cotangent" : " cotangents")
              + ", not one per tensor",
          "it has the tensors " + String.join(", ", tensors));
    }
    var results = new ArrayList<Value>();
    for (int i = 0; i < each.size(); i++) {
      results.add(
          cotangent(
              each.get(i),
              (Val.Tensor) value(scope, tensors.get(i)),
              tensors.get(i),
              stated,
              phase));
    }
    return new Function(decl.name().name() + "_gradient", parameters, results);
  }

  private Value cotangent(
      Val v, Val.Tensor of, String name, Decl.Gradient.Stated stated, Phase phase) {
    return context.in(
        phase,
        Role.BACKWARD,
        () -> {
          if (Numbers.isNumber(v)) {
            return context.emit(
                stated.span(), () -> context.builder().constant(of.type(), Numbers.real(v)));
          }
          if (v instanceof Val.Tensor t && t.type().equals(of.type())) {
            return t.value();
          }
          throw context.error(
              Code.GRADIENT,
              stated.span(),
              "the cotangent of `"
                  + name
                  + "` is "
                  + Show.type(of.type())
                  + ", not "
                  + Show.kind(v),
              "");
        });
  }
}
