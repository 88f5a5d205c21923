package modelc.frontend.reception;

import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import modelc.ir.Dim;
import modelc.ir.tensor.ConvDims;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;

/**
 * One op of the way from the image: where a place of an operand is in the result. What several
 * operands bring is put together by {@link ReceptiveFields}.
 */
final class Steps {
  private Steps() {}

  static Place of(Value v, Value operand, Place p) {
    return switch (v.op()) {
      case Op.Unary _, Op.Binary _, Op.Compare _, Op.Select _, Op.Convert _, Op.StopGradient _ -> p;
      case Op.Transpose o -> moved(p, o.permutation()::indexOf);
      case Op.Reshape o -> Reshapes.place(p, operand.type().shape(), o.shape());
      case Op.Broadcast o -> broadcast(o, p);
      case Op.Slice o -> sliced(v, o, p);
      case Op.Pad o -> padded(v, o, p);
      case Op.Reverse o -> reversed(v, o, p);
      case Op.Concatenate o -> p instanceof Place.Along a && a.axis() == o.axis() ? lost(p) : p;
      case Op.Reduce o -> reduced(p, o.axes());
      case Op.CumulativeSum o -> p instanceof Place.Along a && a.axis() == o.axis() ? p.mixed() : p;
      case Op.DotGeneral o -> product(v, o, operand, p);
      case Op.Convolution o -> convolved(v, o, operand, p);
      case Op.ReduceWindow o -> pooled(v, o, p);
      case Op.Gather o -> gathered(o, operand, p);
      case Op.ScatterAdd _, Op.SelectAndScatter _ -> p.mixed();
      case Op.Parameter _,
          Op.Constant _,
          Op.DenseConstant _,
          Op.Iota _,
          Op.RandomBits _,
          Op.Call _,
          Op.Gradient _ ->
          throw new IllegalStateException("not followed: " + v.op().mnemonic());
    };
  }

  /** Each element still sees as much as before, but which one sees what is not known. */
  static Place lost(Place p) {
    Place.Lost all = p.mixed();
    return new Place.Lost(p.size(), all.low(), all.high());
  }

  private static Place moved(Place p, IntUnaryOperator to) {
    return p instanceof Place.Along a ? a.on(to.applyAsInt(a.axis())) : p;
  }

  private static Place broadcast(Op.Broadcast o, Place p) {
    if (!(p instanceof Place.Along a)) {
      return p;
    }
    int axis = o.axes().get(a.axis());
    boolean stretched = !o.shape().dim(axis).equals(o.x().type().dim(a.axis()));
    return stretched ? p.mixed() : a.on(axis);
  }

  /** How the elements of an axis come from those of another: see {@link Reach#through}. */
  private record Slide(long stride, long offset, long step, long taps, long base) {
    static final Slide NONE = new Slide(1, 0, 1, 1, 1);

    /** Over spatial axis {@code i} of a window. */
    static Slide of(Window w, int i) {
      return new Slide(
          w.stride().get(i),
          -w.padLow().get(i),
          w.windowDilation().get(i),
          w.size().get(i),
          w.baseDilation().get(i));
    }

    Place along(Place.Along a, Value x, int to, Dim size) {
      if (equals(NONE) && size.equals(x.type().dim(a.axis()))) {
        return a.on(to);
      }
      if (size.isConstant()) {
        Optional<Place> place =
            a.plain(x.type().shape())
                .flatMap(plain -> plain.reach().through(stride, offset, step, taps, base))
                .map(r -> new Place.Along(to, 1, size.constant(), r));
        if (place.isPresent()) {
          return place.get();
        }
      }
      return taps > 1 ? a.mixed() : lost(a);
    }
  }

  private static Place sliced(Value v, Op.Slice o, Place p) {
    if (!(p instanceof Place.Along a)) {
      return p;
    }
    int i = a.axis();
    return new Slide(o.stride().get(i), o.start().get(i), 1, 1, 1)
        .along(a, o.x(), i, v.type().dim(i));
  }

  private static Place padded(Value v, Op.Pad o, Place p) {
    if (!(p instanceof Place.Along a)) {
      return p;
    }
    int i = a.axis();
    return new Slide(1, -o.low().get(i), 1, 1, o.interior().get(i) + 1)
        .along(a, o.x(), i, v.type().dim(i));
  }

  private static Place reversed(Value v, Op.Reverse o, Place p) {
    if (!(p instanceof Place.Along a) || !o.axes().contains(a.axis())) {
      return p;
    }
    Dim size = v.type().dim(a.axis());
    return size.isConstant()
        ? new Slide(-1, size.constant() - 1, 1, 1, 1).along(a, o.x(), a.axis(), size)
        : lost(p);
  }

  private static Place reduced(Place p, List<Integer> axes) {
    return switch (p) {
      case Place.Along a when !axes.contains(a.axis()) ->
          a.on(a.axis() - (int) axes.stream().filter(i -> i < a.axis()).count());
      case Place.Along _ -> p.mixed();
      case Place.Lost _ -> p.mixed();
    };
  }

  private static Place product(Value v, Op.DotGeneral o, Value operand, Place p) {
    boolean left = operand == o.x();
    List<Integer> batch = left ? o.xBatch() : o.yBatch();
    List<Integer> contract = left ? o.xContract() : o.yContract();
    if (!(p instanceof Place.Along a) || o.x() == o.y()) {
      return p.mixed();
    }
    if (contract.contains(a.axis())) {
      return Matrices.weighted(v, o, left, a).orElseGet(p::mixed);
    }
    if (batch.contains(a.axis())) {
      return a.on(batch.indexOf(a.axis()));
    }
    int before = left ? 0 : o.x().type().rank() - o.xBatch().size() - o.xContract().size();
    int free =
        (int)
            IntStream.range(0, a.axis())
                .filter(i -> !batch.contains(i) && !contract.contains(i))
                .count();
    return a.on(batch.size() + before + free);
  }

  private static Place convolved(Value v, Op.Convolution o, Value operand, Place p) {
    ConvDims d = o.dims();
    if (!(p instanceof Place.Along a) || operand != o.x() || o.batchGroups() != 1) {
      return p.mixed();
    }
    int i = d.inputSpatial().indexOf(a.axis());
    if (i < 0) {
      return a.axis() == d.inputBatch() ? a.on(d.outputBatch()) : p.mixed();
    }
    int to = d.outputSpatial().get(i);
    return Slide.of(o.window(), i).along(a, o.x(), to, v.type().dim(to));
  }

  private static Place pooled(Value v, Op.ReduceWindow o, Place p) {
    if (p instanceof Place.Along a) {
      int i = a.axis();
      return Slide.of(o.window(), i).along(a, o.x(), i, v.type().dim(i));
    }
    return o.window().size().stream().allMatch(n -> n == 1) ? p : p.mixed();
  }

  private static Place gathered(Op.Gather o, Value operand, Place p) {
    if (operand != o.x() || !(p instanceof Place.Along a)) {
      return p.mixed();
    }
    if (a.axis() == o.axis()) {
      return lost(p);
    }
    return a.on(a.axis() < o.axis() ? a.axis() : a.axis() - 1 + o.indices().type().rank());
  }
}
