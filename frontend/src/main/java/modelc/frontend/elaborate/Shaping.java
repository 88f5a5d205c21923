package modelc.frontend.elaborate;

import static modelc.frontend.elaborate.Primitives.arg;
import static modelc.frontend.elaborate.Primitives.integer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import modelc.frontend.diagnostic.Code;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Span;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/** The primitives that move elements without computing on them, and those that read shapes. */
final class Shaping {
  private final Evaluator evaluator;
  private final Context context;

  Shaping(Evaluator evaluator) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
  }

  Val call(Primitive p, Map<String, Val> a, Span place) {
    if (p == Primitive.CONCAT) {
      return concat((Val.ListVal) arg(a, "parts"), (Val.Axes) arg(a, "axis"), place);
    }
    if (p == Primitive.SHAPE && !(arg(a, "x") instanceof Val.Tensor)) {
      return new Val.ListVal(List.of());
    }
    Val.Tensor x = Primitives.tensor(context, p, a, "x", place);
    return switch (p) {
      case TRANSPOSE -> transpose(x, place);
      case PERMUTE -> permute(x, (Val.Axes) arg(a, "order"), place);
      case RESHAPE -> reshape(x, (Val.ListVal) arg(a, "to"), place);
      case SPLIT -> split(x, integer(a, "parts"), axis(a, x, place), place);
      case SLICE ->
          slice(
              x,
              axis(a, x, place),
              integer(a, "from"),
              integer(a, "to"),
              integer(a, "step"),
              place);
      case PAD_AXIS -> pad(x, axis(a, x, place), a, place);
      case REVERSE -> {
        List<Integer> axes = evaluator.conversions.indices((Val.Axes) arg(a, "over"), x, place);
        yield new Val.Tensor(
            context.emit(place, () -> context.builder().reverse(axes, x.value())), x.axes());
      }
      case TAKE -> take(x, arg(a, "indices"), axis(a, x, place), place);
      case IOTA -> {
        int axis = axis(a, x, place);
        yield new Val.Tensor(
            context.emit(place, () -> context.builder().iota(x.type().withDType(DType.I32), axis)),
            x.axes());
      }
      case SHAPE -> shape(x);
      default -> throw new IllegalStateException("not a shaping primitive: " + p);
    };
  }

  private int axis(Map<String, Val> a, Val.Tensor x, Span place) {
    return evaluator.conversions.index(((Val.Axes) arg(a, "axis")).axes().getFirst(), x, place);
  }

  private static Val shape(Val.Tensor x) {
    var sizes = new ArrayList<Val>();
    for (int i = 0; i < x.rank(); i++) {
      sizes.add(Patterns.named(Arithmetic.ofDim(x.type().dim(i)), x.axes().get(i)));
    }
    return new Val.ListVal(sizes);
  }

  private Val transpose(Val.Tensor x, Span place) {
    if (x.rank() < 2) {
      throw context.error(
          Code.SHAPES,
          place,
          "`transpose` swaps the last two axes",
          Show.type(x.type()) + " has fewer");
    }
    List<Integer> order = new ArrayList<>(IntStream.range(0, x.rank()).boxed().toList());
    Collections.swap(order, x.rank() - 1, x.rank() - 2);
    return permuted(x, order, place);
  }

  private Val permute(Val.Tensor x, Val.Axes axes, Span place) {
    List<Integer> order =
        axes.axes().stream().map(axis -> evaluator.conversions.index(axis, x, place)).toList();
    if (order.stream().distinct().count() != x.rank() || order.size() != x.rank()) {
      throw context.error(
          Code.SHAPES,
          place,
          "`permute` names every axis once",
          Show.named(x) + " in the order given: " + order);
    }
    return permuted(x, order, place);
  }

  private Val permuted(Val.Tensor x, List<Integer> order, Span place) {
    Value v = context.emit(place, () -> context.builder().transpose(order, x.value()));
    var names = new ArrayList<@Nullable AxisName>();
    order.forEach(i -> names.add(x.axes().get(i)));
    return new Val.Tensor(v, names);
  }

  private Val reshape(Val.Tensor x, Val.ListVal to, Span place) {
    Shape shape = evaluator.patterns.shape(to, place);
    if (!shape.elements().equals(x.type().shape().elements())) {
      throw context.error(
          Code.SHAPES,
          place,
          "a reshape keeps the number of elements: "
              + x.type().shape().elements()
              + " is not "
              + shape.elements(),
          Show.type(x.type()) + " to " + Show.type(x.type().withShape(shape)));
    }
    return new Val.Tensor(
        context.emit(place, () -> context.builder().reshape(shape, x.value())),
        Patterns.axisNames(to));
  }

  private Val concat(Val.ListVal parts, Val.Axes axes, Span place) {
    var tensors = new ArrayList<Val.Tensor>();
    for (Val v : parts.items()) {
      if (!(v instanceof Val.Tensor t)) {
        throw context.error(
            Code.ARGUMENT_TYPE, place, "`concat` joins tensors, not " + Show.kind(v), "");
      }
      tensors.add(t);
    }
    if (tensors.isEmpty()) {
      throw context.error(Code.ARGUMENT_TYPE, place, "`concat` needs at least one tensor", "");
    }
    Val.Tensor first = tensors.getFirst();
    int axis = evaluator.conversions.index(axes.axes().getFirst(), first, place);
    for (Val.Tensor t : tensors) {
      boolean fits = t.rank() == first.rank() && t.type().dtype() == first.type().dtype();
      for (int i = 0; fits && i < t.rank(); i++) {
        fits =
            i == axis ? t.type().dim(i).isConstant() : t.type().dim(i).equals(first.type().dim(i));
      }
      if (!fits) {
        throw context.error(
            Code.SHAPES,
            place,
            "these shapes do not join along axis " + axis,
            String.join(" with ", tensors.stream().map(x -> Show.shape(x.type())).toList()),
            "all other axes must have equal sizes");
      }
    }
    var names = new ArrayList<@Nullable AxisName>(first.axes());
    if (tensors.size() > 1) {
      names.set(axis, null);
    }
    Value v =
        context.emit(
            place,
            () ->
                context
                    .builder()
                    .concatenate(axis, tensors.stream().map(Val.Tensor::value).toList()));
    return new Val.Tensor(v, names);
  }

  private long constantSize(Val.Tensor x, int axis, Span place) {
    Dim dim = x.type().dim(axis);
    if (!dim.isConstant()) {
      throw context.error(
          Code.RUN_TIME_VALUE,
          place,
          "the size of this axis, " + dim + ", is known only at run time",
          Show.type(x.type()));
    }
    return dim.constant();
  }

  private Val split(Val.Tensor x, long parts, int axis, Span place) {
    long size = constantSize(x, axis, place);
    if (parts < 1 || size % parts != 0) {
      throw context.error(
          Code.INEXACT_DIVISION,
          place,
          "an axis of " + size + " does not split into " + parts + " equal parts",
          "");
    }
    evaluator.arithmetic.checkLength(parts, place);
    var result = new ArrayList<Val>();
    for (long i = 0; i < parts; i++) {
      result.add(cut(x, axis, i * (size / parts), (i + 1) * (size / parts), 1, place));
    }
    return new Val.ListVal(result);
  }

  private Val slice(Val.Tensor x, int axis, long from, long to, long step, Span place) {
    long size = constantSize(x, axis, place);
    if (from < 0 || to < from || to > size || step < 1) {
      throw context.error(
          Code.INDEX,
          place,
          "a slice from "
              + from
              + " to "
              + to
              + " in steps of "
              + step
              + " is outside an axis of "
              + size,
          "");
    }
    return cut(x, axis, from, to, step, place);
  }

  private Val cut(Val.Tensor x, int axis, long from, long to, long step, Span place) {
    var start = new ArrayList<>(Collections.nCopies(x.rank(), 0L));
    var limit = new ArrayList<>(x.type().shape().dims());
    var stride = new ArrayList<>(Collections.nCopies(x.rank(), 1L));
    start.set(axis, from);
    limit.set(axis, Dim.of(to));
    stride.set(axis, step);
    var names = new ArrayList<@Nullable AxisName>(x.axes());
    Value v = context.emit(place, () -> context.builder().slice(start, limit, stride, x.value()));
    if (!v.type().dim(axis).equals(x.type().dim(axis))) {
      names.set(axis, null);
    }
    return new Val.Tensor(v, names);
  }

  private Val pad(Val.Tensor x, int axis, Map<String, Val> a, Span place) {
    var low = new ArrayList<>(Collections.nCopies(x.rank(), 0L));
    var high = new ArrayList<>(Collections.nCopies(x.rank(), 0L));
    List<Long> interior = Collections.nCopies(x.rank(), 0L);
    constantSize(x, axis, place);
    low.set(axis, integer(a, "low"));
    high.set(axis, integer(a, "high"));
    double value = Numbers.real(arg(a, "value"));
    Value v =
        context.emit(place, () -> context.builder().pad(low, high, interior, value, x.value()));
    var names = new ArrayList<@Nullable AxisName>(x.axes());
    if (!v.type().equals(x.type())) {
      names.set(axis, null);
    }
    return new Val.Tensor(v, names);
  }

  private Val take(Val.Tensor x, Val indices, int axis, Span place) {
    Val.Tensor i = evaluator.arithmetic.tensor(indices, DType.I32, place);
    if (i.type().dtype() != DType.I32) {
      throw context.error(
          Code.ELEMENT_TYPES,
          place,
          "indices are i32, not " + i.type().dtype(),
          "",
          "convert: `cast(x, i32)`");
    }
    Value v = context.emit(place, () -> context.builder().gather(axis, x.value(), i.value()));
    List<@Nullable AxisName> names = new ArrayList<>(x.axes());
    names.remove(axis);
    names.addAll(axis, i.axes());
    return new Val.Tensor(v, names);
  }
}
