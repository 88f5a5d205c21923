package modelc.ir.tensor;

import static modelc.ir.tensor.Checks.require;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.TensorType;

/**
 * The types of the ops that slide windows: convolution, reduce_window, select_and_scatter, by
 * StableHLO's constraints.
 *
 * <p>Other ops are {@link TypeRules}'.
 */
final class WindowRules {
  private WindowRules() {}

  static TensorType convolution(Op.Convolution o) {
    TensorType x = o.x().type();
    TensorType kernel = o.kernel().type();
    ConvDims d = o.dims();
    require(x.dtype() == kernel.dtype(), o, "%s and %s differ in element type", x, kernel);
    Checks.requireNumeric(o, x);
    int spatial = d.spatialRank();
    require(
        x.rank() == spatial + 2
            && kernel.rank() == spatial + 2
            && d.kernelSpatial().size() == spatial
            && d.outputSpatial().size() == spatial,
        o,
        "%s and %s do not have the %d spatial axes of %s",
        x,
        kernel,
        spatial,
        d);
    Checks.requireAxes(o, axes(d.inputBatch(), d.inputFeature(), d.inputSpatial()), x);
    Checks.requireAxes(
        o, axes(d.kernelInputFeature(), d.kernelOutputFeature(), d.kernelSpatial()), kernel);
    // The result has as many axes as the input.
    Checks.requireAxes(o, axes(d.outputBatch(), d.outputFeature(), d.outputSpatial()), x);
    requireWindow(o, o.window(), spatial, x);

    require(
        o.featureGroups() == 1 || o.batchGroups() == 1,
        o,
        "%d feature groups and %d batch groups over %s and %s: one of them is 1",
        o.featureGroups(),
        o.batchGroups(),
        x,
        kernel);
    var dims = new ArrayList<Dim>(x.shape().dims());
    dims.set(d.outputBatch(), groupSize(o, x, d.inputBatch(), o.batchGroups(), "batch"));
    dims.set(d.outputFeature(), kernel.dim(d.kernelOutputFeature()));
    requireFeatures(o);
    for (int i = 0; i < spatial; i++) {
      Dim in = x.dim(d.inputSpatial().get(i));
      Dim size = kernel.dim(d.kernelSpatial().get(i));
      require(
          in.isConstant() && size.isConstant(),
          o,
          "spatial axis %d of %s and %s is not constant",
          i,
          x,
          kernel);
      require(
          size.constant() == o.window().size().get(i),
          o,
          "window %s is not the spatial size of the kernel %s",
          o.window().size(),
          kernel);
      dims.set(d.outputSpatial().get(i), Dim.of(o.window().outputSize(i, in.constant())));
    }
    return x.withShape(new Shape(dims));
  }

  private static void requireFeatures(Op.Convolution o) {
    TensorType x = o.x().type();
    TensorType kernel = o.kernel().type();
    ConvDims d = o.dims();
    Dim features = groupSize(o, x, d.inputFeature(), o.featureGroups(), "feature");
    require(
        kernel.dim(d.kernelInputFeature()).equals(features),
        o,
        "kernel %s takes %s features, %s has %s a group",
        kernel,
        kernel.dim(d.kernelInputFeature()),
        x,
        features);
    groupSize(o, kernel, d.kernelOutputFeature(), o.featureGroups(), "feature");
    groupSize(o, kernel, d.kernelOutputFeature(), o.batchGroups(), "batch");
  }

  private static Dim groupSize(Op o, TensorType type, int axis, long groups, String what) {
    require(groups >= 1, o, "%d %s groups over %s", groups, what, type);
    Optional<Dim> size = type.dim(axis).dividedBy(Dim.of(groups));
    require(
        size.isPresent(),
        o,
        "axis %d of %s is not divisible into %d %s groups",
        axis,
        type,
        groups,
        what);
    return size.orElseThrow();
  }

  private static List<Integer> axes(int first, int second, List<Integer> spatial) {
    var axes = new ArrayList<>(List.of(first, second));
    axes.addAll(spatial);
    return axes;
  }

  static TensorType reduceWindow(Op.ReduceWindow o) {
    Checks.requireReducible(o, o.fn(), o.x().type());
    return pooled(o, o.window(), o.x().type());
  }

  static TensorType selectAndScatter(Op.SelectAndScatter o) {
    TensorType x = o.x().type();
    Checks.requireNumeric(o, x);
    TensorType expected = pooled(o, o.window(), x);
    TensorType source = o.source().type();
    boolean dilated =
        o.window().baseDilation().stream().anyMatch(d -> d != 1)
            || o.window().windowDilation().stream().anyMatch(d -> d != 1);
    require(!dilated, o, "no dilation over %s", x);
    require(expected.equals(source), o, "the windows of %s give %s, not %s", x, expected, source);
    return x;
  }

  /** The type of one element per window of {@code x}. */
  private static TensorType pooled(Op o, Window window, TensorType x) {
    requireWindow(o, window, x.rank(), x);
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < x.rank(); i++) {
      Dim dim = x.dim(i);
      require(window.size().get(i) >= 1, o, "window %s over %s", window.size(), x);
      if (dim.isConstant()) {
        dims.add(Dim.of(window.outputSize(i, dim.constant())));
      } else {
        require(
            trivial(window, i),
            o,
            "axis %d of %s is known only at run time: no window over it",
            i,
            x);
        dims.add(dim);
      }
    }
    return x.withShape(new Shape(dims));
  }

  private static boolean trivial(Window w, int axis) {
    return w.size().get(axis) == 1
        && w.stride().get(axis) == 1
        && w.padLow().get(axis) == 0
        && w.padHigh().get(axis) == 0
        && w.baseDilation().get(axis) == 1
        && w.windowDilation().get(axis) == 1;
  }

  private static void requireWindow(Op o, Window w, int rank, TensorType x) {
    boolean complete =
        w.size().size() == rank
            && w.stride().size() == rank
            && w.padLow().size() == rank
            && w.padHigh().size() == rank
            && w.baseDilation().size() == rank
            && w.windowDilation().size() == rank;
    require(complete, o, "%s does not cover %d axes of %s", w, rank, x);
    for (int i = 0; i < rank; i++) {
      boolean positive =
          w.size().get(i) >= 0
              && w.stride().get(i) >= 1
              && w.baseDilation().get(i) >= 1
              && w.windowDilation().get(i) >= 1;
      require(positive, o, "%s over %s: a size below 0, or a stride or dilation below 1", w, x);
    }
  }
}
