package modelc.ir.tensor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
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

/**
 * Makes random well-typed graphs over every op for tests of the text form, the verifier and the
 * interpreter. The graphs mean nothing; they only type.
 */
final class RandomGraph {
  static final Symbol BATCH = new Symbol("batch", 5);

  /** How many kinds of op {@link #step} knows. */
  static final int KINDS = 27;

  private static final List<ReduceFn> NUMERIC =
      List.of(ReduceFn.ADD, ReduceFn.MULTIPLY, ReduceFn.MAXIMUM, ReduceFn.MINIMUM);
  private static final Set<BinaryFn> BITWISE =
      EnumSet.range(BinaryFn.AND, BinaryFn.SHIFT_RIGHT_LOGICAL);

  private final Random random;
  private final Builder b = new Builder();
  private final List<Value> pool = new ArrayList<>();
  private final List<Value> parameters = new ArrayList<>();
  private final boolean gradients;

  private RandomGraph(long seed, boolean gradients) {
    this.random = new Random(seed);
    this.gradients = gradients;
    for (DType dtype : DType.values()) {
      parameter("p_" + dtype, new TensorType(dtype, Shape.of(Dim.of(BATCH), Dim.of(3))));
      parameter("stage[" + parameters.size() + "].w", TensorType.of(dtype, 2, 3, 4, 4));
    }
    parameter("5", TensorType.of(DType.F32, 0, 1));
    parameter("a \"quoted\"\\ name", TensorType.scalar(DType.F64));
    parameter("key", TensorType.of(DType.I32, 2));
  }

  /** A function of {@code steps} random ops, and those they needed. */
  static Function function(long seed, int steps, boolean gradients) {
    var g = new RandomGraph(seed, gradients);
    for (int i = 0; i < steps; i++) {
      try {
        g.step(g.random.nextInt(KINDS));
      } catch (IllTypedException _) {
        // Attributes are drawn blindly now and then: the graph goes on without that op.
      }
    }
    int n = g.pool.size();
    return new Function("f" + seed, g.parameters, g.pool.subList(n - n / 3, n));
  }

  private void parameter(String name, TensorType type) {
    Value p = b.parameter(name, type);
    parameters.add(p);
    pool.add(p);
  }

