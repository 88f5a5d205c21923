package modelc.ir.tensor;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.TensorType;

/**
 * The type of every op: checks its operands and attributes by StableHLO's rules where they exist, and infers its result.
 *
 * <p>It looks no further than the operands' types. Ops with windows are {@link WindowRules}'.
 */
final class TypeRules {
  private TypeRules() {}

  /**
   * The type of {@code op}'s result.
   *
   * @throws IllTypedException if its operands or attributes do not fit, or a size overflows
   */
  static TensorType typeOf(Op op) {
    try {
      TensorType type = infer(op);
      Math.multiplyExact(type.shape().elements().max(), (long) type.dtype().bytes());
      return type;
    } catch (ArithmeticException e) {
      throw new IllTypedException(op.mnemonic() + ": sizes overflow over " + types(op));
    }
  }

  private static TensorType infer(Op op) {
    return switch (op) {
      case Op.Parameter o -> o.type();
      case Op.Constant o -> constant(o);
      case Op.DenseConstant o -> dense(o);
      case Op.Iota o -> iota(o);
      case Op.RandomBits o -> randomBits(o);
      case Op.Unary o -> unary(o);
      case Op.Binary o -> binary(o);
      case Op.Compare o -> {
        requireSame(o, o.x().type(), o.y().type());
        yield o.x().type().withDType(DType.BOOL);
      }
      case Op.Select o -> select(o);
      case Op.Convert o -> o.x().type().withDType(o.to());
      case Op.Reshape o -> reshape(o);
      case Op.Transpose o -> transpose(o);
      case Op.Broadcast o -> broadcast(o);
      case Op.Slice o -> slice(o);
      case Op.Pad o -> pad(o);
      case Op.Concatenate o -> concatenate(o);
      case Op.Reverse o -> {
        requireAxes(o, o.axes(), o.x().type());
        yield o.x().type();
      }
      case Op.Gather o -> gather(o);
      case Op.ScatterAdd o -> scatterAdd(o);
      case Op.Reduce o -> reduce(o);
      case Op.DotGeneral o -> dotGeneral(o);
      case Op.Convolution o -> WindowRules.convolution(o);
      case Op.ReduceWindow o -> WindowRules.reduceWindow(o);
      case Op.SelectAndScatter o -> WindowRules.selectAndScatter(o);
      case Op.StopGradient o -> o.x().type();
      case Op.Call o -> call(o);
      case Op.Gradient o -> gradient(o);
    };
  }

  private static TensorType constant(Op.Constant o) {
    require(fits(o.type().dtype(), o.value()), o, "%s is no %s", o.value(), o.type());
    return o.type();
  }

  private static TensorType dense(Op.DenseConstant o) {
    TensorType type = o.type();
    require(type.shape().isConstant(), o, "%s has sizes known only at run time", type);
    long elements = type.shape().elements().constant();
    int count = o.values().size();
    require(elements == count, o, "%s has %d elements, not %d", type, elements, count);
    for (double value : o.values()) {
      require(fits(type.dtype(), value), o, "%s is no element of %s", value, type);
    }
    return type;
  }

  /** Whether {@code value} is one of {@code dtype}'s values (any number for floats). */
  static boolean fits(DType dtype, double value) {
    return switch (dtype) {
      case F32, F64 -> true;
      case I32 -> value == (int) value;
      case I64 -> value == Math.rint(value) && value >= -0x1p63 && value <= 0x1p63;
      case BOOL -> value == 0 || value == 1;
    };
  }

  private static TensorType iota(Op.Iota o) {
    requireAxis(o, o.axis(), o.type());
    requireNumeric(o, o.type());
    return o.type();
  }

  private static TensorType randomBits(Op.RandomBits o) {
    TensorType key = o.key().type();
    require(key.equals(TensorType.of(DType.I32, 2)), o, "a key is i32[2], not %s", key);
    return new TensorType(DType.I32, o.shape());
  }

  private static TensorType unary(Op.Unary o) {
    TensorType x = o.x().type();
    return switch (o.fn()) {
      case NEGATE, ABS, SIGN -> {
        requireNumeric(o, x);
        yield x;
      }
      case EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, TANH, LOGISTIC, ERF, SINE, COSINE, FLOOR, CEIL, ROUND_NEAREST_EVEN -> {
        requireFloat(o, x);
        yield x;
      }
      case IS_FINITE -> {
        requireFloat(o, x);
        yield x.withDType(DType.BOOL);
      }
      case NOT -> {
        require(!x.dtype().isFloat(), o, "%s is neither bool nor integer", x);
        yield x;
      }
    };
  }

