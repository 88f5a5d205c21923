package modelc.frontend.elaborate;

import java.util.List;
import java.util.stream.IntStream;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Span;
import modelc.ir.TensorType;
import modelc.ir.tensor.Value;

/**
 * The mean over all axes, as a float32 scalar: what a recipe makes of a loss or metric per example.
 */
final class Averages {
  private final Evaluator evaluator;
  private final Context context;

  Averages(Evaluator evaluator) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
  }

  Value over(Val.Tensor t, Span place) {
    if (t.rank() == 0) {
      return context.emit(place, () -> context.builder().convert(DType.F32, t.value()));
    }
    Dim count = t.type().shape().elements();
    List<Integer> axes = IntStream.range(0, t.rank()).boxed().toList();
    Value n =
        count.isConstant()
            ? context.emit(
                place,
                () ->
                    context
                        .builder()
                        .constant(TensorType.scalar(DType.F32), (double) count.constant()))
            : context.emit(
                place,
                () ->
                    context
                        .builder()
                        .convert(
                            DType.F32,
                            evaluator.arithmetic.scalar(new Val.Size(count, null), place).value()));
    return context.emit(
        place, () -> context.builder().divide(context.builder().sum(axes, t.value()), n));
  }
}
