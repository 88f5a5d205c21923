package modelc.ir.tensor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Walks over value graphs. Iterative throughout: graphs are as deep as networks are. */
public final class Graph {
  private Graph() {}

  /** Every value reachable from {@code roots}, operands before users, in a deterministic order. */
  public static List<Value> topological(Collection<Value> roots) {
    var order = new ArrayList<Value>();
    Set<Value> done = Collections.newSetFromMap(new IdentityHashMap<>());
    Set<Value> open = Collections.newSetFromMap(new IdentityHashMap<>());
    var stack = new ArrayDeque<Value>();
    for (Value root : roots) {
      stack.push(root);
      while (!stack.isEmpty()) {
        Value v = stack.peek();
        if (done.contains(v)) {
          stack.pop();
        } else if (open.add(v)) {
          List<Value> operands = v.op().operands();
          for (int i = operands.size() - 1; i >= 0; i--) {
            if (!done.contains(operands.get(i))) {
              stack.push(operands.get(i));
            }
          }
        } else {
          stack.pop();
          done.add(v);
          order.add(v);
        }
      }
    }
    return order;
  }

  /** For each value reachable from {@code roots}, the values that use it (once per use). */
  public static Map<Value, List<Value>> users(Collection<Value> roots) {
    var users = new IdentityHashMap<Value, List<Value>>();
    for (Value v : topological(roots)) {
      users.putIfAbsent(v, new ArrayList<>());
      for (Value operand : v.op().operands()) {
        users.computeIfAbsent(operand, _ -> new ArrayList<>()).add(v);
      }
    }
    return users;
  }
}
