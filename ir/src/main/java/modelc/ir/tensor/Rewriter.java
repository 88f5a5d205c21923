package modelc.ir.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Rebuilds a function value by value: the loop every pass shares. A pass gives a rule from an op
 * over already rewritten operands to the value that replaces it.
 */
public final class Rewriter {
  /** What a value becomes. */
  @FunctionalInterface
  public interface Rule {
    /**
     * The replacement of {@code old}; {@code op} is its op over rewritten operands. {@code b} is
     * set to old's origin. Return {@code b.emit(op)} to keep it.
     */
    Value apply(Value old, Op op, Builder b);
  }

  private Rewriter() {}

  /**
   * {@code f} rebuilt by {@code rule}; parameters are kept as they are unless the rule replaces
   * them.
   */
  public static Function rewrite(Function f, Rule rule) {
    var b = new Builder();
    Map<Value, Value> map = new HashMap<>();
    var roots = new ArrayList<>(f.parameters());
    roots.addAll(f.results());
    rewriteInto(roots, map, b, rule);
    return new Function(
        f.name(),
        f.parameters().stream().map(map::get).toList(),
        f.results().stream().map(map::get).toList());
  }

  /**
   * Rewrites everything reachable from {@code roots} that {@code map} does not hold yet, adding to
   * {@code map}.
   */
  public static void rewriteInto(List<Value> roots, Map<Value, Value> map, Builder b, Rule rule) {
    for (Value v : Graph.topological(roots)) {
      if (map.containsKey(v)) {
        continue;
      }
      List<Value> operands = v.op().operands().stream().map(map::get).toList();
      Op op = operands.isEmpty() ? v.op() : Operands.replace(v.op(), operands);
      map.put(v, b.with(v.origin(), () -> rule.apply(v, op, b)));
    }
  }

  /**
   * Copies {@code f}'s body into {@code b} with {@code arguments} for its parameters; gives its
   * results.
   */
  public static List<Value> inline(Function f, List<Value> arguments, Builder b) {
    Map<Value, Value> map = new HashMap<>();
    for (int i = 0; i < f.parameters().size(); i++) {
      map.put(f.parameters().get(i), arguments.get(i));
    }
    rewriteInto(f.results(), map, b, (_, op, builder) -> builder.emit(op));
    return f.results().stream().map(map::get).toList();
  }
}
