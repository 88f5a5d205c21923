package modelc.ir.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Windows of random attributes against the same thing built from pad, slice, reverse, concatenate
 * and dot_general, which share no code with them: StableHLO's specification written in our own ops.
 */
class WindowMeaningTest {
  private final Builder b = new Builder();

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void convolutionIsSlicesAndProducts(int spatial) {
    for (int seed = 0; seed < 60; seed++) {
      var random = new Random(seed);
      long featureGroups = random.nextInt(3) == 0 ? 2 : 1;
      long batchGroups = featureGroups == 1 && random.nextInt(2) == 0 ? 3 : 1;
      Window w = window(spatial, random);
      ConvDims dims = dims(spatial, random);
      long features = 1 + random.nextInt(2);
      var x = new long[spatial + 2];
      var k = new long[spatial + 2];
      x[dims.inputBatch()] = batchGroups * (1 + random.nextInt(2));
      x[dims.inputFeature()] = features * featureGroups;
      k[dims.kernelInputFeature()] = features;
      k[dims.kernelOutputFeature()] = featureGroups * batchGroups * (1 + random.nextInt(2));
      for (int i = 0; i < spatial; i++) {
        x[dims.inputSpatial().get(i)] = 1 + random.nextInt(6);
        k[dims.kernelSpatial().get(i)] = w.size().get(i);
      }
      Value xv = b.parameter("x", TensorType.of(DType.F64, x));
      Value kv = b.parameter("k", TensorType.of(DType.F64, k));
      boolean reversal = random.nextBoolean();
      Value convolution = b.convolution(w, dims, reversal, featureGroups, batchGroups, xv, kv);
      Value meaning =
          convolution(w, dims, reversal, featureGroups, batchGroups, xv, kv, convolution.type());
      Function f = new Function("f", List.of(xv, kv), List.of(convolution, meaning));
      List<Tensor> results =
          Interpreter.run(
              f, List.of(Tensor.random(xv.type(), seed), Tensor.random(kv.type(), -seed)));
      assertClose(results, seed);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ADD", "MULTIPLY", "MAXIMUM", "MINIMUM"})
  void reduceWindowIsSlicesAndReductions(ReduceFn fn) {
    for (int seed = 0; seed < 40; seed++) {
      var random = new Random(seed);
      Window w = window(2, random);
      Value x =
          b.parameter("x", TensorType.of(DType.F64, 1 + random.nextInt(5), 1 + random.nextInt(5)));
      Value pooled = b.reduceWindow(fn, w, x);
      Value padded = pad(w, List.of(0, 1), Arithmetic.identity(fn, DType.F64), x);
      Value meaning =
          tiles(pooled.type(), List.of(0, 1), w, padded, tile -> b.reduce(fn, List.of(0, 1), tile));
      Function f = new Function("f", List.of(x), List.of(pooled, meaning));
      assertClose(Interpreter.run(f, List.of(Tensor.random(x.type(), seed))), seed);
    }
  }

  private static void assertClose(List<Tensor> results, int seed) {
    Tensor actual = results.get(0);
    Tensor expected = results.get(1);
    assertThat(actual.shape()).as("seed %d", seed).isEqualTo(expected.shape());
    for (int i = 0; i < actual.data().length; i++) {
      double difference = actual.data()[i] - expected.data()[i];
      assertThat(actual.data()[i] == expected.data()[i] || Math.abs(difference) < 1e-12)
          .as("seed %d element %d: %s, not %s", seed, i, actual, expected)
          .isTrue();
    }
  }

  private static Window window(int rank, Random random) {
    var lists = new ArrayList<List<Long>>();
    int[][] ranges = {{1, 4}, {1, 4}, {-2, 4}, {-2, 4}, {1, 4}, {1, 4}};
    for (int[] range : ranges) {
      var list = new ArrayList<Long>();
      for (int i = 0; i < rank; i++) {
        list.add(random.nextLong(range[0], range[1]));
      }
      lists.add(list);
    }
    return new Window(
        lists.get(0), lists.get(1), lists.get(2), lists.get(3), lists.get(4), lists.get(5));
  }

  /** Axes in a random order for each operand. */
  private static ConvDims dims(int spatial, Random random) {
    var parts = new ArrayList<List<Integer>>();
    for (int i = 0; i < 3; i++) {
      var axes = new ArrayList<Integer>();
      for (int axis = 0; axis < spatial + 2; axis++) {
        axes.add(axis);
      }
      Collections.shuffle(axes, random);
      parts.add(axes);
    }
    List<Integer> in = parts.get(0);
    List<Integer> k = parts.get(1);
    List<Integer> out = parts.get(2);
    return new ConvDims(
        in.get(0),
        in.get(1),
        in.subList(2, in.size()),
        k.get(0),
        k.get(1),
        k.subList(2, k.size()),
        out.get(0),
        out.get(1),
        out.subList(2, out.size()));
  }

  /** One group at a time, concatenated along the output features, then one window at a time. */
  private Value convolution(
      Window w,
      ConvDims d,
      boolean reversal,
      long featureGroups,
      long batchGroups,
      Value x,
      Value kernel,
      TensorType type) {
    Value reversed =
        reversal ? b.reverse(d.kernelSpatial().stream().sorted().toList(), kernel) : kernel;
    Value padded = pad(w, d.inputSpatial(), 0, x);
    long groups = featureGroups * batchGroups;
    var results = new ArrayList<Value>();
    for (int g = 0; g < groups; g++) {
      int axis = featureGroups > 1 ? d.inputFeature() : d.inputBatch();
      Value xg = part(padded, axis, g, groups);
      Value kg = part(reversed, d.kernelOutputFeature(), g, groups);
      var dims = new ArrayList<>(type.shape().dims());
      dims.set(d.outputFeature(), kg.type().dim(d.kernelOutputFeature()));
      TensorType of = type.withShape(new Shape(dims));
      results.add(
          outputOrder(
              d,
              of,
              tiles(unordered(d, of), d.inputSpatial(), w, xg, tile -> product(d, tile, kg))));
    }
    return b.concatenate(d.outputFeature(), results);
  }

  private Value part(Value v, int axis, long index, long parts) {
    long size = v.type().dim(axis).constant() / parts;
    return b.sliceAxis(v, axis, index * size, (index + 1) * size);
  }

  /** One window's worth: [batch, output feature]. */
  private Value product(ConvDims d, Value tile, Value kernel) {
    var x = new ArrayList<Integer>(List.of(d.inputFeature()));
    x.addAll(d.inputSpatial());
    var k = new ArrayList<Integer>(List.of(d.kernelInputFeature()));
    k.addAll(d.kernelSpatial());
    return b.dotGeneral(List.of(), List.of(), x, k, tile, kernel);
  }

  /** The result as {@link #tiles} lays it out: spatial axes, then batch, then feature. */
  private static TensorType unordered(ConvDims d, TensorType type) {
    var dims = new ArrayList<Dim>();
    d.outputSpatial().forEach(axis -> dims.add(type.dim(axis)));
    dims.add(type.dim(d.outputBatch()));
    dims.add(type.dim(d.outputFeature()));
    return type.withShape(new Shape(dims));
  }

  private Value outputOrder(ConvDims d, TensorType type, Value v) {
    var from = new ArrayList<>(d.outputSpatial());
    from.add(d.outputBatch());
    from.add(d.outputFeature());
    var permutation = new ArrayList<Integer>();
    for (int axis = 0; axis < type.rank(); axis++) {
      permutation.add(from.indexOf(axis));
    }
    return b.transpose(permutation, v);
  }

  /** {@code v} padded and dilated along {@code axes} as the window says. */
  private Value pad(Window w, List<Integer> axes, double value, Value v) {
    var low = new ArrayList<>(Collections.nCopies(v.type().rank(), 0L));
    var high = new ArrayList<>(low);
    var interior = new ArrayList<>(low);
    for (int i = 0; i < axes.size(); i++) {
      long size = (v.type().dim(axes.get(i)).constant() - 1) * w.baseDilation().get(i) + 1;
      low.set(axes.get(i), w.padLow().get(i));
      // A window that crops everything gives an empty axis, not a negative one.
      high.set(axes.get(i), Math.max(w.padHigh().get(i), -size - w.padLow().get(i)));
      interior.set(axes.get(i), w.baseDilation().get(i) - 1);
    }
    return b.pad(low, high, interior, value, v);
  }

  /**
   * {@code of} each window over {@code axes} of {@code x}, put together in {@code type}, whose
   * first axes count windows.
   */
  private Value tiles(
      TensorType type, List<Integer> axes, Window w, Value x, UnaryOperator<Value> of) {
    long[] counts = axes.stream().mapToLong(a -> type.dim(axes.indexOf(a)).constant()).toArray();
    var pieces = new ArrayList<Value>();
    long[] index = new long[counts.length];
    int n = Tensor.elements(counts);
    for (int i = 0; i < n; i++) {
      Value piece = of.apply(tile(axes, w, x, index));
      var dims = new ArrayList<>(List.of(Dim.ONE));
      dims.addAll(piece.type().shape().dims());
      pieces.add(b.reshape(new Shape(dims), piece));
      Tensor.advance(index, counts);
    }
    return n == 0 ? b.constant(type, 0) : b.reshape(type.shape(), b.concatenate(0, pieces));
  }

  private Value tile(List<Integer> axes, Window w, Value x, long[] index) {
    var start = new ArrayList<>(Collections.nCopies(x.type().rank(), 0L));
    var limit = new ArrayList<>(x.type().shape().dims());
    var stride = new ArrayList<>(Collections.nCopies(x.type().rank(), 1L));
    for (int i = 0; i < index.length; i++) {
      long first = index[i] * w.stride().get(i);
      start.set(axes.get(i), first);
      limit.set(axes.get(i), Dim.of(first + (w.size().get(i) - 1) * w.windowDilation().get(i) + 1));
      stride.set(axes.get(i), w.windowDilation().get(i));
    }
    return b.slice(start, limit, stride, x);
  }
}
