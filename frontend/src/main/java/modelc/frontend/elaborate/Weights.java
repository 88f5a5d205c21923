package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import modelc.ir.Shape;
import modelc.ir.Span;
import modelc.ir.TensorType;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * Everything that persists between steps: parameters, states, optimizer states, in the order they
 * were declared.
 */
final class Weights {
  /**
   * One of them.
   *
   * @param owner path of the layer that declares it
   * @param op the layer's declaration
   * @param initial its first value, in the init entry
   */
  record Weight(
      String path,
      Entry.Kind kind,
      TensorType type,
      String owner,
      String op,
      Span declared,
      Value initial) {}

  private final Map<String, Weight> byPath = new LinkedHashMap<>();

  @Nullable Weight get(String path) {
    return byPath.get(path);
  }

  void add(Weight weight) {
    byPath.put(weight.path, weight);
  }

  Collection<Weight> all() {
    return byPath.values();
  }

  List<Weight> of(Entry.Kind kind) {
    return byPath.values().stream().filter(w -> w.kind == kind).toList();
  }

  /** Those the layer itself declares, inner layers not included. */
  List<Weight> ownedBy(String owner, Entry.Kind kind) {
    return byPath.values().stream().filter(w -> w.kind == kind && w.owner.equals(owner)).toList();
  }

  /** Those the layer declares and those of the layers in it. */
  List<Weight> within(String layer, Entry.Kind kind) {
    return byPath.values().stream()
        .filter(w -> w.kind == kind && (w.owner + ".").startsWith(layer + "."))
        .toList();
  }

  /** A weight of {@code before} that {@code seen} lacks. */
  static Optional<Weight> missing(Collection<Weight> before, Set<String> seen) {
    return before.stream().filter(w -> !seen.contains(w.path)).findFirst();
  }

  /** The sizes of each shape multiplied out, innermost first: {@code 5*5*1*6 + 6}. */
  static String formula(List<Weight> weights) {
    var terms = new ArrayList<String>();
    for (Weight w : weights) {
      terms.add(product(w.type.shape()));
    }
    return String.join(" + ", terms);
  }

  static String product(Shape shape) {
    if (shape.rank() == 0) {
      return "1";
    }
    return String.join("*", shape.dims().reversed().stream().map(Object::toString).toList());
  }

  static long elements(List<Weight> weights) {
    return weights.stream().mapToLong(w -> w.type.shape().elements().constant()).sum();
  }
}
