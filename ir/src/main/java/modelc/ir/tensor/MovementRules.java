package modelc.ir.tensor;

import static modelc.ir.tensor.Checks.require;
import static modelc.ir.tensor.Checks.requireAscendingAxes;
import static modelc.ir.tensor.Checks.requireAxes;
import static modelc.ir.tensor.Checks.requireAxis;
import static modelc.ir.tensor.Checks.requireNumeric;

import java.util.ArrayList;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.TensorType;

/**
 * The types of the ops that only move elements: reshape, transpose, broadcast, slice, pad,
 * concatenate, gather, and scatter_add, which adds where it moves.
 *
 * <p>Other ops are {@link TypeRules}'.
 */
final class MovementRules {
  private MovementRules() {}

  static TensorType reshape(Op.Reshape o) {
    TensorType x = o.x().type();
    Dim from = x.shape().elements();
    Dim to = o.shape().elements();
    require(from.equals(to), o, "%s has %s elements, %s has %s", x, from, o.shape(), to);
    return x.withShape(o.shape());
  }

  static TensorType transpose(Op.Transpose o) {
    TensorType x = o.x().type();
    requireAxes(o, o.permutation(), x);
    require(
        o.permutation().size() == x.rank(),
        o,
        "%s is no permutation of %s's axes",
        o.permutation(),
        x);
    return x.withShape(new Shape(o.permutation().stream().map(x::dim).toList()));
  }

  static TensorType broadcast(Op.Broadcast o) {
    TensorType x = o.x().type();
    TensorType result = x.withShape(o.shape());
    require(o.axes().size() == x.rank(), o, "%s needs %d axes, not %s", x, x.rank(), o.axes());
    requireAscendingAxes(o, o.axes(), result);
    for (int i = 0; i < x.rank(); i++) {
      Dim to = o.shape().dim(o.axes().get(i));
      require(
          x.dim(i).isOne() || x.dim(i).equals(to),
          o,
          "axis %d of %s does not stretch to %s",
          i,
          x,
          to);
    }
    return result;
  }

  static TensorType slice(Op.Slice o) {
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
        limit.isConstant()
            && 0 <= start
            && start <= limit.constant()
            && limit.constant() <= dim.constant(),
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

  static TensorType pad(Op.Pad o) {
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
    require(TypeRules.fits(x.dtype(), o.value()), o, "%s is no element of %s", o.value(), x);
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

  static TensorType concatenate(Op.Concatenate o) {
    require(!o.xs().isEmpty(), o, "nothing to concatenate");
    TensorType first = o.xs().getFirst().type();
    requireAxis(o, o.axis(), first);
    Dim sum = first.dim(o.axis());
    for (Value v : o.xs().subList(1, o.xs().size())) {
      TensorType type = v.type();
      boolean fits =
          type.rank() == first.rank()
              && withDim(type, o.axis(), sum).equals(withDim(first, o.axis(), sum));
      require(fits, o, "%s and %s differ off axis %d", first, type, o.axis());
      try {
        sum = sum.plus(type.dim(o.axis()));
      } catch (IllegalArgumentException _) {
        throw new IllTypedException(
            "%s: sizes %s and %s of axis %d do not add up, in %s"
                .formatted(
                    o.mnemonic(),
                    sum,
                    type.dim(o.axis()),
                    o.axis(),
                    o.xs().stream().map(Value::type).toList()));
      }
    }
    return withDim(first, o.axis(), sum);
  }

  private static TensorType withDim(TensorType type, int axis, Dim dim) {
    var dims = new ArrayList<>(type.shape().dims());
    dims.set(axis, dim);
    return type.withShape(new Shape(dims));
  }

  static TensorType gather(Op.Gather o) {
    TensorType x = o.x().type();
    TensorType indices = o.indices().type();
    TensorType result = gathered(o, o.axis(), x, indices);
    boolean nothing =
        x.dim(o.axis()).equals(Dim.of(0)) && !indices.shape().elements().equals(Dim.of(0));
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

  static TensorType scatterAdd(Op.ScatterAdd o) {
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
}
