package modelc.ir.tensor;

import static modelc.ir.tensor.Checks.require;
import static modelc.ir.tensor.Checks.requireAscendingAxes;
import static modelc.ir.tensor.Checks.requireAxes;
import static modelc.ir.tensor.Checks.requireAxis;
import static modelc.ir.tensor.Checks.requireFloat;
import static modelc.ir.tensor.Checks.requireNumeric;
import static modelc.ir.tensor.Checks.requireReducible;
import static modelc.ir.tensor.Checks.requireSame;

import java.util.ArrayList;
import java.util.List;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.TensorType;

/**
 * The type of every op: checks its operands and attributes by StableHLO's rules where they exist,
 * and infers its result.
 *
 * <p>It looks no further than the operands' types. Ops that move elements are {@link
 * MovementRules}', ops with windows {@link WindowRules}'.
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
      throw new IllTypedException(op.mnemonic() + ": a size overflows in " + op);
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
      case Op.Reshape o -> MovementRules.reshape(o);
      case Op.Transpose o -> MovementRules.transpose(o);
      case Op.Broadcast o -> MovementRules.broadcast(o);
      case Op.Slice o -> MovementRules.slice(o);
      case Op.Pad o -> MovementRules.pad(o);
      case Op.Concatenate o -> MovementRules.concatenate(o);
      case Op.Reverse o -> {
        requireAxes(o, o.axes(), o.x().type());
        yield o.x().type();
      }
      case Op.Gather o -> MovementRules.gather(o);
      case Op.ScatterAdd o -> MovementRules.scatterAdd(o);
      case Op.Reduce o -> reduce(o);
      case Op.CumulativeSum o -> {
        requireAxis(o, o.axis(), o.x().type());
        requireNumeric(o, o.x().type());
        yield o.x().type();
      }
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
      case EXP,
          EXPM1,
          LOG,
          LOG1P,
          SQRT,
          RSQRT,
          TANH,
          LOGISTIC,
          ERF,
          SINE,
          COSINE,
          FLOOR,
          CEIL,
          ROUND_NEAREST_EVEN -> {
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
      case ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER, POWER, MAXIMUM, MINIMUM ->
          requireNumeric(o, x);
      case AND, OR, XOR -> require(!x.dtype().isFloat(), o, "%s is neither bool nor integer", x);
      case SHIFT_LEFT, SHIFT_RIGHT_LOGICAL ->
          require(x.dtype().isInteger(), o, "%s is not integer", x);
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
          x.dim(xAxis).equals(y.dim(yAxis)),
          o,
          "axis %d of %s and axis %d of %s differ",
          xAxis,
          x,
          yAxis,
          y);
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
    require(
        loss.rank() == 0 && loss.dtype().isFloat(), o, "the loss is a float scalar, not %s", loss);
    requireFloat(o, wrt);
    return wrt;
  }
}
