package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import modelc.frontend.diagnostic.Code;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Span;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/** The operator {@code @}: the last axis of the left against the last but one of the right. */
final class Products {
  private final Context context;

  Products(Context context) {
    this.context = context;
  }

  Val.Tensor matmul(Val.Tensor x, Val.Tensor y, Span place) {
    if (x.rank() == 0 || y.rank() == 0) {
      throw context.error(
          Code.SHAPES,
          place,
          "`@` needs axes to multiply along",
          shapes(x, y),
          "scalars multiply with `*`");
    }
    int xContract = x.rank() - 1;
    int yContract = Math.max(y.rank() - 2, 0);
    Dim k = x.type().dim(xContract);
    if (!k.equals(y.type().dim(yContract))) {
      throw context.error(
          Code.SHAPES,
          place,
          "these shapes do not multiply: "
              + k
              + " columns against "
              + y.type().dim(yContract)
              + " rows",
          shapes(x, y),
          "`x @ y` wants [..., m, k] @ [..., k, n]; weights are [out, in], so a product with them is `x @ transpose(w)`");
    }
    if (y.rank() <= 2) {
      return byMatrix(x, y, place);
    }
    return batched(x, y, place);
  }

  private static String shapes(Val.Tensor x, Val.Tensor y) {
    return Show.axes(x) + " @ " + Show.axes(y);
  }

  /** Any number of rows against one matrix or vector; a transposed matrix is read in place. */
  private Val.Tensor byMatrix(Val.Tensor x, Val.Tensor y, Span place) {
    List<@Nullable AxisName> names = new ArrayList<>(x.axes().subList(0, x.rank() - 1));
    if (y.rank() == 2) {
      names.add(y.axes().get(1));
    }
    Value v =
        context.emit(
            place,
            () ->
                y.rank() == 2 && y.value().op() instanceof Op.Transpose t
                    ? context
                        .builder()
                        .dotGeneral(
                            List.of(),
                            List.of(),
                            List.of(x.rank() - 1),
                            List.of(1),
                            x.value(),
                            t.x())
                    : context
                        .builder()
                        .dotGeneral(
                            List.of(),
                            List.of(),
                            List.of(x.rank() - 1),
                            List.of(0),
                            x.value(),
                            y.value()));
    return new Val.Tensor(v, names);
  }

  /**
   * Matrices against matrices, one for each place of the leading axes; a single matrix on the left
   * serves all.
   */
  private Val.Tensor batched(Val.Tensor x, Val.Tensor y, Span place) {
    int lead = y.rank() - 2;
    List<Dim> leading = y.type().shape().dims().subList(0, lead);
    Value left = x.value();
    List<@Nullable AxisName> leadNames = new ArrayList<>(y.axes().subList(0, lead));
    if (x.rank() == y.rank()) {
      for (int i = 0; i < lead; i++) {
        if (!x.type().dim(i).equals(leading.get(i))) {
          throw context.error(Code.SHAPES, place, "the leading axes of `@` differ", shapes(x, y));
        }
        if (leadNames.get(i) == null) {
          leadNames.set(i, x.axes().get(i));
        }
      }
    } else if (x.rank() <= 2) {
      var dims = new ArrayList<>(leading);
      dims.addAll(x.type().shape().dims());
      List<Integer> axes = IntStream.range(lead, lead + x.rank()).boxed().toList();
      left =
          context.emit(place, () -> context.builder().broadcast(new Shape(dims), axes, x.value()));
    } else {
      throw context.error(
          Code.SHAPES, place, "the leading axes of `@` differ in number", shapes(x, y));
    }
    Value wide = left;
    List<Integer> batch = IntStream.range(0, lead).boxed().toList();
    int last = wide.type().rank() - 1;
    Value v =
        context.emit(
            place,
            () ->
                context
                    .builder()
                    .dotGeneral(batch, batch, List.of(last), List.of(lead), wide, y.value()));
    if (x.rank() >= 2) {
      leadNames.add(x.axes().get(x.rank() - 2));
    }
    leadNames.add(y.axes().get(y.rank() - 1));
    return new Val.Tensor(v, leadNames);
  }
}
