package modelc.passes.autodiff;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.ConvDims;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;

/**
 * The derivatives of products: those of a dot_general are dot_generals, those of a convolution
 * convolutions, for all of their attributes. It chooses operand orders that need no transpose where
 * there is one.
 */
final class ContractionVjp {
  private ContractionVjp() {}

  static void dotGeneral(Op.DotGeneral o, Value g, Cotangents to, Builder b) {
    int batch = o.xBatch().size();
    List<Integer> xFree = free(o.x(), o.xBatch(), o.xContract());
    List<Integer> yFree = free(o.y(), o.yBatch(), o.yContract());
    List<Integer> gBatch = range(0, batch);
    List<Integer> gx = range(batch, batch + xFree.size());
    List<Integer> gy = range(batch + xFree.size(), batch + xFree.size() + yFree.size());
    to.add(
        o.x(),
        () -> {
          var axes = new Factor(o.xBatch(), xFree, o.xContract());
          return factor(axes, gBatch, gy, g, o.yBatch(), yFree, o.yContract(), o.y(), b);
        });
    to.add(
        o.y(),
        () -> {
          var axes = new Factor(o.yBatch(), yFree, o.yContract());
          return factor(axes, gBatch, gx, g, o.xBatch(), xFree, o.xContract(), o.x(), b);
        });
  }

  /** The axes of the factor whose cotangent is made. */
  private record Factor(List<Integer> batch, List<Integer> free, List<Integer> contract) {
    int rank() {
      return batch.size() + free.size() + contract.size();
    }
  }

  /**
   * The cotangent of one factor: {@code g} times the other factor, over the other's free axes.
   * {@code otherContract} is in the order of {@code factor.contract}, with which it was contracted.
   */
  private static Value factor(
      Factor factor,
      List<Integer> gBatch,
      List<Integer> gOther,
      Value g,
      List<Integer> otherBatch,
      List<Integer> otherFree,
      List<Integer> otherContract,
      Value other,
      Builder b) {
    int batch = factor.batch.size();
    List<Integer> ranks = otherContract.stream().sorted().toList();
    // Where each axis of the factor lies in g*other (free axes, then contracted ones) and in
    // other*g.
    var inG = new ArrayList<>(Collections.nCopies(factor.rank(), 0));
    var inOther = new ArrayList<>(inG);
    for (int i = 0; i < batch; i++) {
      inG.set(factor.batch.get(i), i);
      inOther.set(factor.batch.get(i), i);
    }
    for (int i = 0; i < factor.free.size(); i++) {
      inG.set(factor.free.get(i), batch + i);
      inOther.set(factor.free.get(i), batch + factor.contract.size() + i);
    }
    for (int i = 0; i < factor.contract.size(); i++) {
      int rank = ranks.indexOf(otherContract.get(i));
      inG.set(factor.contract.get(i), batch + factor.free.size() + rank);
      inOther.set(factor.contract.get(i), batch + rank);
    }
    if (inOther.equals(range(0, factor.rank()))) {
      return b.dotGeneral(otherBatch, gBatch, otherFree, gOther, other, g);
    }
    return b.transpose(inG, b.dotGeneral(gBatch, otherBatch, gOther, otherFree, g, other));
  }