  private static TensorType binary(Op.Binary o) {
    TensorType x = o.x().type();
    requireSame(o, x, o.y().type());
    switch (o.fn()) {
      case ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER, POWER, MAXIMUM, MINIMUM -> requireNumeric(o, x);
      case AND, OR, XOR -> require(!x.dtype().isFloat(), o, "%s is neither bool nor integer", x);
      case SHIFT_LEFT, SHIFT_RIGHT_LOGICAL -> require(x.dtype().isInteger(), o, "%s is not integer", x);
    }
    return x;
  }

  private static TensorType select(Op.Select o) {
    TensorType p = o.predicate().type();
    TensorType t = o.onTrue().type();
    require(p.dtype() == DType.BOOL, o, "the predicate is bool, not %s", p);
    requireSame(o, t, o.onFalse().type());
    require(p.shape().equals(t.shape()), o, "the predicate %s and %s differ in shape", p, t);
    return t;
  }

  private static TensorType reshape(Op.Reshape o) {
    TensorType x = o.x().type();
    Dim from = x.shape().elements();
    Dim to = o.shape().elements();
    require(from.equals(to), o, "%s has %s elements, %s has %s", x, from, o.shape(), to);
    return x.withShape(o.shape());
  }

  private static TensorType transpose(Op.Transpose o) {
    TensorType x = o.x().type();
    requireAxes(o, o.permutation(), x);
    require(o.permutation().size() == x.rank(), o, "%s is no permutation of %s's axes", o.permutation(), x);
    return x.withShape(new Shape(o.permutation().stream().map(x::dim).toList()));
  }

  private static TensorType broadcast(Op.Broadcast o) {
    TensorType x = o.x().type();
    TensorType result = x.withShape(o.shape());
    require(o.axes().size() == x.rank(), o, "%s needs %d axes, not %s", x, x.rank(), o.axes());
    requireAscendingAxes(o, o.axes(), result);
    for (int i = 0; i < x.rank(); i++) {
      Dim to = o.shape().dim(o.axes().get(i));
      require(x.dim(i).isOne() || x.dim(i).equals(to), o, "axis %d of %s does not stretch to %s", i, x, to);
    }
    return result;
  }

