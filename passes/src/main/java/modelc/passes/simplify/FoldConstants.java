package modelc.passes.simplify;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates ops over constants by the reference interpreter, so that folding means what running
 * means (in float64: a folded chain is rounded once, when it becomes a constant of the program).
 * Nothing large is folded.
 */
final class FoldConstants {
  /** Results and operands with more elements than this stay unfolded. */
  static final long MAX_ELEMENTS = 256;

  private FoldConstants() {}

  /** The constant that {@code op} is, or null. */
  static @Nullable Value fold(Op op, Builder b) {
    if (!isFoldable(op) || op.operands().isEmpty()) {
      return null;
    }
    if (isElementwise(op) && op.operands().stream().allMatch(FoldConstants::isConstant)) {
      return elementwise(op, b);
    }
    if (!op.operands().stream().allMatch(FoldConstants::isSmallConstant)) {
      return null;
    }
    Value result = new Builder().emit(op);
    return isSmall(result.type()) ? constant(evaluate(result), result.type(), b) : null;
  }

  /** A splat where all elements are the same bits, or null. */
  static @Nullable Value splat(Op.DenseConstant o, Builder b) {
    List<Double> values = o.values();
    if (values.isEmpty()) {
      return b.constant(o.type(), 0);
    }
    return values.stream().allMatch(values.getFirst()::equals)
        ? b.constant(o.type(), values.getFirst())
        : null;
  }

  /**
   * One number in every operand gives one number in every element, whatever the size: it is
   * evaluated once.
   */
  private static @Nullable Value elementwise(Op op, Builder b) {
    var scratch = new Builder();
    List<Value> scalars =
        op.operands().stream()
            .map(
                v ->
                    scratch.constant(
                        TensorType.scalar(v.type().dtype()), ((Op.Constant) v.op()).value()))
            .toList();
    Value scalar =
        switch (op) {
          case Op.Unary o -> scratch.unary(o.fn(), scalars.get(0));
          case Op.Binary o -> scratch.binary(o.fn(), scalars.get(0), scalars.get(1));
          case Op.Compare o -> scratch.compare(o.fn(), scalars.get(0), scalars.get(1));
          case Op.Select _ -> scratch.select(scalars.get(0), scalars.get(1), scalars.get(2));
          case Op.Convert o -> scratch.convert(o.to(), scalars.get(0));
          default -> throw new IllegalArgumentException(op.mnemonic());
        };
    TensorType type = scalar.type().withShape(op.operands().getFirst().type().shape());
    return b.constant(type, evaluate(scalar)[0]);
  }

  private static double[] evaluate(Value v) {
    var f = new Function("constant", List.of(), List.of(v));
    Tensor result = Interpreter.run(f, List.of(), Map.of()).getFirst();
    return result.data();
  }

  private static Value constant(double[] values, TensorType type, Builder b) {
    boolean same = Arrays.stream(values).allMatch(d -> Double.compare(d, values[0]) == 0);
    return same
        ? b.constant(type, values.length == 0 ? 0 : values[0])
        : b.dense(type, Arrays.stream(values).boxed().toList());
  }

  private static boolean isConstant(Value v) {
    return v.op() instanceof Op.Constant;
  }

  private static boolean isSmallConstant(Value v) {
    return (v.op() instanceof Op.Constant || v.op() instanceof Op.DenseConstant)
        && isSmall(v.type());
  }

  private static boolean isSmall(TensorType type) {
    Shape shape = type.shape();
    if (!shape.isConstant()) {
      return false;
    }
    Dim elements = shape.elements();
    return elements.constant() <= MAX_ELEMENTS;
  }

  private static boolean isElementwise(Op op) {
    return op instanceof Op.Unary
        || op instanceof Op.Binary
        || op instanceof Op.Compare
        || op instanceof Op.Select
        || op instanceof Op.Convert;
  }

  private static boolean isFoldable(Op op) {
    return switch (op) {
      case Op.Unary _,
          Op.Binary _,
          Op.Compare _,
          Op.Select _,
          Op.Convert _,
          Op.Reshape _,
          Op.Transpose _,
          Op.Slice _,
          Op.Pad _,
          Op.Concatenate _,
          Op.Reverse _,
          Op.Gather _,
          Op.ScatterAdd _,
          Op.Reduce _,
          Op.CumulativeSum _,
          Op.DotGeneral _ ->
          true;
      case Op.Parameter _,
          Op.Constant _,
          Op.DenseConstant _,
          Op.Iota _,
          Op.RandomBits _,
          Op.Broadcast _,
          Op.Convolution _,
          Op.ReduceWindow _,
          Op.SelectAndScatter _,
          Op.StopGradient _,
          Op.Call _,
          Op.Gradient _ ->
          false;
    };
  }
}
