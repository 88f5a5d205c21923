package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import modelc.frontend.diagnostic.Code;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Span;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * Brings operands to one shape: scalars anywhere, equal ranks place by place, a smaller rank only
 * where each of its axes is named exactly once in the larger. Nothing is aligned silently from the
 * end.
 */
final class Broadcasting {
  private final Context context;

  Broadcasting(Context context) {
    this.context = context;
  }

  private static final class Target {
    final List<Dim> dims = new ArrayList<>();
    final List<@Nullable AxisName> names = new ArrayList<>();
  }

  /** What is done with the operands, for messages: {@code add}, {@code " + "}. */
  record Doing(String verb, String sign) {
    static final Doing COMBINE = new Doing("go together", ", ");
  }

  /** The operands in one shape, with one list of axis names. Element types are left as they are. */
  List<Val.Tensor> align(Doing doing, List<Val.Tensor> operands, Span place) {
    int rank = operands.stream().mapToInt(Val.Tensor::rank).max().orElse(0);
    var target = new Target();
    for (Val.Tensor t : operands) {
      if (t.rank() == rank) {
        merge(target, t, doing, operands, place);
      }
    }
    var shape = new Shape(target.dims);
    var aligned = new ArrayList<Val.Tensor>();
    for (Val.Tensor t : operands) {
      aligned.add(new Val.Tensor(bring(t, shape, target, doing, operands, place), target.names));
    }
    return aligned;
  }

  private void merge(
      Target target, Val.Tensor t, Doing doing, List<Val.Tensor> operands, Span place) {
    if (target.dims.isEmpty()) {
      target.dims.addAll(t.type().shape().dims());
      target.names.addAll(t.axes());
      return;
    }
    for (int i = 0; i < t.rank(); i++) {
      Dim have = target.dims.get(i);
      Dim dim = t.type().dim(i);
      if (have.isOne()) {
        target.dims.set(i, dim);
      } else if (!dim.isOne() && !dim.equals(have)) {
        throw mismatch(doing, operands, place, "axis " + i + " has " + have + " against " + dim);
      }
      AxisName known = target.names.get(i);
      AxisName name = t.axes().get(i);
      if (known == null) {
        target.names.set(i, name);
      } else if (name != null && !name.equals(known)) {
        throw context.error(
            Code.AXES_CONFLICT,
            place,
            "axis " + i + " is `" + known + "` on one side and `" + name + "` on the other",
            shapes(operands, doing),
            "bring the axes into one order with `permute`, or name them alike");
      }
    }
  }

  private Value bring(
      Val.Tensor t,
      Shape shape,
      Target target,
      Doing doing,
      List<Val.Tensor> operands,
      Span place) {
    if (t.type().shape().equals(shape)) {
      return t.value();
    }
    if (t.value().op() instanceof Op.Constant c) {
      return context.emit(
          place, () -> context.builder().constant(c.type().withShape(shape), c.value()));
    }
    if (t.rank() == 0) {
      return context.emit(place, () -> context.builder().broadcastScalar(shape, t.value()));
    }
    if (t.rank() == shape.rank()) {
      List<Integer> all = IntStream.range(0, t.rank()).boxed().toList();
      return context.emit(place, () -> context.builder().broadcast(shape, all, t.value()));
    }
    var axes = new ArrayList<Integer>();
    for (int i = 0; i < t.rank(); i++) {
      axes.add(place(t, i, target, doing, operands, place));
    }
    List<Integer> order =
        IntStream.range(0, t.rank()).boxed().sorted((a, b) -> axes.get(a) - axes.get(b)).toList();
    List<Integer> sorted = axes.stream().sorted().toList();
    return context.emit(
        place,
        () ->
            context
                .builder()
                .broadcast(shape, sorted, context.builder().transpose(order, t.value())));
  }

  private int place(
      Val.Tensor t, int axis, Target target, Doing doing, List<Val.Tensor> operands, Span place) {
    AxisName name = t.axes().get(axis);
    if (name == null || Collections.frequency(target.names, name) != 1) {
      String why =
          name == null
              ? "axis " + axis + " of the smaller one has no name"
              : "axis `" + name + "` is not named exactly once in the larger one";
      throw mismatch(doing, operands, place, why);
    }
    int at = target.names.indexOf(name);
    Dim dim = t.type().dim(axis);
    if (!dim.isOne() && !dim.equals(target.dims.get(at))) {
      throw mismatch(
          doing,
          operands,
          place,
          "axis `" + name + "` has " + target.dims.get(at) + " against " + dim);
    }
    return at;
  }

  private Problem mismatch(Doing doing, List<Val.Tensor> operands, Span place, String why) {
    boolean ranks =
        operands.stream().mapToInt(Val.Tensor::rank).filter(r -> r > 0).distinct().count() > 1;
    return new Problem(
        context.blamed(
            modelc.frontend.diagnostic.Diagnostic.of(
                    Code.SHAPES,
                    place,
                    "these shapes do not " + doing.verb,
                    shapes(operands, doing))
                .withNote(why)
                .withHelp(
                    ranks
                        ? "ranks differ: name the axes, e.g. `y: [batch, c, h, w] = ...`, so that each axis of the"
                            + " smaller is found in the larger"
                        : "equal ranks combine place by place, where sizes are equal or 1")));
  }

  private static String shapes(List<Val.Tensor> operands, Doing doing) {
    return String.join(
        doing.sign, operands.stream().filter(t -> t.rank() > 0).map(Show::axes).toList());
  }

  /**
   * One element type for all: a float64 scalar yields to float32; nothing else is converted
   * silently.
   */
  List<Val.Tensor> sameElements(List<Val.Tensor> operands, Span place) {
    boolean f32 = operands.stream().anyMatch(t -> t.type().dtype() == DType.F32);
    var result = new ArrayList<Val.Tensor>();
    for (Val.Tensor t : operands) {
      if (f32 && t.type().dtype() == DType.F64 && t.rank() == 0) {
        result.add(
            new Val.Tensor(
                context.emit(place, () -> context.builder().convert(DType.F32, t.value())),
                t.axes()));
      } else {
        result.add(t);
      }
    }
    DType first = result.getFirst().type().dtype();
    for (Val.Tensor t : result) {
      if (t.type().dtype() != first) {
        throw context.error(
            Code.ELEMENT_TYPES,
            place,
            "element types differ: " + first + " and " + t.type().dtype(),
            shapes(operands, Doing.COMBINE),
            "convert one of them: `cast(x, " + first + ")`");
      }
    }
    return result;
  }
}
