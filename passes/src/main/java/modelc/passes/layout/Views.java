package modelc.passes.layout;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import modelc.ir.Dim;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;

/**
 * Values that are other values' memory read with other strides: transposes, and reshapes of
 * neighbouring axes.
 *
 * <p>It gives nothing memory; fusion does.
 */
public final class Views {
  private Views() {}

  /**
   * The strides of {@code v} over the memory of {@code base}, from which transposes and reshapes
   * lead to it.
   */
  public static Optional<List<Dim>> strides(Value v, Value base, List<Dim> baseStrides) {
    if (v == base) {
      return Optional.of(baseStrides);
    }
    return switch (v.op()) {
      case Op.Transpose t ->
          strides(t.x(), base, baseStrides).map(s -> t.permutation().stream().map(s::get).toList());
      case Op.Reshape r ->
          strides(r.x(), base, baseStrides)
              .flatMap(s -> Reshapes.strides(r.x().type().shape(), s, r.shape()));
      default -> Optional.empty();
    };
  }

  /**
   * The value nearest to the parameters whose memory serves as that of {@code v}, with strides that
   * {@code fit}.
   */
  public static Value memory(Value v, Layouts layouts, Predicate<List<Dim>> fit) {
    Value best = v;
    Value base = v;
    while (true) {
      switch (base.op()) {
        case Op.Transpose t -> base = t.x();
        case Op.Reshape r -> base = r.x();
        default -> {
          return best;
        }
      }
      List<Dim> from = layouts.of(base).strides(base.type().shape());
      if (strides(v, base, from).filter(fit).isPresent()) {
        best = base;
      }
    }
  }

  /** True when both strides put the elements of {@code v} in the same places. */
  public static boolean same(Value v, List<Dim> a, List<Dim> b) {
    for (int i = 0; i < a.size(); i++) {
      if (!v.type().dim(i).isOne() && !a.get(i).equals(b.get(i))) {
        return false;
      }
    }
    return true;
  }
}
