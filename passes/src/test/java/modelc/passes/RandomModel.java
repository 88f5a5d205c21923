package modelc.passes;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;

/**
 * Random small models over every primitive: a list of genes is a list of layers, each valid
 * whatever came before it, so that any sublist of genes is a model too and failures shrink. It
 * keeps values within reach of finite differences: arguments inside domains, magnitudes near 1, no
 * infinities.
 */
public final class RandomModel {
  /** The batch of every model, and the size it has in runs. */
  public static final Symbol BATCH = new Symbol("batch", 8);

  public static final long BATCH_SIZE = 3;

  private final LayerPool pool = new LayerPool();
  private final Builder b = pool.b;
  private final ElementwiseLayers elementwise = new ElementwiseLayers(pool);
  private final MovementLayers movement = new MovementLayers(pool);
  private final ReductionLayers reductions = new ReductionLayers(pool);

  private RandomModel() {}

  /** Genes of a model of that many layers. */
  public static List<Long> genes(long seed, int layers) {
    return new Random(seed).longs(layers).boxed().toList();
  }

  /** The model of these genes: parameters in float64, a scalar loss. */
  public static Function build(List<Long> genes) {
    var model = new RandomModel();
    List<Value> parameters = model.parameters();
    for (long gene : genes) {
      model.pool.random = new Random(gene);
      model.layer();
    }
    return new Function("model", parameters, List.of(model.loss()));
  }

  /** Arguments for {@code f}'s parameters. */
  public static List<Tensor> arguments(Function f, long seed) {
    var random = new Random(seed);
    return f.parameters().stream()
        .map(
            p -> {
              long[] shape = p.type().shape().evaluate(_ -> BATCH_SIZE);
              double[] data =
                  new double[(int) p.type().shape().elements().evaluate(_ -> BATCH_SIZE)];
              for (int i = 0; i < data.length; i++) {
                data[i] = 2 * random.nextDouble() - 1;
              }
              return new Tensor(DType.F64, shape, data);
            })
        .toList();
  }

  /** A sublist of {@code genes} that still {@code fails}, of which no gene can be left out. */
  public static List<Long> shrink(List<Long> genes, Predicate<List<Long>> fails) {
    List<Long> smallest = genes;
    for (int chunk = genes.size(); chunk > 0; chunk /= 2) {
      int from = 0;
      while (from < smallest.size()) {
        var rest = new ArrayList<>(smallest.subList(0, from));
        rest.addAll(smallest.subList(Math.min(from + chunk, smallest.size()), smallest.size()));
        if (rest.size() < smallest.size() && fails.test(rest)) {
          smallest = rest;
        } else {
          from += chunk;
        }
      }
    }
    return smallest;
  }

  private List<Value> parameters() {
    Dim batch = Dim.of(BATCH);
    List<Shape> shapes =
        List.of(
            Shape.of(batch, Dim.of(2), Dim.of(5), Dim.of(4)),
            Shape.of(batch, Dim.of(6)),
            Shape.of(3, 4),
            Shape.of(2, 2, 3, 2),
            Shape.of(5),
            Shape.SCALAR);
    for (Shape s : shapes) {
      pool.add(b.parameter("p" + pool.values().size(), new TensorType(DType.F64, s)), 1);
    }
    return List.copyOf(pool.values());
  }

  /** A weighted sum of everything nothing else uses. */
  private Value loss() {
    Value sum = b.constant(TensorType.scalar(DType.F64), 0);
    for (Value v : pool.values()) {
      if (!pool.isUsed(v)) {
        Value phase = b.constantLike(v, 0.3);
        for (int axis = 0; axis < v.type().rank(); axis++) {
          Value index = b.iota(v.type(), axis);
          phase = b.add(phase, b.multiply(index, b.constantLike(v, 0.7 + axis)));
        }
        Value weighted = b.multiply(v, b.unary(UnaryFn.COSINE, phase));
        sum = b.add(sum, b.sum(LayerPool.range(v.type().rank()), weighted));
      }
    }
    return sum;
  }

  private void layer() {
    Value x = pool.pick();
    switch (pool.random.nextInt(22)) {
      case 0, 1 -> elementwise.unary(x);
      case 2, 3 -> elementwise.binary(x);
      case 4 -> elementwise.choice(x);
      case 5 -> elementwise.precision(x);
      case 6 -> movement.reshape(x);
      case 7 -> movement.transpose(x);
      case 8 -> movement.broadcast(x);
      case 9 -> movement.slice(x);
      case 10 -> movement.pad(x);
      case 11 -> movement.concatenate(x);
      case 12 -> movement.reverse(x);
      case 13 -> movement.gather(x);
      case 14 -> movement.scatterAdd(x);
      case 15 -> reductions.reduce(x);
      case 16 -> reductions.dot(x);
      case 17 -> reductions.convolution(x);
      case 18 -> reductions.reduceWindow(x);
      case 19 -> elementwise.call(x);
      case 20 -> elementwise.mask(x);
      case 21 -> reductions.cumulativeSum(x);
      default -> throw new IllegalStateException();
    }
  }
}
