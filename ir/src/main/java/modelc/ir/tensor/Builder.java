package modelc.ir.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Origin;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;

/**
 * Makes values: types each op as it is made, so that ill-typed IR cannot exist, and gives the same
 * value for the same op over the same operands (value numbering).
 *
 * <p>It does not simplify; that is a pass. Every method throws {@link IllTypedException} when the
 * operands do not fit.
 */
public final class Builder {
  private final Map<Op, Value> known = new HashMap<>();
  private Origin origin = Origin.NONE;

  /** Runs {@code body} with {@code origin} as the origin of the values it makes. */
  public <T> T with(Origin origin, Supplier<T> body) {
    Origin saved = this.origin;
    this.origin = origin;
    try {
      return body.get();
    } finally {
      this.origin = saved;
    }
  }

  public Origin origin() {
    return origin;
  }

  /** The value of {@code op}: an earlier one if this builder made it already. */
  public Value emit(Op op) {
    Value v = known.get(op);
    if (v == null) {
      v = new Value(TypeRules.typeOf(op), op, origin);
      known.put(op, v);
    }
    return v;
  }

  public Value parameter(String name, TensorType type) {
    return emit(new Op.Parameter(name, type));
  }

  /** {@code value} in every element of {@code type}. */
  public Value constant(TensorType type, double value) {
    return emit(new Op.Constant(type, value));
  }

  /** {@code value} in the shape and element type of {@code like}. */
  public Value constantLike(Value like, double value) {
    return constant(like.type(), value);
  }

  public Value dense(TensorType type, List<Double> values) {
    return emit(new Op.DenseConstant(type, values));
  }

  public Value iota(TensorType type, int axis) {
    return emit(new Op.Iota(type, axis));
  }

  public Value randomBits(Shape shape, Value key) {
    return emit(new Op.RandomBits(shape, key));
  }

  public Value unary(UnaryFn fn, Value x) {
    return emit(new Op.Unary(fn, x));
  }

  public Value binary(BinaryFn fn, Value x, Value y) {
    return emit(new Op.Binary(fn, x, y));
  }

  public Value add(Value x, Value y) {
    return binary(BinaryFn.ADD, x, y);
  }

  public Value subtract(Value x, Value y) {
    return binary(BinaryFn.SUBTRACT, x, y);
  }

  public Value multiply(Value x, Value y) {
    return binary(BinaryFn.MULTIPLY, x, y);
  }

  public Value divide(Value x, Value y) {
    return binary(BinaryFn.DIVIDE, x, y);
  }

  public Value negate(Value x) {
    return unary(UnaryFn.NEGATE, x);
  }

  public Value compare(CompareFn fn, Value x, Value y) {
    return emit(new Op.Compare(fn, x, y));
  }

  public Value select(Value predicate, Value onTrue, Value onFalse) {
    return emit(new Op.Select(predicate, onTrue, onFalse));
  }

  /** {@code x} itself when it has that type already. */
  public Value convert(DType to, Value x) {
    return x.type().dtype() == to ? x : emit(new Op.Convert(to, x));
  }

  /** {@code x} itself when it has that shape already. */
  public Value reshape(Shape shape, Value x) {
    return x.type().shape().equals(shape) ? x : emit(new Op.Reshape(shape, x));
  }

  /** {@code x} itself for the identity permutation. */
  public Value transpose(List<Integer> permutation, Value x) {
    boolean identity =
        IntStream.range(0, permutation.size()).allMatch(i -> permutation.get(i) == i);
    return identity ? x : emit(new Op.Transpose(permutation, x));
  }

  /** {@code x} itself when nothing changes. */
  public Value broadcast(Shape shape, List<Integer> axes, Value x) {
    return x.type().shape().equals(shape) ? x : emit(new Op.Broadcast(shape, axes, x));
  }

  /** A scalar in every element of {@code shape}. */
  public Value broadcastScalar(Shape shape, Value scalar) {
    return broadcast(shape, List.of(), scalar);
  }

  public Value slice(List<Long> start, List<Dim> limit, List<Long> stride, Value x) {
    return emit(new Op.Slice(start, limit, stride, x));
  }

  /** Elements {@code from} (inclusive) to {@code to} (exclusive) of one axis. */
  public Value sliceAxis(Value x, int axis, long from, long to) {
    var start = new ArrayList<Long>();
    var limit = new ArrayList<Dim>();
    var stride = new ArrayList<Long>();
    for (int i = 0; i < x.type().rank(); i++) {
      start.add(i == axis ? from : 0L);
      limit.add(i == axis ? Dim.of(to) : x.type().dim(i));
      stride.add(1L);
    }
    return slice(start, limit, stride, x);
  }

  public Value pad(List<Long> low, List<Long> high, List<Long> interior, double value, Value x) {
    return emit(new Op.Pad(low, high, interior, value, x));
  }

  public Value concatenate(int axis, List<Value> xs) {
    return xs.size() == 1 ? xs.getFirst() : emit(new Op.Concatenate(axis, xs));
  }

  public Value reverse(List<Integer> axes, Value x) {
    return axes.isEmpty() ? x : emit(new Op.Reverse(axes, x));
  }

  public Value gather(int axis, Value x, Value indices) {
    return emit(new Op.Gather(axis, x, indices));
  }

  public Value scatterAdd(int axis, Value x, Value indices, Value updates) {
    return emit(new Op.ScatterAdd(axis, x, indices, updates));
  }

  /** {@code x} itself when there is no axis to reduce. Axes are sorted. */
  public Value reduce(ReduceFn fn, List<Integer> axes, Value x) {
    return axes.isEmpty() ? x : emit(new Op.Reduce(fn, axes.stream().sorted().toList(), x));
  }

  public Value sum(List<Integer> axes, Value x) {
    return reduce(ReduceFn.ADD, axes, x);
  }

  public Value cumulativeSum(int axis, Value x) {
    return emit(new Op.CumulativeSum(axis, x));
  }

  public Value dotGeneral(
      List<Integer> xBatch,
      List<Integer> yBatch,
      List<Integer> xContract,
      List<Integer> yContract,
      Value x,
      Value y) {
    return emit(new Op.DotGeneral(xBatch, yBatch, xContract, yContract, x, y));
  }

  public Value convolution(
      Window window,
      ConvDims dims,
      boolean reversal,
      long featureGroups,
      long batchGroups,
      Value x,
      Value kernel) {
    return emit(new Op.Convolution(window, dims, reversal, featureGroups, batchGroups, x, kernel));
  }

  public Value reduceWindow(ReduceFn fn, Window window, Value x) {
    return emit(new Op.ReduceWindow(fn, window, x));
  }

  public Value selectAndScatter(Window window, Value x, Value source) {
    return emit(new Op.SelectAndScatter(window, x, source));
  }

  public Value stopGradient(Value x) {
    return emit(new Op.StopGradient(x));
  }

  public Value call(Callable callee, List<Value> arguments) {
    return emit(new Op.Call(callee, arguments));
  }

  public Value gradient(Value loss, Value wrt) {
    return emit(new Op.Gradient(loss, wrt));
  }
}
