package modelc.passes.simplify;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.ConvDims;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;
import org.jspecify.annotations.Nullable;

/**
 * Transposes, reversals and padding around contractions, absorbed into their attributes. Rules give
 * what replaces the op, or null; operands are simplified already. The products themselves stay as
 * they are.
 */
final class ContractionRules {
  private ContractionRules() {}

  static @Nullable Value dotGeneral(Op.DotGeneral o, Builder b) {
    if (o.x().op() instanceof Op.Transpose t && keepsFree(t, o.xBatch(), o.xContract())) {
      return b.dotGeneral(
          through(t, o.xBatch()),
          o.yBatch(),
          through(t, o.xContract()),
          o.yContract(),
          t.x(),
          o.y());
    }
    if (o.y().op() instanceof Op.Transpose t && keepsFree(t, o.yBatch(), o.yContract())) {
      return b.dotGeneral(
          o.xBatch(),
          through(t, o.yBatch()),
          o.xContract(),
          through(t, o.yContract()),
          o.x(),
          t.x());
    }
    return null;
  }

  /** The axes of what was transposed that become {@code axes}. */
  private static List<Integer> through(Op.Transpose t, List<Integer> axes) {
    return axes.stream().map(t.permutation()::get).toList();
  }

  /** Whether the free axes come in the same order without the transpose. */
  private static boolean keepsFree(Op.Transpose t, List<Integer> batch, List<Integer> contract) {
    List<Integer> free =
        StructuralRules.range(t.permutation().size()).stream()
            .filter(axis -> !batch.contains(axis) && !contract.contains(axis))
            .toList();
    return StructuralRules.isAscending(through(t, free));
  }

  /**
   * A transpose of a product: the factors swapped, the batch axes in another order, or a
   * convolution's other layout.
   */
  static @Nullable Value transpose(Op.Transpose o, Builder b) {
    if (o.x().op() instanceof Op.DotGeneral d) {
      return transposedDot(o, d, b);
    }
    if (o.x().op() instanceof Op.Convolution c) {
      ConvDims d = c.dims();
      var dims =
          new ConvDims(
              d.inputBatch(),
              d.inputFeature(),
              d.inputSpatial(),
              d.kernelInputFeature(),
              d.kernelOutputFeature(),
              d.kernelSpatial(),
              o.permutation().indexOf(d.outputBatch()),
              o.permutation().indexOf(d.outputFeature()),
              d.outputSpatial().stream().map(o.permutation()::indexOf).toList());
      return b.emit(
          new Op.Convolution(
              c.window(),
              dims,
              c.reversal(),
              c.featureGroups(),
              c.batchGroups(),
              c.x(),
              c.kernel()));
    }
    return null;
  }

  private static @Nullable Value transposedDot(Op.Transpose o, Op.DotGeneral d, Builder b) {
    int batch = d.xBatch().size();
    int xFree = d.x().type().rank() - batch - d.xContract().size();
    int yFree = d.y().type().rank() - batch - d.yContract().size();
    List<Integer> permutation = o.permutation();
    List<Integer> head = permutation.subList(0, batch);
    if (!head.stream().allMatch(axis -> axis < batch)) {
      return null;
    }
    List<Integer> tail = permutation.subList(batch, permutation.size());
    List<Integer> xBatch = head.stream().map(d.xBatch()::get).toList();
    List<Integer> yBatch = head.stream().map(d.yBatch()::get).toList();
    if (tail.equals(sequence(batch, batch + xFree + yFree))) {
      return b.dotGeneral(xBatch, yBatch, d.xContract(), d.yContract(), d.x(), d.y());
    }
    if (tail.equals(swapped(batch, xFree, yFree))) {
      return b.dotGeneral(yBatch, xBatch, d.yContract(), d.xContract(), d.y(), d.x());
    }
    return null;
  }

  private static List<Integer> sequence(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  private static List<Integer> swapped(int batch, int xFree, int yFree) {
    return IntStream.concat(
            IntStream.range(batch + xFree, batch + xFree + yFree),
            IntStream.range(batch, batch + xFree))
        .boxed()
        .toList();
  }

  static @Nullable Value convolution(Op.Convolution o, Builder b) {
    ConvDims d = o.dims();
    if (o.x().op() instanceof Op.Transpose t) {
      List<Integer> p = t.permutation();
      var dims =
          new ConvDims(
              p.get(d.inputBatch()),
              p.get(d.inputFeature()),
              through(t, d.inputSpatial()),
              d.kernelInputFeature(),
              d.kernelOutputFeature(),
              d.kernelSpatial(),
              d.outputBatch(),
              d.outputFeature(),
              d.outputSpatial());
      return with(o, o.window(), dims, o.reversal(), t.x(), o.kernel(), b);
    }
    if (o.kernel().op() instanceof Op.Transpose t) {
      List<Integer> p = t.permutation();
      var dims =
          new ConvDims(
              d.inputBatch(),
              d.inputFeature(),
              d.inputSpatial(),
              p.get(d.kernelInputFeature()),
              p.get(d.kernelOutputFeature()),
              through(t, d.kernelSpatial()),
              d.outputBatch(),
              d.outputFeature(),
              d.outputSpatial());
      return with(o, o.window(), dims, o.reversal(), o.x(), t.x(), b);
    }
    if (o.kernel().op() instanceof Op.Reverse r && reversesWindow(r, d)) {
      return with(o, o.window(), d, !o.reversal(), o.x(), r.x(), b);
    }
    if (o.x().op() instanceof Op.Pad p && p.value() == 0 && isSpatial(p, d)) {
      Window w = ReductionRules.padded(o.window(), d.inputSpatial(), p);
      return w == null ? null : with(o, w, d, o.reversal(), p.x(), o.kernel(), b);
    }
    return null;
  }

  private static Value with(
      Op.Convolution o,
      Window w,
      ConvDims dims,
      boolean reversal,
      Value x,
      Value kernel,
      Builder b) {
    return b.convolution(w, dims, reversal, o.featureGroups(), o.batchGroups(), x, kernel);
  }

  /** Whether exactly the spatial axes are reversed; those of size 1 do not count. */
  private static boolean reversesWindow(Op.Reverse r, ConvDims d) {
    var rest = new ArrayList<>(r.axes());
    for (int axis : d.kernelSpatial()) {
      if (!rest.remove(Integer.valueOf(axis)) && !r.x().type().dim(axis).isOne()) {
        return false;
      }
    }
    return rest.isEmpty();
  }

  private static boolean isSpatial(Op.Pad p, ConvDims d) {
    for (int axis : List.of(d.inputBatch(), d.inputFeature())) {
      if (p.low().get(axis) != 0 || p.high().get(axis) != 0 || p.interior().get(axis) != 0) {
        return false;
      }
    }
    return true;
  }
}
