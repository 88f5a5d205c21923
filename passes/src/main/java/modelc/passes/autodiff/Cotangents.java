package modelc.passes.autodiff;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import modelc.ir.Dim;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Value;
import modelc.passes.simplify.Splat;
import org.jspecify.annotations.Nullable;

/**
 * The cotangents gathered so far in a backward sweep, summed in the order they come. It decides
 * which are worth making: those of values without a gradient, or plainly zero, never are.
 */
final class Cotangents {
  private final Set<Value> active;
  private final Builder b;
  private final Map<Value, List<Value>> parts = new HashMap<>();

  Cotangents(Set<Value> active, Builder b) {
    this.active = active;
    this.b = b;
  }

  /**
   * Adds what {@code cotangent} makes to {@code operand}'s; does not make it when there is no use
   * for it.
   */
  void add(Value operand, Supplier<Value> cotangent) {
    if (!active.contains(operand) || isEmpty(operand)) {
      return;
    }
    Value made = cotangent.get();
    if (!made.type().equals(operand.type())) {
      throw new IllegalStateException(
          "cotangent " + made.type() + " of " + operand.type() + " " + operand.op().mnemonic());
    }
    if (!Splat.is(made, 0)) {
      parts.computeIfAbsent(operand, _ -> new ArrayList<>()).add(made);
    }
  }

  boolean reached(Value v) {
    return parts.containsKey(v);
  }

  /** The sum of {@code v}'s cotangents, or null when there is none. */
  @Nullable Value take(Value v) {
    List<Value> all = parts.remove(v);
    return all == null ? null : all.stream().reduce(b::add).orElseThrow();
  }

  static boolean isEmpty(Value v) {
    return v.type().shape().elements().equals(Dim.of(0));
  }
}
