package modelc.passes.autodiff;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import modelc.ir.Origin;
import modelc.ir.Role;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Callable;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Rewriter;
import modelc.ir.tensor.Value;
import modelc.passes.Inline;
import modelc.passes.Pass;
import org.jspecify.annotations.Nullable;

/**
 * Replaces every {@link Op.Gradient} by reverse-mode differentiation; all gradients of one loss
 * share one backward sweep. It does not simplify what it makes, and does not differentiate inside
 * callees.
 *
 * <p>A call with a stated gradient stays whole; one without is expanded where a loss depends on it.
 * A loss may itself contain gradients: they are replaced in order, and what replaces them is
 * differentiable as any other op.
 */
public final class Autodiff implements Pass {
  @Override
  public String name() {
    return "autodiff";
  }

  /**
   * The program without gradients.
   *
   * @throws NotDifferentiableException if a gradient would flow through something that has none
   */
  @Override
  public Program run(Program program) {
    return new Program(
        program.model(),
        program.entries().stream().map(e -> e.withFunction(differentiate(e.function()))).toList());
  }

  /** {@code f} without gradients; itself when it has none. */
  public static Function differentiate(Function f) {
    var roots = new ArrayList<>(f.parameters());
    roots.addAll(f.results());
    Map<Value, List<Value>> requests = requests(roots);
    if (requests.isEmpty()) {
      return f;
    }
    Set<Value> differentiated = new HashSet<>();
    differentiated.addAll(Graph.topological(requests.keySet()));

    Map<Value, Value> map = new HashMap<>();
    Map<Value, Map<Value, Value>> gradients = new HashMap<>();
    Rewriter.rewriteInto(
        roots,
        map,
        new Builder(),
        (old, op, b) -> {
          if (op instanceof Op.Gradient g) {
            Value loss = ((Op.Gradient) old.op()).loss();
            Map<Value, Value> sweep =
                gradients.computeIfAbsent(
                    loss, l -> Sweep.run(g.loss(), mapped(requests.get(l), map), b));
            Value gradient = sweep.get(g.wrt());
            return gradient != null ? gradient : zero(g.wrt(), old.origin(), b);
          }
          if (op instanceof Op.Call c && differentiated.contains(old) && isDerived(c.callee())) {
            Function body = Inline.inline(c.callee().body(), Autodiff::isDerived);
            return Inline.expand(body, c.arguments(), old.origin(), b).getFirst();
          }
          return b.emit(op);
        });
    return new Function(f.name(), mapped(f.parameters(), map), mapped(f.results(), map));
  }

  /** Whether the callee's gradient is derived from its body. */
  static boolean isDerived(Callable callee) {
    return callee.gradient() == null && callee.noGradient() == null;
  }

  /** What gradients are asked for, by loss, in the order of the graph. */
  private static Map<Value, List<Value>> requests(List<Value> roots) {
    Map<Value, List<Value>> requests = new LinkedHashMap<>();
    for (Value v : Graph.topological(roots)) {
      if (v.op() instanceof Op.Gradient g) {
        requests.computeIfAbsent(g.loss(), _ -> new ArrayList<>()).add(g.wrt());
      }
    }
    return requests;
  }

  /**
   * The new values for {@code old} ones; those not rewritten yet are left out (no loss so far
   * depends on them).
   */
  private static List<Value> mapped(@Nullable List<Value> old, Map<Value, Value> map) {
    return requireNonNull(old).stream()
        .filter(map::containsKey)
        .map(v -> requireNonNull(map.get(v)))
        .toList();
  }

  private static Value zero(Value wrt, Origin origin, Builder b) {
    return b.with(origin.withRole(Role.BACKWARD), () -> b.constantLike(wrt, 0));
  }
}
