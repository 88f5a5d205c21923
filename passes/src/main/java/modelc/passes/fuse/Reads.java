package modelc.passes.fuse;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import modelc.ir.Origin;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;

/**
 * What computing a kept value reads, through everything that is not kept.
 *
 * @param elementwise kept values of which element i is needed for element i
 * @param indexed kept values of which other elements are needed
 * @param origins of all values computed on the way
 */
record Reads(Set<Value> elementwise, Set<Value> indexed, Set<Origin> origins, Set<Value> kept) {

  static Reads of(Value v, Set<Value> kept) {
    var reads =
        new Reads(new LinkedHashSet<>(), new LinkedHashSet<>(), new LinkedHashSet<>(), kept);
    reads.origins.add(v.origin());
    boolean elementwise = Kinds.isElementwise(v);
    v.op().operands().forEach(x -> reads.walk(x, elementwise));
    return reads;
  }

  /** The kept values {@code x} is, or is computed from, element by element. */
  Set<Value> elementwiseOf(Value x) {
    var of = new Reads(new LinkedHashSet<>(), new LinkedHashSet<>(), new LinkedHashSet<>(), kept);
    of.walk(x, true);
    return of.elementwise;
  }

  Set<Value> all() {
    var all = new LinkedHashSet<>(elementwise);
    all.addAll(indexed);
    return all;
  }

  private record Step(Value value, boolean elementwise) {}

  private void walk(Value from, boolean sameElement) {
    var seen = new HashSet<Step>();
    var open = new ArrayList<>(List.of(new Step(from, sameElement)));
    while (!open.isEmpty()) {
      Step s = open.removeLast();
      if (!seen.add(s)) {
        continue;
      }
      if (kept.contains(s.value) || s.value.op() instanceof Op.Parameter) {
        (s.elementwise ? elementwise : indexed).add(s.value);
        continue;
      }
      origins.add(s.value.origin());
      boolean elementwise = s.elementwise && Kinds.isElementwise(s.value);
      s.value.op().operands().forEach(x -> open.add(new Step(x, elementwise)));
    }
  }
}