  private void step(int kind) {
    pool.add(
        switch (kind) {
          case 0 -> b.constant(any(_ -> true).type(), random.nextInt(2));
          case 1 ->
              b.dense(
                  TensorType.of(DType.F32, 2, 2),
                  List.of(0.1, -0.0, 1e-30, (double) random.nextInt()));
          case 2 -> b.iota(any(v -> numeric(v) && v.type().rank() > 0).type(), 0);
          case 3 ->
              b.randomBits(
                  any(_ -> true).type().shape(),
                  any(v -> v.type().equals(TensorType.of(DType.I32, 2))));
          case 4 -> unary();
          case 5 -> binary();
          case 6 -> {
            Value x = any(_ -> true);
            yield b.compare(pick(List.of(CompareFn.values())), x, like(x));
          }
          case 7 -> {
            Value p = any(v -> v.type().dtype() == DType.BOOL);
            Value x = any(v -> v.type().shape().equals(p.type().shape()));
            yield b.select(p, x, like(x));
          }
          case 8 -> b.convert(pick(List.of(DType.values())), any(_ -> true));
          case 9 -> {
            Value x = any(_ -> true);
            yield b.reshape(Shape.of(Dim.ONE, x.type().shape().elements()), x);
          }
          case 10 -> {
            Value x = any(_ -> true);
            var axes = new ArrayList<>(axes(x));
            Collections.shuffle(axes, random);
            yield b.transpose(axes, x);
          }
          case 11 -> {
            Value x = any(v -> v.type().rank() < 4);
            var dims = new ArrayList<>(x.type().shape().dims());
            dims.add(0, Dim.of(BATCH));
            yield b.broadcast(new Shape(dims), axes(x).stream().map(a -> a + 1).toList(), x);
          }
          case 12 -> slice();
          case 13 -> pad();
          case 14 -> {
            Value x = any(v -> v.type().rank() > 0);
            yield b.concatenate(random.nextInt(x.type().rank()), List.of(x, like(x), x));
          }
          case 15 -> {
            Value x = any(v -> v.type().rank() > 0);
            yield b.reverse(List.of(random.nextInt(x.type().rank())), x);
          }
          case 16 -> b.gather(axis(gatherable()), gatherable(), indices());
          case 17 -> {
            Value x = any(v -> numeric(v) && v.type().rank() > 0 && v.type().rank() < 5);
            Value i = indices();
            int axis = random.nextInt(x.type().rank());
            Value updates = b.constantLike(b.gather(axis, x, i), 1);
            yield b.scatterAdd(axis, x, i, updates);
          }
          case 18 -> {
            Value x = any(RandomGraph::numeric);
            ReduceFn fn = pick(NUMERIC);
            yield b.reduce(fn, axes(x).stream().filter(_ -> random.nextBoolean()).toList(), x);
          }
          case 19 -> {
            Value x = any(v -> numeric(v) && v.type().rank() > 1);
            yield b.dotGeneral(List.of(0), List.of(0), List.of(1), List.of(1), x, like(x));
          }
          case 20 -> convolution();
          case 21 -> {
            Value x = any(RandomGraph::numeric);
            yield b.reduceWindow(pick(NUMERIC), window(x, true), x);
          }
          case 22 -> {
            Value x = any(RandomGraph::numeric);
            Window w = window(x, false);
            yield b.selectAndScatter(w, x, b.reduceWindow(ReduceFn.MAXIMUM, w, x));
          }
          case 23 -> b.stopGradient(any(_ -> true));
          case 24 -> call();
          case 25 -> gradients ? gradient() : b.stopGradient(any(_ -> true));
          case 26 -> {
            Value x = any(v -> numeric(v) && v.type().rank() > 0);
            yield b.cumulativeSum(random.nextInt(x.type().rank()), x);
          }
          default -> throw new IllegalArgumentException("kind " + kind);
        });
  }

  private Value gatherable() {
    return any(
        v ->
            v.type().rank() > 0 && v.type().rank() < 5 && v.type().shape().elements().factor() > 0);
  }

  private int axis(Value x) {
    return Math.min(x.type().rank() - 1, random.nextInt(2));
  }

  private Value indices() {
    return any(v -> v.type().dtype() == DType.I32 && v.type().rank() < 3);
  }

  private Value gradient() {
    Value x = any(v -> v.type().dtype().isFloat());
    return b.gradient(b.sum(axes(x), x), x);
  }

  private Value call() {
    Value x = any(v -> v.type().dtype().isFloat());
    var body = new Builder();
    Value p = body.parameter("x", x.type());
    Function relu =
        new Function(
            "relu", List.of(p), List.of(body.binary(BinaryFn.MAXIMUM, body.constantLike(p, 0), p)));
    var outer = new Builder();
    Value q = outer.parameter("x", x.type());
    Value called = outer.call(new Callable("relu", relu, null, "not today\nat all"), List.of(q));
    Function twice = new Function("twice", List.of(q), List.of(outer.add(called, called)));
    var stated = new Builder();
    Value r = stated.parameter("x", x.type());
    Value y = stated.parameter("y", x.type());
    Value dy = stated.parameter("dy", x.type());
    Function gradient = new Function("twice", List.of(r, y, dy), List.of(stated.add(dy, dy)));
    return b.call(
        new Callable("twice", twice, random.nextBoolean() ? gradient : null, null), List.of(x));
  }

  private Value unary() {
    UnaryFn fn = pick(List.of(UnaryFn.values()));
    return b.unary(
        fn, any(v -> fn == UnaryFn.NOT ? !v.type().dtype().isFloat() : v.type().dtype().isFloat()));
  }

  private Value binary() {
    BinaryFn fn = pick(List.of(BinaryFn.values()));
    Value x =
        any(v -> BITWISE.contains(fn) ? v.type().dtype().isInteger() : v.type().dtype().isFloat());
    return b.binary(fn, x, like(x));
  }

