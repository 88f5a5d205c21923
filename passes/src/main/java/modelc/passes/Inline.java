package modelc.passes;

import static java.util.Objects.requireNonNull;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import modelc.ir.Origin;
import modelc.ir.Role;
import modelc.ir.Span;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Callable;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Rewriter;
import modelc.ir.tensor.Value;

/**
 * Replaces every {@link Op.Call} by the callee's body. It does not differentiate: stated gradients
 * are lost, so it runs after autodiff.
 *
 * <p>Each body is flattened once, innermost callees first, without recursion.
 */
public final class Inline implements Pass {
  @Override
  public String name() {
    return "inline";
  }

  @Override
  public Program run(Program program) {
    return new Program(
        program.model(),
        program.entries().stream().map(e -> e.withFunction(inline(e.function()))).toList());
  }

  /** {@code f} without calls. */
  public static Function inline(Function f) {
    return inline(f, _ -> true);
  }

  /**
   * {@code f} without calls of the callees that {@code which} holds for, the bodies expanded
   * included.
   */
  public static Function inline(Function f, Predicate<Callable> which) {
    Map<Function, Function> flat = new HashMap<>();
    var stack = new ArrayDeque<Function>();
    stack.push(f);
    while (!stack.isEmpty()) {
      Function top = stack.peek();
      if (flat.containsKey(top)) {
        stack.pop();
        continue;
      }
      List<Function> missing =
          callees(top, which).stream().filter(c -> !flat.containsKey(c)).toList();
      if (missing.isEmpty()) {
        stack.pop();
        flat.put(top, flatten(top, which, flat));
      } else {
        missing.forEach(stack::push);
      }
    }
    return requireNonNull(flat.get(f));
  }

  /**
   * Copies {@code body} into {@code b} with {@code arguments} for its parameters and gives its
   * results. The copies' origins extend {@code site}, and have its role unless it is the forward
   * one.
   */
  public static List<Value> expand(Function body, List<Value> arguments, Origin site, Builder b) {
    Map<Value, Value> map = new HashMap<>();
    for (int i = 0; i < body.parameters().size(); i++) {
      map.put(body.parameters().get(i), arguments.get(i));
    }
    Rewriter.rewriteInto(
        body.results(),
        map,
        b,
        (old, op, builder) -> builder.with(within(site, old.origin()), () -> builder.emit(op)));
    return body.results().stream().map(v -> requireNonNull(map.get(v))).toList();
  }

  private static Function flatten(
      Function f, Predicate<Callable> which, Map<Function, Function> flat) {
    return Rewriter.rewrite(
        f,
        (old, op, b) -> {
          if (op instanceof Op.Call call && which.test(call.callee())) {
            Function body = requireNonNull(flat.get(call.callee().body()));
            return expand(body, call.arguments(), old.origin(), b).getFirst();
          }
          return b.emit(op);
        });
  }

  private static List<Function> callees(Function f, Predicate<Callable> which) {
    var bodies = new ArrayList<Function>();
    for (Value v : Graph.topological(f.results())) {
      if (v.op() instanceof Op.Call call && which.test(call.callee())) {
        bodies.add(call.callee().body());
      }
    }
    return bodies;
  }

  /**
   * The origin of a value of a body expanded at {@code site}; a body built for that site names it
   * already.
   */
  private static Origin within(Origin site, Origin inner) {
    var chain = new ArrayList<Span>(inner.chain());
    boolean named =
        chain.size() >= site.chain().size()
            && chain.subList(0, site.chain().size()).equals(site.chain());
    if (!named) {
      chain.addAll(0, site.chain());
    }
    return new Origin(
        inner.path().isEmpty() ? site.path() : inner.path(),
        chain,
        site.role() == Role.FORWARD ? inner.role() : site.role());
  }
}