  private static TensorType slice(Op.Slice o) {
    TensorType x = o.x().type();
    int rank = x.rank();
    require(
        o.start().size() == rank && o.limit().size() == rank && o.stride().size() == rank,
        o,
        "%s needs %d starts, limits and strides, not %s %s %s",
        x,
        rank,
        o.start(),
        o.limit(),
        o.stride());
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < rank; i++) {
      dims.add(sliceAxis(o, i));
    }
    return x.withShape(new Shape(dims));
  }

  private static Dim sliceAxis(Op.Slice o, int axis) {
    TensorType x = o.x().type();
    Dim dim = x.dim(axis);
    long start = o.start().get(axis);
    Dim limit = o.limit().get(axis);
    long stride = o.stride().get(axis);
    if (!dim.isConstant()) {
      boolean whole = start == 0 && stride == 1 && limit.equals(dim);
      require(whole, o, "axis %d of %s is known only at run time and must be taken whole", axis, x);
      return dim;
    }
    require(
        limit.isConstant() && 0 <= start && start <= limit.constant() && limit.constant() <= dim.constant(),
        o,
        "%d to %s is not within axis %d of %s",
        start,
        limit,
        axis,
        x);
    require(stride >= 1, o, "stride %d on axis %d of %s", stride, axis, x);
    long length = limit.constant() - start;
    return Dim.of(length == 0 ? 0 : (length - 1) / stride + 1);
  }

  private static TensorType pad(Op.Pad o) {
    TensorType x = o.x().type();
    int rank = x.rank();
    require(
        o.low().size() == rank && o.high().size() == rank && o.interior().size() == rank,
        o,
        "%s needs %d amounts low, high and interior, not %s %s %s",
        x,
        rank,
        o.low(),
        o.high(),
        o.interior());
    require(fits(x.dtype(), o.value()), o, "%s is no element of %s", o.value(), x);
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < rank; i++) {
      dims.add(padAxis(o, i));
    }
    return x.withShape(new Shape(dims));
  }

  private static Dim padAxis(Op.Pad o, int axis) {
    TensorType x = o.x().type();
    Dim dim = x.dim(axis);
    long low = o.low().get(axis);
    long high = o.high().get(axis);
    long interior = o.interior().get(axis);
    if (!dim.isConstant()) {
      boolean none = low == 0 && high == 0 && interior == 0;
      require(none, o, "axis %d of %s is known only at run time and cannot be padded", axis, x);
      return dim;
    }
    require(interior >= 0, o, "interior %d on axis %d of %s", interior, axis, x);
    long gaps = Math.multiplyExact(Math.max(dim.constant() - 1, 0), interior);
    long size = Math.addExact(Math.addExact(dim.constant(), gaps), Math.addExact(low, high));
    require(size >= 0, o, "%d:%d crops more than axis %d of %s has", low, high, axis, x);
    return Dim.of(size);
  }

  private static TensorType concatenate(Op.Concatenate o) {
    require(!o.xs().isEmpty(), o, "nothing to concatenate");
    TensorType first = o.xs().getFirst().type();
    requireAxis(o, o.axis(), first);
    Dim sum = first.dim(o.axis());
    for (Value v : o.xs().subList(1, o.xs().size())) {
      TensorType type = v.type();
      boolean fits = type.rank() == first.rank() && withDim(type, o.axis(), sum).equals(withDim(first, o.axis(), sum));
      require(fits, o, "%s and %s differ off axis %d", first, type, o.axis());
      try {
        sum = sum.plus(type.dim(o.axis()));
      } catch (IllegalArgumentException _) {
        throw new IllTypedException(
            "%s: sizes %s and %s of axis %d do not add up, in %s"
                .formatted(o.mnemonic(), sum, type.dim(o.axis()), o.axis(), types(o)));
      }
    }
    return withDim(first, o.axis(), sum);
  }

  private static TensorType withDim(TensorType type, int axis, Dim dim) {
    var dims = new ArrayList<>(type.shape().dims());
    dims.set(axis, dim);
    return type.withShape(new Shape(dims));
  }

  private static TensorType gather(Op.Gather o) {
    TensorType x = o.x().type();
    TensorType indices = o.indices().type();
    TensorType result = gathered(o, o.axis(), x, indices);
    boolean nothing = x.dim(o.axis()).equals(Dim.of(0)) && !indices.shape().elements().equals(Dim.of(0));
    require(!nothing, o, "axis %d of %s has nothing for %s to take", o.axis(), x, indices);
    return result;
  }

  /** {@code x} with {@code axis} replaced by the indices' shape. */
  private static TensorType gathered(Op o, int axis, TensorType x, TensorType indices) {
    requireAxis(o, axis, x);
    require(indices.dtype() == DType.I32, o, "indices are i32, not %s", indices);
    var dims = new ArrayList<>(x.shape().dims().subList(0, axis));
    dims.addAll(indices.shape().dims());
    dims.addAll(x.shape().dims().subList(axis + 1, x.rank()));
    return x.withShape(new Shape(dims));
  }

  private static TensorType scatterAdd(Op.ScatterAdd o) {
    TensorType x = o.x().type();
    requireNumeric(o, x);
    TensorType expected = gathered(o, o.axis(), x, o.indices().type());
    TensorType updates = o.updates().type();
    require(
        expected.equals(updates),
        o,
        "updates of %s at %s along axis %d are %s, not %s",
        x,
        o.indices().type(),
        o.axis(),
        expected,
        updates);
    return x;
  }

  private static TensorType reduce(Op.Reduce o) {
    TensorType x = o.x().type();
    requireReducible(o, o.fn(), x);
    requireAscendingAxes(o, o.axes(), x);
    return x.withShape(without(x, o.axes()));
  }

  private static Shape without(TensorType x, List<Integer> axes) {
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < x.rank(); i++) {
      if (!axes.contains(i)) {
        dims.add(x.dim(i));
      }
    }
    return new Shape(dims);
  }

  private static TensorType dotGeneral(Op.DotGeneral o) {
    TensorType x = o.x().type();
    TensorType y = o.y().type();
    require(x.dtype() == y.dtype(), o, "%s and %s differ in element type", x, y);
    requireNumeric(o, x);
    var xBound = new ArrayList<>(o.xBatch());
    xBound.addAll(o.xContract());
    var yBound = new ArrayList<>(o.yBatch());
    yBound.addAll(o.yContract());
    requireAxes(o, xBound, x);
    requireAxes(o, yBound, y);
    require(
        o.xBatch().size() == o.yBatch().size() && o.xContract().size() == o.yContract().size(),
        o,
        "batch axes %s, %s and contracted axes %s, %s of %s and %s do not pair up",
        o.xBatch(),
        o.yBatch(),
        o.xContract(),
        o.yContract(),
        x,
        y);
    for (int i = 0; i < xBound.size(); i++) {
      int xAxis = xBound.get(i);
      int yAxis = yBound.get(i);
      require(
          x.dim(xAxis).equals(y.dim(yAxis)), o, "axis %d of %s and axis %d of %s differ", xAxis, x, yAxis, y);
    }
    var dims = new ArrayList<Dim>();
    o.xBatch().forEach(axis -> dims.add(x.dim(axis)));
    dims.addAll(without(x, xBound).dims());
    dims.addAll(without(y, yBound).dims());
    return x.withShape(new Shape(dims));
  }

  private static TensorType call(Op.Call o) {
    Callable callee = o.callee();
    List<Value> parameters = callee.body().parameters();
    int results = callee.body().results().size();
    require(results == 1, o, "%s has %d results, not one", callee.name(), results);
    List<TensorType> expected = parameters.stream().map(Value::type).toList();
    List<TensorType> given = o.arguments().stream().map(Value::type).toList();
    require(expected.equals(given), o, "%s takes %s, not %s", callee.name(), expected, given);
    return callee.body().results().getFirst().type();
  }

  private static TensorType gradient(Op.Gradient o) {
    TensorType loss = o.loss().type();
    TensorType wrt = o.wrt().type();
    require(loss.rank() == 0 && loss.dtype().isFloat(), o, "the loss is a float scalar, not %s", loss);
    requireFloat(o, wrt);
    return wrt;
  }

  static void requireReducible(Op op, ReduceFn fn, TensorType x) {
    switch (fn) {
      case ADD, MULTIPLY, MAXIMUM, MINIMUM -> require(x.dtype() != DType.BOOL, op, "no %s of %s", fn, x);
      case AND, OR -> require(!x.dtype().isFloat(), op, "no %s of %s", fn, x);
    }
  }

  static void requireNumeric(Op op, TensorType x) {
    require(x.dtype() != DType.BOOL, op, "%s is not numeric", x);
  }

  static void requireFloat(Op op, TensorType x) {
    require(x.dtype().isFloat(), op, "%s is not float", x);
  }

  static void requireSame(Op op, TensorType x, TensorType y) {
    require(x.equals(y), op, "%s and %s differ", x, y);
  }

  static void requireAxis(Op op, int axis, TensorType x) {
    require(0 <= axis && axis < x.rank(), op, "%s has no axis %d", x, axis);
  }

  /** Axes of {@code x}, none twice. */
  static void requireAxes(Op op, List<Integer> axes, TensorType x) {
    var seen = new HashSet<Integer>();
    for (int axis : axes) {
      requireAxis(op, axis, x);
      require(seen.add(axis), op, "axis %d of %s twice in %s", axis, x, axes);
    }
  }

  /** As {@link #requireAxes}, in ascending order, so that equal ops have equal records. */
  static void requireAscendingAxes(Op op, List<Integer> axes, TensorType x) {
    requireAxes(op, axes, x);
    for (int i = 1; i < axes.size(); i++) {
      require(axes.get(i - 1) < axes.get(i), op, "axes %s of %s do not ascend", axes, x);
    }
  }

  static void require(boolean holds, Op op, String format, Object... arguments) {
    if (!holds) {
      throw new IllTypedException(op.mnemonic() + ": " + format.formatted(arguments));
    }
  }

  private static String types(Op op) {
    return switch (op) {
      case Op.Parameter o -> o.type().toString();
      case Op.Constant o -> o.type().toString();
      case Op.DenseConstant o -> o.type().toString();
      case Op.Iota o -> o.type().toString();
      case Op.RandomBits o -> o.shape().toString();
      case Op.Broadcast o -> o.x().type() + " to " + o.shape();
      default -> op.operands().stream().map(v -> v.type().toString()).toList().toString();
    };
  }
}