  private Value slice() {
    Value x = any(_ -> true);
    var start = new ArrayList<Long>();
    var limit = new ArrayList<Dim>();
    var stride = new ArrayList<Long>();
    for (Dim d : x.type().shape().dims()) {
      boolean whole = !d.isConstant() || d.constant() == 0;
      start.add(whole ? 0 : random.nextLong(d.constant()));
      limit.add(d);
      stride.add(whole ? 1 : 1 + random.nextLong(3));
    }
    return b.slice(start, limit, stride, x);
  }

  private Value pad() {
    Value x = any(_ -> true);
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    var interior = new ArrayList<Long>();
    for (Dim d : x.type().shape().dims()) {
      boolean small = d.isConstant() && d.constant() < 8;
      low.add(small ? random.nextLong(3) - 1 : 0);
      high.add(small ? random.nextLong(2) : 0);
      interior.add(small ? random.nextLong(2) : 0);
    }
    return b.pad(low, high, interior, x.type().dtype() == DType.BOOL ? 1 : -2, x);
  }

  private Window window(Value x, boolean dilated) {
    var size = new ArrayList<Long>();
    var stride = new ArrayList<Long>();
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    var base = new ArrayList<Long>();
    var dilation = new ArrayList<Long>();
    for (Dim d : x.type().shape().dims()) {
      boolean small = d.isConstant() && d.constant() < 8;
      size.add(small ? 1 + random.nextLong(2) : 1);
      stride.add(small ? 1 + random.nextLong(2) : 1);
      low.add(small ? random.nextLong(3) - 1 : 0);
      high.add(small ? random.nextLong(2) : 0);
      base.add(small && dilated ? 1 + random.nextLong(2) : 1);
      dilation.add(small && dilated ? 1 + random.nextLong(2) : 1);
    }
    return new Window(size, stride, low, high, base, dilation);
  }

  private Value convolution() {
    Value x = any(v -> numeric(v) && v.type().shape().equals(Shape.of(2, 3, 4, 4)));
    Value k = b.constant(TensorType.of(x.type().dtype(), 6, 3, 2, 1), 2);
    Window w =
        new Window(
            List.of(2L, 1L),
            List.of(1L, 2L),
            List.of(1L, 0L),
            List.of(-1L, 2L),
            List.of(2L, 1L),
            List.of(1L, 3L));
    return switch (random.nextInt(3)) {
      case 0 -> b.convolution(w, ConvDims.standard(2), random.nextBoolean(), 1, 1, x, k);
      case 1 -> {
        Value grouped = b.constant(TensorType.of(x.type().dtype(), 2, 1, 1, 6), 3);
        ConvDims dims = new ConvDims(0, 1, List.of(2, 3), 1, 3, List.of(0, 2), 3, 0, List.of(2, 1));
        yield b.convolution(w, dims, false, 3, 1, x, grouped);
      }
      default -> b.convolution(w, ConvDims.standard(2), false, 1, 2, x, k);
    };
  }

  private <T> T pick(List<T> all) {
    return all.get(random.nextInt(all.size()));
  }

  private Value like(Value x) {
    return any(v -> v.type().equals(x.type()));
  }

  private static boolean numeric(Value v) {
    return v.type().dtype() != DType.BOOL;
  }

  private static List<Integer> axes(Value x) {
    return IntStream.range(0, x.type().rank()).boxed().toList();
  }

  /**
   * A small value of the pool, the later ones likelier; every request made here has an answer among
   * the parameters.
   */
  private Value any(Predicate<Value> p) {
    List<Value> fit =
        pool.stream()
            .filter(v -> v.type().shape().elements().max() <= 4096 && v.type().rank() <= 6)
            .filter(p)
            .toList();
    int n = fit.size();
    return fit.get(
        random.nextBoolean() ? n - 1 - random.nextInt(Math.min(n, 6)) : random.nextInt(n));
  }
}
