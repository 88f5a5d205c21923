package modelc.ir.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import modelc.ir.BinaryFn;
import modelc.ir.DType;

/**
 * The interpreter's ops of which a result element comes from many: reductions, windows, dot_general
 * and convolution, written out as StableHLO defines them. Operands are well-typed; nothing is
 * checked again.
 */
final class Contractions {
  private Contractions() {}

  static Tensor reduce(Op.Reduce o, long[] shape, Tensor x) {
    double[] data = new double[Tensor.elements(shape)];
    Arrays.fill(data, Arithmetic.identity(o.fn(), x.dtype()));
    var result = new Tensor(x.dtype(), shape, data);
    long[] index = new long[x.rank()];
    long[] to = new long[shape.length];
    for (double element : x.data()) {
      int n = 0;
      for (int i = 0; i < index.length; i++) {
        if (!o.axes().contains(i)) {
          to[n++] = index[i];
        }
      }
      int at = result.offset(to);
      data[at] = Arithmetic.reduce(o.fn(), x.dtype(), data[at], element);
      Tensor.advance(index, x.shape());
    }
    return result;
  }

  static Tensor dotGeneral(Op.DotGeneral o, long[] shape, Tensor x, Tensor y) {
    int[] xContract = offsets(x, o.xContract());
    int[] yContract = offsets(y, o.yContract());
    int[] xBatch = offsets(x, o.xBatch());
    int[] yBatch = offsets(y, o.yBatch());
    int[] xFree = offsets(x, free(x, o.xBatch(), o.xContract()));
    int[] yFree = offsets(y, free(y, o.yBatch(), o.yContract()));
    double[] data = new double[Tensor.elements(shape)];
    int at = 0;
    for (int b = 0; b < xBatch.length; b++) {
      for (int i : xFree) {
        for (int j : yFree) {
          double sum = 0;
          for (int k = 0; k < xContract.length; k++) {
            double p = x.data()[xBatch[b] + i + xContract[k]];
            double q = y.data()[yBatch[b] + j + yContract[k]];
            sum = addProduct(x.dtype(), sum, p, q);
          }
          data[at++] = sum;
        }
      }
    }
    return new Tensor(x.dtype(), shape, data);
  }

  private static List<Integer> free(Tensor x, List<Integer> batch, List<Integer> contract) {
    return IntStream.range(0, x.rank())
        .boxed()
        .filter(i -> !batch.contains(i) && !contract.contains(i))
        .toList();
  }

  /** The offsets of all positions along {@code axes}, the last running fastest. */
  private static int[] offsets(Tensor x, List<Integer> axes) {
    int[] strides = x.strides();
    int[] offsets = {0};
    for (int axis : axes) {
      int size = Math.toIntExact(x.shape()[axis]);
      int[] next = new int[offsets.length * size];
      for (int i = 0; i < next.length; i++) {
        next[i] = offsets[i / size] + i % size * strides[axis];
      }
      offsets = next;
    }
    return offsets;
  }

  private static double addProduct(DType dtype, double sum, double x, double y) {
    if (dtype.isFloat()) {
      return sum + x * y;
    }
    double product = Arithmetic.binary(BinaryFn.MULTIPLY, dtype, x, y);
    return Arithmetic.binary(BinaryFn.ADD, dtype, sum, product);
  }

