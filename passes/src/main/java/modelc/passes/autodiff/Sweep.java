package modelc.passes.autodiff;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import modelc.ir.Role;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;

/**
 * One backward sweep: from a loss to everything a gradient is asked for. It visits only values on a
 * path from one of them to the loss; the rules themselves are {@link Vjp}'s.
 */
final class Sweep {
  private Sweep() {}

  /**
   * The gradients of the scalar {@code loss}, made in {@code b}, for those of {@code wrt} that it
   * depends on; the others' are zero.
   */
  static Map<Value, Value> run(Value loss, List<Value> wrt, Builder b) {
    List<Value> order = Graph.topological(List.of(loss));
    Set<Value> wanted = new HashSet<>();
    wanted.addAll(wrt);
    var cotangents = new Cotangents(active(order, wanted), b);
    b.with(
        loss.origin().withRole(Role.BACKWARD),
        () -> {
          cotangents.add(loss, () -> b.constantLike(loss, 1));
          return loss;
        });
    Map<Value, Value> gradients = new HashMap<>();
    for (Value v : order.reversed()) {
      if (!cotangents.reached(v)) {
        continue;
      }
      b.with(
          v.origin().withRole(Role.BACKWARD),
          () -> {
            Value cotangent = requireNonNull(cotangents.take(v));
            if (wanted.contains(v)) {
              gradients.put(v, cotangent);
            }
            Vjp.apply(v, cotangent, cotangents, b);
            return v;
          });
    }
    return gradients;
  }

  /**
   * The values of {@code order} (operands first) whose derivative with respect to a wanted one is
   * not plainly zero.
   */
  private static Set<Value> active(List<Value> order, Set<Value> wanted) {
    Set<Value> active = new HashSet<>();
    for (Value v : order) {
      boolean depends =
          v.type().dtype().isFloat()
              && !isFlat(v.op())
              && v.op().operands().stream().anyMatch(active::contains);
      if (wanted.contains(v) || depends) {
        active.add(v);
      }
    }
    return active;
  }

  /** Whether the derivative of {@code op} is zero wherever it exists. */
  private static boolean isFlat(Op op) {
    return switch (op) {
      case Op.Unary o ->
          switch (o.fn()) {
            case SIGN, FLOOR, CEIL, ROUND_NEAREST_EVEN, IS_FINITE, NOT -> true;
            case NEGATE,
                ABS,
                EXP,
                EXPM1,
                LOG,
                LOG1P,
                SQRT,
                RSQRT,
                TANH,
                LOGISTIC,
                ERF,
                SINE,
                COSINE ->
                false;
          };
      case Op.StopGradient _ -> true;
      case Op.Parameter _,
          Op.Constant _,
          Op.DenseConstant _,
          Op.Iota _,
          Op.RandomBits _,
          Op.Binary _,
          Op.Compare _,
          Op.Select _,
          Op.Convert _,
          Op.Reshape _,
          Op.Transpose _,
          Op.Broadcast _,
          Op.Slice _,
          Op.Pad _,
          Op.Concatenate _,
          Op.Reverse _,
          Op.Gather _,
          Op.ScatterAdd _,
          Op.Reduce _,
          Op.CumulativeSum _,
          Op.DotGeneral _,
          Op.Convolution _,
          Op.ReduceWindow _,
          Op.SelectAndScatter _,
          Op.Call _,
          Op.Gradient _ ->
          false;
    };
  }
}
