package modelc.passes.simplify;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import modelc.ir.BinaryFn;
import modelc.ir.Shape;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * Factors that all terms of a sum share, pulled out of it: {@code sum(x * c) = c * sum(x)}, and
 * {@code sum(-x) = -sum(x)}. Sums that differ in such factors alone become one, as those of
 * normalisation's gradients do. It does not divide sums of sums: that may cancel badly.
 */
final class CommonFactors {
  /** Longer products are left as they are; no gradient makes one. */
  private static final int MAX_FACTORS = 16;

  private final Op.Reduce o;
  private final Shape result;
  private final Builder b;
  private final List<Value> common = new ArrayList<>();
  private final List<Value> others = new ArrayList<>();
  private boolean negated;
  private boolean any;

  CommonFactors(Op.Reduce o, Shape result, Builder b) {
    this.o = o;
    this.result = result;
    this.b = b;
  }

  /** The sum without them, times them; null if there are none, or nothing else. */
  @Nullable Value pulledOut() {
    collect(o.x());
    if (!any || others.isEmpty() || others.size() + common.size() > MAX_FACTORS) {
      return null;
    }
    Value term = others.getFirst();
    for (Value v : others.subList(1, others.size())) {
      term = b.multiply(term, v);
    }
    Value product = b.reduce(o.fn(), o.axes(), term);
    for (Value v : common) {
      product = b.multiply(product, reduced(v));
    }
    return negated ? b.unary(UnaryFn.NEGATE, product) : product;
  }

  /** The factors of {@code product}, from left to right. */
  private void collect(Value product) {
    var open = new ArrayList<>(List.of(product));
    while (!open.isEmpty()) {
      Value v = open.removeLast();
      switch (v.op()) {
        case Op.Binary m when m.fn() == BinaryFn.MULTIPLY && others.size() < MAX_FACTORS -> {
          open.add(m.y());
          open.add(m.x());
        }
        case Op.Unary u when u.fn() == UnaryFn.NEGATE -> {
          negated ^= true;
          any = true;
          open.add(u.x());
        }
        case Op.Broadcast r when Collections.disjoint(r.axes(), o.axes()) -> {
          any = true;
          common.add(v);
        }
        default -> others.add(v);
      }
    }
  }

  /** A common factor in the shape of the sum. */
  private Value reduced(Value v) {
    Op.Broadcast r = (Op.Broadcast) v.op();
    var axes = new ArrayList<Integer>();
    for (int axis : r.axes()) {
      axes.add(axis - (int) o.axes().stream().filter(a -> a < axis).count());
    }
    return b.broadcast(result, axes, r.x());
  }
}
