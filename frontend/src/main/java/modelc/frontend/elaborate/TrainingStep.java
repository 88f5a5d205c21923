package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Role;
import modelc.ir.Span;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * Gradients, clipping, the check that all is finite, and the update of everything that persists,
 * which that check guards: a step with a NaN in it changes nothing.
 */
final class TrainingStep {
  private final Evaluator evaluator;
  private final Context context;
  private final Phase phase;
  private @Nullable Value finite;

  TrainingStep(Evaluator evaluator, Phase phase) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
    this.phase = phase;
  }

  /** Whether loss and gradients are finite: bool[]. */
  Value finite() {
    if (finite == null) {
      throw new IllegalStateException("no step was built");
    }
    return finite;
  }

  List<Entries.Update> updates(
      Value loss, Val.ConfiguredOptimizer optimizer, Val clip, Span place) {
    Map<Weights.Weight, Value> gradients = gradients(loss, place);
    Value ok = allFinite(loss, gradients, place);
    finite = ok;
    if (Numbers.isNumber(clip)) {
      clipped(gradients, Numbers.real(clip), place);
    }
    var layerStates = new LinkedHashMap<>(phase.states);
    phase.states.clear();
    gradients.forEach((w, g) -> apply(optimizer, w, g, place));
    var updates = new ArrayList<Entries.Update>();
    for (Weights.Weight w : context.weights.all()) {
      Value next =
          w.kind() == Entry.Kind.STATE ? layerStates.get(w.path()) : phase.states.get(w.path());
      if (next != null) {
        updates.add(new Entries.Update(w.path(), w.kind(), guarded(ok, next, w, place)));
      }
    }
    return updates;
  }

  /** Of the parameters the loss depends on, but the frozen ones; the others stay as they are. */
  private Map<Weights.Weight, Value> gradients(Value loss, Span place) {
    Set<Value> reached = new HashSet<>(Graph.topological(List.of(loss)));
    Map<Weights.Weight, Value> gradients = new LinkedHashMap<>();
    for (Weights.Weight w : context.weights.of(Entry.Kind.PARAMETER)) {
      Value parameter = phase.argument(w.path(), Entry.Kind.PARAMETER, w.type());
      if (reached.contains(parameter) && !context.frozen.contains(w.path())) {
        gradients.put(
            w,
            context.in(
                phase,
                Role.BACKWARD,
                () ->
                    context.at(
                        w.path(),
                        () -> context.emit(place, () -> phase.builder.gradient(loss, parameter)))));
      }
    }
    return gradients;
  }

  /**
   * Counts what is not finite: a sum of zeros and ones, which nothing can simplify away wrongly.
   */
  private Value allFinite(Value loss, Map<Weights.Weight, Value> gradients, Span place) {
    var all = new ArrayList<Value>(List.of(loss));
    all.addAll(gradients.values());
    return context.emit(
        place,
        () -> {
          Builder b = phase.builder;
          Value bad = null;
          for (Value v : all) {
            Value isFinite = b.unary(UnaryFn.IS_FINITE, v);
            Value one = b.select(isFinite, b.constantLike(v, 0), b.constantLike(v, 1));
            Value sum = b.sum(IntStream.range(0, v.type().rank()).boxed().toList(), one);
            bad = bad == null ? sum : b.add(bad, sum);
          }
          Value total = bad == null ? b.constant(TensorType.scalar(DType.F32), 0) : bad;
          return b.compare(CompareFn.EQ, total, b.constantLike(total, 0));
        });
  }

  /** Scales all gradients together, so that their common norm is at most {@code limit}. */
  private void clipped(Map<Weights.Weight, Value> gradients, double limit, Span place) {
    if (gradients.isEmpty()) {
      return;
    }
    Value factor =
        context.emit(
            place,
            () -> {
              Builder b = phase.builder;
              Value squares = b.constant(TensorType.scalar(DType.F32), 0);
              for (Value g : gradients.values()) {
                List<Integer> axes = IntStream.range(0, g.type().rank()).boxed().toList();
                squares = b.add(squares, b.sum(axes, b.multiply(g, g)));
              }
              Value norm = b.unary(UnaryFn.SQRT, squares);
              // The small addend is PyTorch's: it keeps the quotient finite at zero.
              Value ratio =
                  b.divide(b.constantLike(norm, limit), b.add(norm, b.constantLike(norm, 1e-6)));
              return b.binary(BinaryFn.MINIMUM, ratio, b.constantLike(ratio, 1));
            });
    gradients.replaceAll(
        (_, g) ->
            context.emit(
                place,
                () ->
                    phase.builder.multiply(
                        g, phase.builder.broadcastScalar(g.type().shape(), factor))));
  }

  /** Runs the optimizer's body for one parameter. */
  private void apply(
      Val.ConfiguredOptimizer optimizer, Weights.Weight w, Value gradient, Span place) {
    List<@Nullable AxisName> unnamed = Patterns.unnamed(w.type().rank());
    Scope scope = context.scope(Scope.Kind.OPTIMIZER, optimizer.module(), null);
    scope.names.putAll(optimizer.config());
    String weight = optimizer.decl().weight().name();
    scope.weightName = weight;
    scope.weightPath = w.path();
    Value parameter = phase.argument(w.path(), Entry.Kind.PARAMETER, w.type());
    scope.names.put(weight, new Val.Tensor(parameter, unnamed));
    scope.names.put(optimizer.decl().gradient().name(), new Val.Tensor(gradient, unnamed));
    context.call(
        place,
        optimizer.decl().name().name(),
        () ->
            context.at(
                w.path(),
                () -> {
                  evaluator.executor.run(optimizer.decl().body(), scope);
                  return w;
                }));
  }

  /** The new value where the step is finite, else the old. */
  private Value guarded(Value ok, Value next, Weights.Weight w, Span place) {
    return context.emit(
        place,
        () -> {
          Builder b = phase.builder;
          Value old = phase.argument(w.path(), w.kind(), w.type());
          return b.select(b.broadcastScalar(w.type().shape(), ok), next, old);
        });
  }
}
