package modelc.passes.simplify;

import java.util.OptionalDouble;
import modelc.ir.Shape;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * Recognises values whose elements are all one number known at compile time. It evaluates nothing:
 * only constants seen through ops that move elements.
 */
public final class Splat {
  /** Ops looked through, so that looking costs the same everywhere. */
  static final int MAX_DEPTH = 16;

  private Splat() {}

  /** The number in every element of {@code v}, if it is known. */
  public static OptionalDouble of(Value v) {
    Value source = v;
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
      switch (source.op()) {
        case Op.Constant c -> {
          return OptionalDouble.of(c.value());
        }
        case Op.Broadcast o -> source = o.x();
        case Op.Reshape o -> source = o.x();
        case Op.Transpose o -> source = o.x();
        default -> {
          return OptionalDouble.empty();
        }
      }
    }
    return OptionalDouble.empty();
  }

  /**
   * Whether every element of {@code v} is known to equal {@code value} ({@code -0.0} equals {@code
   * 0.0}).
   */
  public static boolean is(Value v, double value) {
    OptionalDouble known = of(v);
    return known.isPresent() && known.getAsDouble() == value;
  }

  /**
   * The scalar that {@code v} repeats, if it is a broadcast of one or a constant: what is done to
   * every element is then done once. A scalar itself repeats nothing.
   */
  static @Nullable Value scalar(Value v, Builder b) {
    if (v.op() instanceof Op.Broadcast o) {
      return o.x().type().shape().equals(Shape.SCALAR) ? o.x() : null;
    }
    return v.op() instanceof Op.Constant c && v.type().rank() > 0
        ? b.constant(v.type().withShape(Shape.SCALAR), c.value())
        : null;
  }
}