  private static List<Integer> free(Value v, List<Integer> batch, List<Integer> contract) {
    return IntStream.range(0, v.type().rank())
        .filter(axis -> !batch.contains(axis) && !contract.contains(axis))
        .boxed()
        .toList();
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  static void convolution(Op.Convolution o, Value g, Cotangents to, Builder b) {
    if (Cotangents.isEmpty(o.x()) || Cotangents.isEmpty(o.kernel())) {
      return;
    }
    to.add(o.x(), () -> convolutionInput(o, g, b));
    to.add(o.kernel(), () -> convolutionKernel(o, g, b));
  }

  /**
   * The kernel, turned around and its features swapped, over the cotangent: what strides skipped
   * lies between its elements. Groups of either kind become feature groups of the cotangent, whose
   * features they all divide.
   */
  private static Value convolutionInput(Op.Convolution o, Value g, Builder b) {
    ConvDims d = o.dims();
    Window w = o.window();
    long groups = Math.max(o.featureGroups(), o.batchGroups());
    Value kernel =
        moveGroups(o.kernel(), d.kernelOutputFeature(), d.kernelInputFeature(), groups, b);
    var dims =
        new ConvDims(
            d.outputBatch(),
            d.outputFeature(),
            d.outputSpatial(),
            d.kernelOutputFeature(),
            d.kernelInputFeature(),
            d.kernelSpatial(),
            d.inputBatch(),
            d.inputFeature(),
            d.inputSpatial());
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    for (int i = 0; i < w.rank(); i++) {
      Padding p = Padding.ofInputGradient(w, i, inputSize(o, i), outputSize(o, g, i));
      low.add(p.low());
      high.add(p.high());
    }
    var window = new Window(w.size(), w.baseDilation(), low, high, w.stride(), w.windowDilation());
    Value dx = b.convolution(window, dims, !o.reversal(), groups, 1, g, kernel);
    return o.batchGroups() == 1
        ? dx
        : moveGroups(dx, d.inputFeature(), d.inputBatch(), o.batchGroups(), b);
  }

  /**
   * The cotangent as the kernel over the input, with batch and features in each other's place: the
   * sum over the batch is then the one over input features. Feature groups become batch groups and
   * the other way round.
   */
  private static Value convolutionKernel(Op.Convolution o, Value g, Builder b) {
    ConvDims d = o.dims();
    Window w = o.window();
    boolean dense = w.stride().stream().allMatch(s -> s == 1);
    if (dense && o.batchGroups() == 1 && w.baseDilation().stream().anyMatch(s -> s != 1)) {
      return transposedKernel(o, g, b);
    }
    var dims =
        new ConvDims(
            d.inputFeature(),
            d.inputBatch(),
            d.inputSpatial(),
            d.outputBatch(),
            d.outputFeature(),
            d.outputSpatial(),
            d.kernelInputFeature(),
            d.kernelOutputFeature(),
            d.kernelSpatial());
    var size = new ArrayList<Long>();
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    for (int i = 0; i < w.rank(); i++) {
      size.add(outputSize(o, g, i));
      Padding p = Padding.ofKernelGradient(w, i, inputSize(o, i), outputSize(o, g, i));
      low.add(p.low());
      high.add(p.high());
    }
    var window = new Window(size, w.windowDilation(), low, high, w.baseDilation(), w.stride());
    Value dk = b.convolution(window, dims, false, o.batchGroups(), o.featureGroups(), o.x(), g);
    return o.reversal() ? b.reverse(d.kernelSpatial().stream().sorted().toList(), dk) : dk;
  }

  /**
   * Of a transposed convolution: the input as the kernel over the cotangent, so that the zeros
   * between its elements are skipped. What comes out is turned around and has the groups of
   * features on the other axis.
   */
  private static Value transposedKernel(Op.Convolution o, Value g, Builder b) {
    ConvDims d = o.dims();
    Window w = o.window();
    var dims =
        new ConvDims(
            d.outputFeature(),
            d.outputBatch(),
            d.outputSpatial(),
            d.inputBatch(),
            d.inputFeature(),
            d.inputSpatial(),
            d.kernelOutputFeature(),
            d.kernelInputFeature(),
            d.kernelSpatial());
    var size = new ArrayList<Long>();
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    for (int i = 0; i < w.rank(); i++) {
      long taps = inputSize(o, i);
      long reach = w.windowDilation().get(i) * (w.size().get(i) - 1);
      long before = reach - w.padLow().get(i);
      size.add(taps);
      low.add(before);
      high.add(reach + (taps - 1) * w.baseDilation().get(i) + 1 - before - outputSize(o, g, i));
    }
    List<Long> ones = Collections.nCopies(w.rank(), 1L);
    var window = new Window(size, w.windowDilation(), low, high, ones, w.baseDilation());
    Value dk = b.convolution(window, dims, false, 1, o.featureGroups(), g, o.x());
    Value grouped =
        moveGroups(dk, d.kernelInputFeature(), d.kernelOutputFeature(), o.featureGroups(), b);
    List<Integer> spatial = d.kernelSpatial().stream().sorted().toList();
    return o.reversal() ? grouped : b.reverse(spatial, grouped);
  }

  private static long inputSize(Op.Convolution o, int axis) {
    return o.x().type().dim(o.dims().inputSpatial().get(axis)).constant();
  }

  private static long outputSize(Op.Convolution o, Value g, int axis) {
    return g.type().dim(o.dims().outputSpatial().get(axis)).constant();
  }

  /**
   * Takes the groups out of axis {@code from}, its outer part, and makes them the outer part of
   * {@code to}.
   */
  private static Value moveGroups(Value v, int from, int to, long groups, Builder b) {
    if (groups == 1) {
      return v;
    }
    List<Dim> old = v.type().shape().dims();
    Dim rest = old.get(from).dividedBy(Dim.of(groups)).orElseThrow();
    var split = new ArrayList<>(old);
    split.set(from, rest);
    split.add(from, Dim.of(groups));
    var permutation = new ArrayList<Integer>();
    for (int axis = 0; axis < old.size(); axis++) {
      if (axis == to) {
        permutation.add(from);
      }
      permutation.add(axis < from ? axis : axis + 1);
    }
    var merged = new ArrayList<>(old);
    merged.set(from, rest);
    merged.set(to, old.get(to).times(groups));
    Value moved = b.transpose(permutation, b.reshape(new Shape(split), v));
    return b.reshape(new Shape(merged), moved);
  }
}