  static Tensor convolution(Op.Convolution o, long[] shape, Tensor x, Tensor kernel) {
    ConvDims d = o.dims();
    long inputFeatures = kernel.shape()[d.kernelInputFeature()];
    long featuresOfGroup =
        kernel.shape()[d.kernelOutputFeature()] / (o.featureGroups() * o.batchGroups());
    long batchOfGroup = x.shape()[d.inputBatch()] / o.batchGroups();
    long[] window = o.window().size().stream().mapToLong(Long::longValue).toArray();
    int taps = Tensor.elements(window);
    long[] from = new long[x.rank()];
    long[] weight = new long[kernel.rank()];
    return Tensor.build(
        x.dtype(),
        shape,
        index -> {
          long feature = index[d.outputFeature()];
          // One of the two group counts is 1; the group of an output feature says which inputs it
          // sees.
          long group = featuresOfGroup == 0 ? 0 : feature / featuresOfGroup;
          long firstFeature = o.featureGroups() > 1 ? group * inputFeatures : 0;
          from[d.inputBatch()] =
              index[d.outputBatch()] + (o.batchGroups() > 1 ? group * batchOfGroup : 0);
          weight[d.kernelOutputFeature()] = feature;
          double sum = 0;
          long[] tap = new long[window.length];
          for (int t = 0; t < taps; t++) {
            boolean inside = true;
            for (int i = 0; i < tap.length; i++) {
              long at =
                  position(
                      o.window(),
                      i,
                      index[d.outputSpatial().get(i)],
                      tap[i],
                      x.shape()[d.inputSpatial().get(i)]);
              inside &= at >= 0;
              from[d.inputSpatial().get(i)] = at;
              weight[d.kernelSpatial().get(i)] = o.reversal() ? window[i] - 1 - tap[i] : tap[i];
            }
            for (long f = 0; inside && f < inputFeatures; f++) {
              from[d.inputFeature()] = firstFeature + f;
              weight[d.kernelInputFeature()] = f;
              sum = addProduct(x.dtype(), sum, x.get(from), kernel.get(weight));
            }
            Tensor.advance(tap, window);
          }
          return sum;
        });
  }

  /**
   * Where tap {@code tap} of window {@code output} reads along an axis of {@code size}; -1 for
   * padding and gaps.
   */
  private static long position(Window w, int axis, long output, long tap, long size) {
    long at =
        output * w.stride().get(axis) + tap * w.windowDilation().get(axis) - w.padLow().get(axis);
    long dilation = w.baseDilation().get(axis);
    return at < 0 || at % dilation != 0 || at / dilation >= size ? -1 : at / dilation;
  }

  static Tensor reduceWindow(Op.ReduceWindow o, long[] shape, Tensor x) {
    long[] window = o.window().size().stream().mapToLong(Long::longValue).toArray();
    int taps = Tensor.elements(window);
    long[] from = new long[x.rank()];
    return Tensor.build(
        x.dtype(),
        shape,
        index -> {
          double result = Arithmetic.identity(o.fn(), x.dtype());
          long[] tap = new long[window.length];
          for (int t = 0; t < taps; t++) {
            if (locate(o.window(), index, tap, x, from)) {
              result = Arithmetic.reduce(o.fn(), x.dtype(), result, x.get(from));
            }
            Tensor.advance(tap, window);
          }
          return result;
        });
  }

  /** Sets {@code from} to where a tap of a window reads; false if that is no element. */
  private static boolean locate(Window w, long[] output, long[] tap, Tensor x, long[] from) {
    for (int i = 0; i < from.length; i++) {
      from[i] = position(w, i, output[i], tap[i], x.shape()[i]);
      if (from[i] < 0) {
        return false;
      }
    }
    return true;
  }

  static Tensor selectAndScatter(Op.SelectAndScatter o, Tensor x, Tensor source) {
    long[] window = o.window().size().stream().mapToLong(Long::longValue).toArray();
    int taps = Tensor.elements(window);
    double[] data = new double[x.data().length];
    long[] index = new long[source.rank()];
    long[] from = new long[x.rank()];
    for (double element : source.data()) {
      int selected = -1;
      long[] tap = new long[window.length];
      for (int t = 0; t < taps; t++) {
        if (locate(o.window(), index, tap, x, from)) {
          int at = x.offset(from);
          selected = selected < 0 || greater(x.data()[at], x.data()[selected]) ? at : selected;
        }
        Tensor.advance(tap, window);
      }
      if (selected >= 0) {
        data[selected] = Arithmetic.binary(BinaryFn.ADD, x.dtype(), data[selected], element);
      }
      Tensor.advance(index, source.shape());
    }
    return new Tensor(x.dtype(), x.shape(), data);
  }

  private static boolean greater(double x, double y) {
    return x > y || (Double.isNaN(x) && !Double.isNaN(y));
  }
}
