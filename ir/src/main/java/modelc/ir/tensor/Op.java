package modelc.ir.tensor;

import java.util.List;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;

/**
 * The primitives of Tensor IR: a closed set of records over values, StableHLO's names and meanings
 * where one exists.
 *
 * <p>Every op has one result. A pass switches over all of them without {@code default}. Types are
 * inferred and checked by {@link TypeRules}, meanings are {@link Interpreter}'s.
 */
public sealed interface Op {

  /** The operands, in order. */
  default List<Value> operands() {
    return Operands.of(this);
  }

  /** Its name in the text form and in messages: {@code add}, {@code dot_general}. */
  default String mnemonic() {
    return Mnemonics.of(this);
  }

  /** A parameter of the enclosing function. */
  record Parameter(String name, TensorType type) implements Op {}

  /** One number in every element; for BOOL 0 or 1. */
  record Constant(TensorType type, double value) implements Op {
    public Constant {
      // Integers have one zero.
      value = type.dtype().isFloat() ? value : value + 0.0;
    }
  }

  /** A small dense constant, row-major; its type has constant sizes. */
  record DenseConstant(TensorType type, List<Double> values) implements Op {}

  /** The index along {@code axis}, in every element of {@code type}. */
  record Iota(TensorType type, int axis) implements Op {}

  /**
   * Counter-based random bits, I32: element with row-major index i is word 0 of Threefry-2x32, 20
   * rounds (Salmon et al., SC'11), under the key {@code key} (I32[2]) with counter (low 32 bits of
   * i, high 32 bits of i).
   */
  record RandomBits(Shape shape, Value key) implements Op {}

  record Unary(UnaryFn fn, Value x) implements Op {}

  /** Operands of one type; no implicit broadcasting. */
  record Binary(BinaryFn fn, Value x, Value y) implements Op {}

  /** BOOL result of the operands' shape. */
  record Compare(CompareFn fn, Value x, Value y) implements Op {}

  /** {@code onTrue} where {@code predicate}, else {@code onFalse}; all of one shape. */
  record Select(Value predicate, Value onTrue, Value onFalse) implements Op {}

  /**
   * Float to integer truncates toward zero and saturates, NaN to 0; integer to a narrower one
   * wraps; to BOOL is {@code != 0}.
   */
  record Convert(DType to, Value x) implements Op {}

  /** Same elements in row-major order, another shape. */
  record Reshape(Shape shape, Value x) implements Op {}

  /** Result axis i is operand axis {@code permutation[i]}. */
  record Transpose(List<Integer> permutation, Value x) implements Op {
    public Transpose {
      permutation = List.copyOf(permutation);
    }
  }

  /**
   * broadcast_in_dim: operand axis i becomes result axis {@code axes[i]} (ascending); size 1
   * stretches.
   */
  record Broadcast(Shape shape, List<Integer> axes, Value x) implements Op {
    public Broadcast {
      axes = List.copyOf(axes);
    }
  }

  /**
   * Elements {@code start, start + stride, ...} below {@code limit} of each axis. A symbolic axis
   * is taken whole.
   */
  record Slice(List<Long> start, List<Dim> limit, List<Long> stride, Value x) implements Op {
    public Slice {
      start = List.copyOf(start);
      limit = List.copyOf(limit);
      stride = List.copyOf(stride);
    }
  }

  /** Adds {@code value} before, after and between elements; negative low and high crop. */
  record Pad(List<Long> low, List<Long> high, List<Long> interior, double value, Value x)
      implements Op {
    public Pad {
      low = List.copyOf(low);
      high = List.copyOf(high);
      interior = List.copyOf(interior);
    }
  }

  record Concatenate(int axis, List<Value> xs) implements Op {
    public Concatenate {
      xs = List.copyOf(xs);
    }
  }

  record Reverse(List<Integer> axes, Value x) implements Op {
    public Reverse {
      axes = List.copyOf(axes);
    }
  }

  /**
   * Takes slices of {@code x} along {@code axis} at {@code indices} (I32, any shape): result shape
   * is x's with that axis replaced by the indices' shape. Indices are clamped into range.
   */
  record Gather(int axis, Value x, Value indices) implements Op {}

  /**
   * Adds slices to a copy of {@code x}: the transpose of {@link Gather}; {@code updates} has the
   * shape Gather's result has. Repeated indices add up, in row-major order of the updates; an index
   * out of range is dropped.
   */
  record ScatterAdd(int axis, Value x, Value indices, Value updates) implements Op {}

  /** Reduces {@code axes} away. */
  record Reduce(ReduceFn fn, List<Integer> axes, Value x) implements Op {
    public Reduce {
      axes = List.copyOf(axes);
    }
  }

  /**
   * Element i along {@code axis} is the sum of x's elements 0 to i, added in that order; result
   * type is x's.
   */
  record CumulativeSum(int axis, Value x) implements Op {}

  /** Result axes: batch axes, then x's free axes, then y's. */
  record DotGeneral(
      List<Integer> xBatch,
      List<Integer> yBatch,
      List<Integer> xContract,
      List<Integer> yContract,
      Value x,
      Value y)
      implements Op {
    public DotGeneral {
      xBatch = List.copyOf(xBatch);
      yBatch = List.copyOf(yBatch);
      xContract = List.copyOf(xContract);
      yContract = List.copyOf(yContract);
    }
  }

  /**
   * StableHLO's convolution (cross-correlation) with all its attributes.
   *
   * @param window over the spatial axes; base dilation is lhs_dilation, window dilation
   *     rhs_dilation; its size repeats the kernel's spatial sizes
   * @param reversal true: the kernel is read backwards along every spatial axis (window_reversal),
   *     the true convolution
   * @param featureGroups feature_group_count
   * @param batchGroups batch_group_count
   */
  record Convolution(
      Window window,
      ConvDims dims,
      boolean reversal,
      long featureGroups,
      long batchGroups,
      Value x,
      Value kernel)
      implements Op {}

  /** A reduction over a window of all axes (pooling); padding does not contribute. */
  record ReduceWindow(ReduceFn fn, Window window, Value x) implements Op {}

  /**
   * The gradient of max pooling: each element of {@code source} (shape of the pooled output) is
   * added at the position of the first greatest element of its window of {@code x}, a NaN being
   * greater than any number. Padding is never selected; the element of a window wholly in padding
   * is dropped. No dilation. Result type is x's.
   */
  record SelectAndScatter(Window window, Value x, Value source) implements Op {}

  /** Identity; no gradient passes. */
  record StopGradient(Value x) implements Op {}

  /** A named function applied; see {@link Callable}. */
  record Call(Callable callee, List<Value> arguments) implements Op {
    public Call {
      arguments = List.copyOf(arguments);
    }
  }

  /**
   * The derivative of the scalar {@code loss} with respect to {@code wrt}: a request that the
   * autodiff pass replaces. No later stage knows it.
   */
  record Gradient(Value loss, Value wrt) implements Op {}
}
