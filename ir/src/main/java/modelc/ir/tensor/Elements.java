package modelc.ir.tensor;

import java.util.List;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Scalars;
import modelc.ir.UnaryFn;

/**
 * The interpreter's ops of which each result element comes from one element of each operand:
 * elementwise functions and data movement. Operands are well-typed; nothing is checked again but
 * run-time sizes.
 */
final class Elements {
  private Elements() {}

  static Tensor unary(UnaryFn fn, DType result, Tensor x) {
    double[] data = new double[x.data().length];
    for (int i = 0; i < data.length; i++) {
      data[i] = Arithmetic.unary(fn, x.dtype(), x.data()[i]);
    }
    return new Tensor(result, x.shape(), data);
  }

  static Tensor binary(BinaryFn fn, Tensor x, Tensor y) {
    double[] data = new double[x.data().length];
    for (int i = 0; i < data.length; i++) {
      data[i] = Arithmetic.binary(fn, x.dtype(), x.data()[i], y.data()[i]);
    }
    return new Tensor(x.dtype(), x.shape(), data);
  }

  static Tensor compare(CompareFn fn, Tensor x, Tensor y) {
    double[] data = new double[x.data().length];
    for (int i = 0; i < data.length; i++) {
      data[i] = Arithmetic.bool(Scalars.compare(fn, x.data()[i], y.data()[i]));
    }
    return new Tensor(DType.BOOL, x.shape(), data);
  }

  static Tensor select(Tensor predicate, Tensor onTrue, Tensor onFalse) {
    double[] data = new double[onTrue.data().length];
    for (int i = 0; i < data.length; i++) {
      data[i] = predicate.data()[i] != 0 ? onTrue.data()[i] : onFalse.data()[i];
    }
    return new Tensor(onTrue.dtype(), onTrue.shape(), data);
  }

  static Tensor convert(DType to, Tensor x) {
    double[] data = new double[x.data().length];
    for (int i = 0; i < data.length; i++) {
      data[i] = Arithmetic.convert(x.dtype(), to, x.data()[i]);
    }
    return new Tensor(to, x.shape(), data);
  }

  static Tensor transpose(Op.Transpose o, long[] shape, Tensor x) {
    long[] from = new long[x.rank()];
    return Tensor.build(
        x.dtype(),
        shape,
        index -> {
          for (int i = 0; i < from.length; i++) {
            from[o.permutation().get(i)] = index[i];
          }
          return x.get(from);
        });
  }

  static Tensor broadcast(Op.Broadcast o, long[] shape, Tensor x) {
    long[] from = new long[x.rank()];
    return Tensor.build(
        x.dtype(),
        shape,
        index -> {
          for (int i = 0; i < from.length; i++) {
            from[i] = x.shape()[i] == 1 ? 0 : index[o.axes().get(i)];
          }
          return x.get(from);
        });
  }

  static Tensor slice(Op.Slice o, long[] shape, Tensor x) {
    long[] from = new long[x.rank()];
    return Tensor.build(
        x.dtype(),
        shape,
        index -> {
          for (int i = 0; i < from.length; i++) {
            from[i] = o.start().get(i) + index[i] * o.stride().get(i);
          }
          return x.get(from);
        });
  }

  static Tensor pad(Op.Pad o, long[] shape, Tensor x) {
    long[] from = new long[x.rank()];
    return Tensor.build(
        x.dtype(),
        shape,
        index -> {
          for (int i = 0; i < from.length; i++) {
            long step = o.interior().get(i) + 1;
            long at = index[i] - o.low().get(i);
            if (at < 0 || at % step != 0 || at / step >= x.shape()[i]) {
              return o.value();
            }
            from[i] = at / step;
          }
          return x.get(from);
        });
  }

  static Tensor concatenate(int axis, long[] shape, List<Tensor> xs) {
    return Tensor.build(
        xs.getFirst().dtype(),
        shape,
        index -> {
          long[] from = index.clone();
          for (Tensor x : xs) {
            if (from[axis] < x.shape()[axis]) {
              return x.get(from);
            }
            from[axis] -= x.shape()[axis];
          }
          throw new IllegalStateException("beyond the last operand");
        });
  }

  static Tensor reverse(Op.Reverse o, Tensor x) {
    return Tensor.build(
        x.dtype(),
        x.shape(),
        index -> {
          long[] from = index.clone();
          for (int axis : o.axes()) {
            from[axis] = x.shape()[axis] - 1 - from[axis];
          }
          return x.get(from);
        });
  }

  static Tensor gather(int axis, long[] shape, Tensor x, Tensor indices) {
    return Tensor.build(
        x.dtype(),
        shape,
        index -> {
          long size = x.shape()[axis];
          if (size == 0) {
            throw new IllegalArgumentException(
                "gather along axis " + axis + " of " + x.type() + ", which is empty");
          }
          return x.get(taken(index, axis, x, Math.clamp(taken(index, axis, indices), 0, size - 1)));
        });
  }

  static Tensor cumulativeSum(int axis, Tensor x) {
    double[] data = x.data().clone();
    long[] index = new long[x.rank()];
    for (int i = 0; i < data.length; i++) {
      if (index[axis] > 0) {
        long[] before = index.clone();
        before[axis]--;
        data[i] = Arithmetic.binary(BinaryFn.ADD, x.dtype(), data[x.offset(before)], data[i]);
      }
      Tensor.advance(index, x.shape());
    }
    return new Tensor(x.dtype(), x.shape(), data);
  }

  static Tensor scatterAdd(int axis, Tensor x, Tensor indices, Tensor updates) {
    double[] data = x.data().clone();
    long[] index = new long[updates.rank()];
    for (double update : updates.data()) {
      long to = taken(index, axis, indices);
      if (0 <= to && to < x.shape()[axis]) {
        int at = x.offset(taken(index, axis, x, to));
        data[at] = Arithmetic.binary(BinaryFn.ADD, x.dtype(), data[at], update);
      }
      Tensor.advance(index, updates.shape());
    }
    return new Tensor(x.dtype(), x.shape(), data);
  }

  /** The element of {@code indices} that decides about {@code index} of a gathered tensor. */
  private static long taken(long[] index, int axis, Tensor indices) {
    long[] at = new long[indices.rank()];
    System.arraycopy(index, axis, at, 0, at.length);
    return (long) indices.get(at);
  }

  /**
   * The index into {@code x} for {@code index} of a gathered tensor, whose axes from {@code axis}
   * on are the indices'.
   */
  private static long[] taken(long[] index, int axis, Tensor x, long to) {
    long[] from = new long[x.rank()];
    System.arraycopy(index, 0, from, 0, axis);
    from[axis] = to;
    int after = x.rank() - axis - 1;
    System.arraycopy(index, index.length - after, from, axis + 1, after);
    return from;
  }
}
