package modelc.passes;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Callable;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;

/**
 * Random small models over every primitive: a list of genes is a list of layers, each valid whatever came before it, so
 * that any sublist of genes is a model too and failures shrink. It keeps values within reach of finite differences:
 * arguments inside domains, magnitudes near 1, no infinities.
 */
public final class RandomModel {
  /** The batch of every model, and the size it has in runs. */
  public static final Symbol BATCH = new Symbol("batch", 8);

  public static final long BATCH_SIZE = 3;

  private static final long MAX_ELEMENTS = 200;
  private static final int MAX_RANK = 5;
  private static final List<CompareFn> ORDERS =
      List.of(CompareFn.LT, CompareFn.LE, CompareFn.GT, CompareFn.GE);

  private final Builder b = new Builder();
  private final List<Value> pool = new ArrayList<>();
  private final Map<Value, Double> magnitudes = new HashMap<>();
  private final Set<Value> used = new HashSet<>();
  private Random random = new Random(0);

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
      model.random = new Random(gene);
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
              double[] data = new double[(int) p.type().shape().elements().evaluate(_ -> BATCH_SIZE)];
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
      add(b.parameter("p" + pool.size(), new TensorType(DType.F64, s)), 1);
    }
    return List.copyOf(pool);
  }

  /** A weighted sum of everything nothing else uses. */
  private Value loss() {
    Value sum = b.constant(TensorType.scalar(DType.F64), 0);
    for (Value v : pool) {
      if (!used.contains(v)) {
        Value phase = b.constantLike(v, 0.3);
        for (int axis = 0; axis < v.type().rank(); axis++) {
          Value index = b.iota(v.type(), axis);
          phase = b.add(phase, b.multiply(index, b.constantLike(v, 0.7 + axis)));
        }
        Value weighted = b.multiply(v, b.unary(UnaryFn.COSINE, phase));
        sum = b.add(sum, b.sum(range(v.type().rank()), weighted));
      }
    }
    return sum;
  }

  private void add(Value v, double magnitude) {
    Value tamed = v;
    double m = magnitude;
    if (m > 3) {
      tamed = b.multiply(v, b.constantLike(v, 1 / m));
      m = 1;
    }
    if (!magnitudes.containsKey(tamed)) {
      pool.add(tamed);
      magnitudes.put(tamed, m);
    }
  }

  /** A value to build on, a late one more often than an early one. */
  private Value pick() {
    int back = random.nextInt(1 + random.nextInt(pool.size()));
    Value v = pool.get(pool.size() - 1 - back);
    used.add(v);
    return v;
  }

  private <T> T oneOf(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  private double magnitude(Value v) {
    return magnitudes.getOrDefault(v, 1.0);
  }

  /** Another value of {@code x}'s type: one there is, or one stretched from a scalar. */
  private Value partner(Value x) {
    List<Value> fits = pool.stream().filter(v -> v.type().equals(x.type()) && v != x).toList();
    if (!fits.isEmpty() && random.nextBoolean()) {
      Value v = fits.get(random.nextInt(fits.size()));
      used.add(v);
      return v;
    }
    Value other = pick();
    Value scalar = b.unary(UnaryFn.TANH, b.sum(range(other.type().rank()), other));
    return b.broadcastScalar(x.type().shape(), scalar);
  }

  private void layer() {
    Value x = pick();
    switch (random.nextInt(21)) {
      case 0, 1 -> unary(x);
      case 2, 3 -> binary(x);
      case 4 -> {
        Value y = partner(x);
        Value p = b.compare(oneOf(ORDERS), x, y);
        add(b.select(p, y, b.negate(x)), Math.max(magnitude(x), magnitude(y)));
      }
      case 5 -> add(b.convert(DType.F64, b.convert(DType.F32, x)), magnitude(x));
      case 6 -> add(b.reshape(reshaped(x), x), magnitude(x));
      case 7 -> add(b.transpose(shuffled(x.type().rank()), x), magnitude(x));
      case 8 -> broadcast(x);
      case 9 -> slice(x);
      case 10 -> pad(x);
      case 11 -> concatenate(x);
      case 12 -> add(b.reverse(some(x.type().rank()), x), magnitude(x));
      case 13 -> gather(x);
      case 14 -> scatterAdd(x);
      case 15 -> reduce(x);
      case 16 -> dot(x);
      case 17 -> convolution(x);
      case 18 -> reduceWindow(x);
      case 19 -> call(x);
      case 20 -> mask(x);
      default -> throw new IllegalStateException();
    }
  }

  private Value shifted(Value x, double by) {
    return b.add(x, b.constantLike(x, by));
  }

  private void unary(Value x) {
    Value positive = shifted(b.multiply(x, x), 0.5);
    double m = magnitude(x);
    UnaryFn fn = oneOf(List.of(UnaryFn.values()));
    switch (fn) {
      case EXP, EXPM1 -> add(b.unary(fn, b.unary(UnaryFn.TANH, x)), 2);
      case LOG, SQRT, RSQRT -> add(b.unary(fn, positive), 1.5);
      case LOG1P -> add(b.unary(fn, b.multiply(x, x)), m);
      case FLOOR, CEIL, ROUND_NEAREST_EVEN ->
          add(b.subtract(x, b.unary(fn, b.multiply(x, b.constantLike(x, 3)))), 3 * m);
      case IS_FINITE -> add(b.select(b.unary(fn, x), x, b.negate(x)), m);
      case NOT -> {
        Value p = b.compare(CompareFn.GT, x, b.constantLike(x, 0.1));
        add(b.select(b.unary(fn, p), x, b.multiply(x, x)), m * m);
      }
      case NEGATE, ABS, SIGN, TANH, LOGISTIC, ERF, SINE, COSINE -> add(b.unary(fn, x), m);
    }
  }

  private void binary(Value x) {
    Value y = partner(x);
    Value positive = shifted(b.multiply(y, y), 0.5);
    double m = magnitude(x);
    BinaryFn fn = oneOf(List.of(BinaryFn.values()));
    switch (fn) {
      case ADD, SUBTRACT, MAXIMUM, MINIMUM -> add(b.binary(fn, x, y), m + magnitude(y));
      case MULTIPLY -> add(b.binary(fn, x, y), m * magnitude(y));
      case DIVIDE, REMAINDER -> add(b.binary(fn, x, positive), 2 * m);
      case POWER -> {
        Value base = shifted(b.unary(UnaryFn.ABS, x), 0.5);
        double[] exponents = {0, 1, 2, 3, 0.5, -1, 1.7};
        Value exponent =
            random.nextBoolean()
                ? b.unary(UnaryFn.TANH, y)
                : b.constantLike(x, exponents[random.nextInt(exponents.length)]);
        add(b.binary(fn, base, exponent), 2);
      }
      case AND, OR, XOR -> {
        Value p = b.compare(CompareFn.GT, x, y);
        Value q = b.compare(CompareFn.LE, y, b.constantLike(y, 0.2));
        add(b.select(b.binary(fn, p, q), x, b.multiply(x, x)), m * m);
      }
      case SHIFT_LEFT, SHIFT_RIGHT_LOGICAL -> {
        var type = x.type().withDType(DType.I32);
        Value index = type.rank() == 0 ? b.constant(type, 3) : b.iota(type, 0);
        Value shifted = b.binary(fn, index, b.constantLike(index, 1));
        add(b.add(x, b.multiply(y, b.convert(DType.F64, shifted))), m + 5 * magnitude(y));
      }
    }
  }

  private Shape reshaped(Value x) {
    var dims = new ArrayList<>(x.type().shape().dims());
    int axis = dims.isEmpty() ? 0 : random.nextInt(dims.size());
    if (!dims.isEmpty() && random.nextBoolean()) {
      for (long divisor = 2; divisor <= 3; divisor++) {
        var rest = dims.get(axis).dividedBy(Dim.of(divisor));
        if (rest.isPresent() && dims.size() < MAX_RANK) {
          dims.set(axis, rest.get());
          dims.add(axis, Dim.of(divisor));
          return new Shape(dims);
        }
      }
    }
    if (axis + 1 < dims.size()) {
      dims.set(axis, dims.get(axis).times(dims.remove(axis + 1)));
    } else if (dims.size() < MAX_RANK) {
      dims.add(axis, Dim.ONE);
    }
    return new Shape(dims);
  }

  private void broadcast(Value x) {
    var dims = new ArrayList<>(x.type().shape().dims());
    int at = random.nextInt(dims.size() + 1);
    Dim size = random.nextInt(3) == 0 ? Dim.of(BATCH) : Dim.of(1 + random.nextInt(3));
    if (at < dims.size() && dims.get(at).isOne()) {
      dims.set(at, size);
      addIfSmall(new Shape(dims), range(dims.size()), x);
    } else if (dims.size() < MAX_RANK) {
      dims.add(at, size);
      List<Integer> axes = range(dims.size()).stream().filter(axis -> axis != at).toList();
      addIfSmall(new Shape(dims), axes, x);
    }
  }

  private void addIfSmall(Shape shape, List<Integer> axes, Value x) {
    if (isSmall(shape)) {
      add(b.broadcast(shape, axes, x), magnitude(x));
    }
  }

  private static boolean isSmall(Shape shape) {
    return shape.elements().evaluate(_ -> BATCH_SIZE) <= MAX_ELEMENTS;
  }

  private void slice(Value x) {
    var start = new ArrayList<Long>();
    var limit = new ArrayList<Dim>();
    var stride = new ArrayList<Long>();
    for (Dim d : x.type().shape().dims()) {
      boolean cut = d.isConstant() && d.constant() > 1 && random.nextBoolean();
      long from = cut ? random.nextInt((int) d.constant()) : 0;
      start.add(from);
      limit.add(cut ? Dim.of(from + 1 + random.nextInt((int) (d.constant() - from))) : d);
      stride.add(d.isConstant() ? 1L + random.nextInt(2) : 1L);
    }
    add(b.slice(start, limit, stride, x), magnitude(x));
  }

  private void pad(Value x) {
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    var interior = new ArrayList<Long>();
    var dims = new ArrayList<Dim>();
    for (Dim d : x.type().shape().dims()) {
      boolean padded = d.isConstant() && random.nextBoolean();
      long gap = padded && random.nextInt(3) == 0 ? 1 : 0;
      long before = padded ? random.nextInt(4) - 1 : 0;
      long after = padded ? random.nextInt(4) - 1 : 0;
      long size = padded ? d.constant() + (d.constant() - 1) * gap + before + after : 1;
      boolean fits = size > 0;
      low.add(fits ? before : 0);
      high.add(fits ? after : 0);
      interior.add(fits ? gap : 0);
      dims.add(fits && padded ? Dim.of(size) : d);
    }
    if (isSmall(new Shape(dims))) {
      double[] values = {0, 0.5, -1};
      add(b.pad(low, high, interior, values[random.nextInt(3)], x), magnitude(x));
    }
  }

  private void concatenate(Value x) {
    if (x.type().rank() == 0 || !isSmall(Shape.of(x.type().shape().elements().times(2)))) {
      return;
    }
    Value y = partner(x);
    int axis = random.nextInt(x.type().rank());
    add(b.concatenate(axis, List.of(x, y)), Math.max(magnitude(x), magnitude(y)));
  }

  private Value indices(long size, Shape shape) {
    long n = shape.elements().constant();
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      values.add((double) random.nextInt((int) size + 2) - 1);
    }
    return b.dense(new TensorType(DType.I32, shape), values);
  }

  private Shape indexShape() {
    return switch (random.nextInt(3)) {
      case 0 -> Shape.SCALAR;
      case 1 -> Shape.of(1 + random.nextInt(4));
      default -> Shape.of(2, 1 + random.nextInt(2));
    };
  }

  private void gather(Value x) {
    if (x.type().rank() == 0 || x.type().rank() == MAX_RANK) {
      return;
    }
    int axis = random.nextInt(x.type().rank());
    Value taken = b.gather(axis, x, indices(4, indexShape()));
    if (isSmall(taken.type().shape())) {
      add(taken, magnitude(x));
    }
  }

  private void scatterAdd(Value x) {
    if (x.type().rank() == 0 || x.type().rank() == MAX_RANK) {
      return;
    }
    int axis = random.nextInt(x.type().rank());
    Value indices = indices(4, indexShape());
    Value updates = b.multiply(b.gather(axis, x, indices), b.gather(axis, x, indices));
    if (isSmall(updates.type().shape())) {
      add(b.scatterAdd(axis, x, indices, updates), 2 * magnitude(x));
    }
  }

  private void reduce(Value x) {
    ReduceFn fn = oneOf(List.of(ReduceFn.values()));
    List<Integer> axes = some(x.type().rank());
    double n = 1;
    for (int axis : axes) {
      n *= x.type().dim(axis).evaluate(_ -> BATCH_SIZE);
    }
    switch (fn) {
      case ADD -> add(b.sum(axes, x), magnitude(x) * Math.sqrt(n));
      case MAXIMUM, MINIMUM -> add(b.reduce(fn, axes, x), magnitude(x));
      case MULTIPLY -> {
        Value nearOne = b.add(b.constantLike(x, 1), b.multiply(x, b.constantLike(x, 1 / n)));
        add(b.reduce(fn, axes, nearOne), 2);
      }
      case AND, OR -> {
        Value p = b.reduce(fn, axes, b.compare(CompareFn.GT, x, b.constantLike(x, 0)));
        Value y = b.sum(axes, x);
        add(b.select(p, y, b.negate(y)), magnitude(x) * Math.sqrt(n));
      }
    }
  }

  private void dot(Value x) {
    Value y = pick();
    var pairs = new ArrayList<int[]>();
    for (int i : shuffled(x.type().rank())) {
      for (int j : shuffled(y.type().rank())) {
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
      if (!taken && random.nextInt(3) == 0) {
        xBatch.add(pair[0]);
        yBatch.add(pair[1]);
      } else if (!taken) {
        xContract.add(pair[0]);
        yContract.add(pair[1]);
        n *= x.type().dim(pair[0]).evaluate(_ -> BATCH_SIZE);
      }
    }
    Value z = b.dotGeneral(xBatch, yBatch, xContract, yContract, x, y);
    if (isSmall(z.type().shape()) && z.type().rank() <= MAX_RANK) {
      add(z, magnitude(x) * magnitude(y) * Math.sqrt(n));
    }
  }

  /** A value of that shape made of elements of another. */
  private Value fitted(Shape shape) {
    List<Value> constant =
        pool.stream()
            .filter(v -> v.type().shape().isConstant() && v.type().shape().elements().constant() > 0)
            .toList();
    Value source = constant.get(random.nextInt(constant.size()));
    used.add(source);
    long n = source.type().shape().elements().constant();
    List<Double> take = new ArrayList<>();
    for (long i = 0; i < shape.elements().constant(); i++) {
      take.add((double) ((i * 7 + 3) % n));
    }
    Value flat = b.reshape(Shape.of(n), source);
    Value indices = b.dense(new TensorType(DType.I32, Shape.of(take.size())), take);
    return b.reshape(shape, b.gather(0, flat, indices));
  }

  private void convolution(Value x) {
    List<Integer> axes = shuffled(x.type().rank());
    int spatial = x.type().rank() - 2;
    if (spatial < 1 || axes.subList(1, axes.size()).stream().anyMatch(a -> !x.type().dim(a).isConstant())) {
      return;
    }
    Dim batch = x.type().dim(axes.get(0));
    long features = x.type().dim(axes.get(1)).constant();
    long groups = features % 2 == 0 && random.nextBoolean() ? 2 : 1;
    boolean even = batch.dividedBy(Dim.of(2)).isPresent();
    long batchGroups = groups == 1 && even && random.nextBoolean() ? 2 : 1;
    var kernel = new ArrayList<>(List.of(Dim.of(features / groups), Dim.of(2)));
    var w = new RandomWindow(random);
    for (int i = 0; i < spatial; i++) {
      w.axis(x.type().dim(axes.get(2 + i)));
      kernel.add(Dim.of(w.size.get(i)));
    }
    List<Integer> k = shuffled(spatial + 2);
    var shape = new ArrayList<>(kernel);
    for (int i = 0; i < k.size(); i++) {
      shape.set(k.get(i), kernel.get(i));
    }
    List<Integer> out = shuffled(spatial + 2);
    var dims =
        new modelc.ir.tensor.ConvDims(
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
            w.window(), dims, random.nextBoolean(), groups, batchGroups, x, fitted(new Shape(shape)));
    if (isSmall(y.type().shape())) {
      double taps = (double) features / groups * Math.pow(2, spatial);
      add(y, magnitude(x) * Math.sqrt(taps));
    }
  }

  private void reduceWindow(Value x) {
    var w = new RandomWindow(random);
    x.type().shape().dims().forEach(w::axis);
    ReduceFn fn = oneOf(List.of(ReduceFn.ADD, ReduceFn.MAXIMUM, ReduceFn.MINIMUM));
    Value y = b.reduceWindow(fn, w.window(), x);
    if (isSmall(y.type().shape())) {
      // A window wholly in the padding is infinite.
      Value finite = b.select(b.unary(UnaryFn.IS_FINITE, y), y, b.constantLike(y, 0));
      add(finite, magnitude(x) * (fn == ReduceFn.ADD ? 2 : 1));
    }
  }

  private void call(Value x) {
    boolean stated = random.nextBoolean();
    var body = new Builder();
    Value p = body.parameter("x", x.type());
    Value y = body.unary(UnaryFn.LOG1P, body.unary(UnaryFn.EXP, p));
    Function gradient = null;
    if (stated) {
      var g = new Builder();
      Value gx = g.parameter("x", x.type());
      Value gy = g.parameter("y", x.type());
      Value dy = g.parameter("dy", x.type());
      Value dx = g.multiply(dy, g.unary(UnaryFn.LOGISTIC, gx));
      gradient = new Function("softplus_gradient", List.of(gx, gy, dy), List.of(dx));
    }
    var callee =
        new Callable("softplus", new Function("softplus", List.of(p), List.of(y)), gradient, null);
    add(b.call(callee, List.of(x)), magnitude(x) + 1);
  }

  private void mask(Value x) {
    List<Double> key = List.of((double) random.nextInt(), (double) random.nextInt());
    Value bits =
        b.randomBits(x.type().shape(), b.dense(TensorType.of(DType.I32, 2), key));
    Value kept = b.compare(CompareFn.GT, bits, b.constantLike(bits, 0));
    add(b.multiply(x, b.convert(DType.F64, kept)), magnitude(x));
  }

  private List<Integer> some(int rank) {
    return range(rank).stream().filter(_ -> random.nextBoolean()).toList();
  }

  private List<Integer> shuffled(int n) {
    var list = new ArrayList<>(range(n));
    Collections.shuffle(list, random);
    return list;
  }

  private static List<Integer> range(int n) {
    return IntStream.range(0, n).boxed().toList();
  }
}
