package modelc.passes;

import java.util.ArrayList;
import java.util.List;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.ConvDims;
import modelc.ir.tensor.Value;

/** Random reductions, products and convolutions with random attributes. They keep results small. */
final class ReductionLayers {
  private final LayerPool pool;
  private final Builder b;

  ReductionLayers(LayerPool pool) {
    this.pool = pool;
    b = pool.b;
  }

  void reduce(Value x) {
    ReduceFn fn = pool.oneOf(List.of(ReduceFn.values()));
    List<Integer> axes = pool.some(x.type().rank());
    double n = 1;
    for (int axis : axes) {
      n *= x.type().dim(axis).evaluate(_ -> RandomModel.BATCH_SIZE);
    }
    switch (fn) {
      case ADD -> pool.add(b.sum(axes, x), pool.magnitude(x) * Math.sqrt(n));
      case MAXIMUM, MINIMUM -> pool.add(b.reduce(fn, axes, x), pool.magnitude(x));
      case MULTIPLY -> {
        Value nearOne = b.add(b.constantLike(x, 1), b.multiply(x, b.constantLike(x, 1 / n)));
        pool.add(b.reduce(fn, axes, nearOne), 2);
      }
      case AND, OR -> {
        Value p = b.reduce(fn, axes, b.compare(CompareFn.GT, x, b.constantLike(x, 0)));
        Value y = b.sum(axes, x);
        pool.add(b.select(p, y, b.negate(y)), pool.magnitude(x) * Math.sqrt(n));
      }
    }
  }

  void cumulativeSum(Value x) {
    if (x.type().rank() > 0) {
      int axis = pool.random.nextInt(x.type().rank());
      double n = x.type().dim(axis).evaluate(_ -> RandomModel.BATCH_SIZE);
      pool.add(b.cumulativeSum(axis, x), pool.magnitude(x) * Math.sqrt(n));
    }
  }

  void dot(Value x) {
    Value y = pool.pick();
    var pairs = new ArrayList<int[]>();
    for (int i : pool.shuffled(x.type().rank())) {
      for (int j : pool.shuffled(y.type().rank())) {
        if (x.type().dim(i).equals(y.type().dim(j))) {
          pairs.add(new int[] {i, j});
        }
      }
    }
    var xBatch = new ArrayList<Integer>();
    var yBatch = new ArrayList<Integer>();
    var xContract = new ArrayList<Integer>();
    var yContract = new ArrayList<Integer>();
    double n = 1;
    for (int[] pair : pairs) {
      boolean taken =
          xBatch.contains(pair[0])
              || xContract.contains(pair[0])
              || yBatch.contains(pair[1])
              || yContract.contains(pair[1]);
      if (!taken && pool.random.nextInt(3) == 0) {
        xBatch.add(pair[0]);
        yBatch.add(pair[1]);
      } else if (!taken) {
        xContract.add(pair[0]);
        yContract.add(pair[1]);
        n *= x.type().dim(pair[0]).evaluate(_ -> RandomModel.BATCH_SIZE);
      }
    }
    Value z = b.dotGeneral(xBatch, yBatch, xContract, yContract, x, y);
    if (LayerPool.isSmall(z.type().shape()) && z.type().rank() <= LayerPool.MAX_RANK) {
      pool.add(z, pool.magnitude(x) * pool.magnitude(y) * Math.sqrt(n));
    }
  }

  /** A value of that shape made of elements of another. */
  private Value fitted(Shape shape) {
    List<Value> constant =
        pool.values().stream()
            .filter(
                v -> v.type().shape().isConstant() && v.type().shape().elements().constant() > 0)
            .toList();
    Value source = constant.get(pool.random.nextInt(constant.size()));
    pool.use(source);
    long n = source.type().shape().elements().constant();
    List<Double> take = new ArrayList<>();
    for (long i = 0; i < shape.elements().constant(); i++) {
      take.add((double) ((i * 7 + 3) % n));
    }
    Value flat = b.reshape(Shape.of(n), source);
    Value indices = b.dense(new TensorType(DType.I32, Shape.of(take.size())), take);
    return b.reshape(shape, b.gather(0, flat, indices));
  }

  void convolution(Value x) {
    List<Integer> axes = pool.shuffled(x.type().rank());
    int spatial = x.type().rank() - 2;
    if (spatial < 1
        || axes.subList(1, axes.size()).stream().anyMatch(a -> !x.type().dim(a).isConstant())) {
      return;
    }
    Dim batch = x.type().dim(axes.get(0));
    long features = x.type().dim(axes.get(1)).constant();
    long groups = features % 2 == 0 && pool.random.nextBoolean() ? 2 : 1;
    boolean even = batch.dividedBy(Dim.of(2)).isPresent();
    long batchGroups = groups == 1 && even && pool.random.nextBoolean() ? 2 : 1;
    var kernel = new ArrayList<>(List.of(Dim.of(features / groups), Dim.of(2)));
    var w = new RandomWindow(pool.random);
    for (int i = 0; i < spatial; i++) {
      w.axis(x.type().dim(axes.get(2 + i)));
      kernel.add(Dim.of(w.size.get(i)));
    }
    List<Integer> k = pool.shuffled(spatial + 2);
    var shape = new ArrayList<>(kernel);
    for (int i = 0; i < k.size(); i++) {
      shape.set(k.get(i), kernel.get(i));
    }
    List<Integer> out = pool.shuffled(spatial + 2);
    var dims =
        new ConvDims(
            axes.get(0),
            axes.get(1),
            axes.subList(2, axes.size()),
            k.get(0),
            k.get(1),
            k.subList(2, k.size()),
            out.get(0),
            out.get(1),
            out.subList(2, out.size()));
    Value y =
        b.convolution(
            w.window(),
            dims,
            pool.random.nextBoolean(),
            groups,
            batchGroups,
            x,
            fitted(new Shape(shape)));
    if (LayerPool.isSmall(y.type().shape())) {
      double taps = (double) features / groups * Math.pow(2, spatial);
      pool.add(y, pool.magnitude(x) * Math.sqrt(taps));
    }
  }

  void reduceWindow(Value x) {
    var w = new RandomWindow(pool.random);
    x.type().shape().dims().forEach(w::axis);
    ReduceFn fn = pool.oneOf(List.of(ReduceFn.ADD, ReduceFn.MAXIMUM, ReduceFn.MINIMUM));
    Value y = b.reduceWindow(fn, w.window(), x);
    if (LayerPool.isSmall(y.type().shape())) {
      // A window wholly in the padding is infinite.
      Value finite = b.select(b.unary(UnaryFn.IS_FINITE, y), y, b.constantLike(y, 0));
      pool.add(finite, pool.magnitude(x) * (fn == ReduceFn.ADD ? 2 : 1));
    }
  }
}
