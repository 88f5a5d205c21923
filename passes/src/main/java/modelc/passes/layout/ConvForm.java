package modelc.passes.layout;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.TensorType;
import modelc.ir.tensor.ConvDims;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;
import modelc.passes.contraction.Contraction;
import modelc.passes.contraction.ConvShape;

/**
 * The three convolutions there are kernels for, recognised in StableHLO's general one: forward, and
 * its gradients by input and by weights, over one or two spatial axes, in channels-last memory.
 *
 * <p>It looks at attributes and sizes; whether operands lie in memory as the kernels want them is
 * asked of {@link Layouts}. Padding must be a pad of its own already ({@link MaterializePadding}),
 * but for input gradients that are quicker without.
 *
 * @param activation the operand in channels-last memory: of the weight gradient the input
 * @param other the weights, row-major; of the weight gradient the output's gradient, channels last
 * @param offsetH of an input gradient: of its window over the dilated gradient
 */
public record ConvForm(
    Kind kind, ConvShape shape, Value activation, Value other, long offsetH, long offsetW) {
  /** Which of the three. */
  public enum Kind {
    FORWARD,
    INPUT_GRADIENT,
    WEIGHT_GRADIENT
  }

  /** The form of {@code v}, if it is a convolution of one. */
  public static Optional<ConvForm> of(Value v) {
    if (!(v.op() instanceof Op.Convolution o)
        || v.type().dtype() != DType.F32
        || o.window().rank() < 1
        || o.window().rank() > 2
        || v.type().shape().elements().factor() == 0
        || o.x().type().shape().elements().factor() == 0) {
      return Optional.empty();
    }
    return new Recogniser(v, o).form();
  }

  /**
   * Channels last: the physical order of an activation of {@code rank} axes, logically {@code [n,
   * c, spatial...]}.
   */
  public static Layout channelsLast(int rank) {
    return new Layout(
        IntStream.concat(
                IntStream.of(0), IntStream.concat(IntStream.range(2, rank), IntStream.of(1)))
            .boxed()
            .toList());
  }

  /** The layout its result is best written in. */
  public Layout resultLayout(int rank) {
    return kind == Kind.WEIGHT_GRADIENT ? Layout.canonical(rank) : channelsLast(rank);
  }

  /** The layout {@link #other} must have. */
  public Layout otherLayout(int rank) {
    return kind == Kind.WEIGHT_GRADIENT ? channelsLast(rank) : Layout.canonical(rank);
  }

  private record Recogniser(Value v, Op.Convolution o) {
    Optional<ConvForm> form() {
      ConvDims d = o.dims();
      int rank = o.window().rank() + 2;
      List<Integer> spatial = IntStream.range(2, rank).boxed().toList();
      boolean standard =
          d.inputSpatial().equals(spatial)
              && d.kernelSpatial().equals(spatial)
              && d.outputSpatial().equals(spatial);
      if (!standard || !constant(o.x()) || !constant(o.kernel()) || !constant(v)) {
        return Optional.empty();
      }
      boolean plain = d.inputBatch() == 0 && d.outputBatch() == 0;
      if (plain && d.kernelOutputFeature() == 0) {
        return forward();
      }
      if (plain && d.kernelOutputFeature() == 1) {
        return inputGradient();
      }
      boolean swapped = d.inputBatch() == 1 && d.outputBatch() == 1 && d.kernelInputFeature() == 0;
      return swapped ? weightGradient() : Optional.empty();
    }

    /** All but the first axis are constants. */
    private static boolean constant(Value v) {
      return v.type().shape().dims().stream().skip(1).allMatch(Dim::isConstant);
    }

    private Optional<ConvForm> forward() {
      Window w = o.window();
      if (!all(w.baseDilation(), 1)
          || !all(w.padLow(), 0)
          || o.batchGroups() != 1
          || !inside()
          || !o.kernel().type().dim(0).isConstant()) {
        return Optional.empty();
      }
      var shape =
          new ConvShape(
              o.x().type().dim(0),
              size(o.kernel(), 1),
              height(o.x()),
              width(o.x()),
              size(o.kernel(), 0),
              height(o.kernel()),
              width(o.kernel()),
              down(w.stride(), 1),
              across(w.stride()),
              down(w.windowDilation(), 1),
              across(w.windowDilation()),
              o.featureGroups(),
              o.reversal(),
              height(v),
              width(v));
      return Optional.of(new ConvForm(Kind.FORWARD, shape, o.x(), o.kernel(), 0, 0));
    }

    private Optional<ConvForm> inputGradient() {
      Window w = o.window();
      Optional<Value> weights = ungrouped();
      if (!all(w.stride(), 1) || o.batchGroups() != 1 || weights.isEmpty()) {
        return Optional.empty();
      }
      var shape =
          new ConvShape(
              v.type().dim(0),
              size(v, 1) / o.featureGroups(),
              height(v),
              width(v),
              size(o.x(), 1),
              height(o.kernel()),
              width(o.kernel()),
              down(w.baseDilation(), 1),
              across(w.baseDilation()),
              down(w.windowDilation(), 1),
              across(w.windowDilation()),
              o.featureGroups(),
              !o.reversal(),
              height(o.x()),
              width(o.x()));
      long offsetH = -down(w.padLow(), 0);
      long offsetW = -across(w.padLow());
      if (!inside() && !Contraction.prefersUnpadded(shape, offsetH, offsetW)) {
        return Optional.empty();
      }
      return Optional.of(
          new ConvForm(Kind.INPUT_GRADIENT, shape, o.x(), weights.get(), offsetH, offsetW));
    }

    /**
     * The weights as the forward convolution has them: autodiff moves their groups from one axis to
     * the other.
     */
    private Optional<Value> ungrouped() {
      if (o.featureGroups() == 1) {
        return Optional.of(o.kernel()).filter(k -> k.type().dim(0).isConstant());
      }
      if (o.kernel().op() instanceof Op.Reshape merged
          && merged.x().op() instanceof Op.Transpose moved
          && moved.x().op() instanceof Op.Reshape split
          && split.x().type().rank() == o.kernel().type().rank()) {
        TensorType w = split.x().type();
        List<Dim> dims = moved.x().type().shape().dims();
        List<Integer> order =
            IntStream.range(0, dims.size()).map(i -> i < 2 ? 1 - i : i).boxed().toList();
        boolean groups =
            moved.permutation().equals(order)
                && dims.getFirst().equals(Dim.of(o.featureGroups()))
                && dims.get(1).times(o.featureGroups()).equals(w.dim(0))
                && dims.subList(2, dims.size()).equals(w.shape().dims().subList(1, w.rank()));
        return groups ? Optional.of(split.x()) : Optional.empty();
      }
      return Optional.empty();
    }

    private Optional<ConvForm> weightGradient() {
      Window w = o.window();
      boolean fits =
          all(w.baseDilation(), 1)
              && all(w.padLow(), 0)
              && o.featureGroups() == 1
              && !o.reversal()
              && v.type().dim(0).isConstant()
              && inside();
      if (!fits) {
        return Optional.empty();
      }
      var shape =
          new ConvShape(
              o.x().type().dim(0),
              size(v, 1),
              height(o.x()),
              width(o.x()),
              size(v, 0),
              height(v),
              width(v),
              down(w.windowDilation(), 1),
              across(w.windowDilation()),
              down(w.stride(), 1),
              across(w.stride()),
              o.batchGroups(),
              false,
              height(o.kernel()),
              width(o.kernel()));
      return Optional.of(new ConvForm(Kind.WEIGHT_GRADIENT, shape, o.x(), o.kernel(), 0, 0));
    }

    /** True when no window reads an element that does not exist. */
    private boolean inside() {
      Window w = o.window();
      for (int i = 0; i < w.rank(); i++) {
        long out = size(v, 2 + i);
        long first = -w.padLow().get(i);
        long last =
            (out - 1) * w.stride().get(i)
                + (w.size().get(i) - 1) * w.windowDilation().get(i)
                + first;
        if (first < 0 || last / w.baseDilation().get(i) >= size(o.x(), 2 + i)) {
          return false;
        }
      }
      return true;
    }

    private static boolean all(List<Long> values, long value) {
      return values.stream().allMatch(x -> x == value);
    }

    private static long size(Value v, int axis) {
      return v.type().dim(axis).constant();
    }

    private static long height(Value v) {
      return v.type().rank() == 4 ? size(v, 2) : 1;
    }

    private static long width(Value v) {
      return size(v, v.type().rank() - 1);
    }

    private static long down(List<Long> values, long otherwise) {
      return values.size() == 2 ? values.getFirst() : otherwise;
    }

    private static long across(List<Long> values) {
      return values.getLast();
    }
  }
}
