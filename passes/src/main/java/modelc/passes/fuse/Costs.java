package modelc.passes.fuse;

import modelc.ir.BinaryFn;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Op;

/**
 * What computing one element of an op costs, in simple vector operations. Rough on purpose: it
 * decides only between computing an element again and keeping it in memory.
 */
final class Costs {
  private static final int SIMPLE = 1;
  private static final int DIVISION = 4;
  private static final int TRANSCENDENTAL = 12;
  private static final int RANDOM = 60;

  private Costs() {}

  static int of(Op op) {
    return switch (op) {
      case Op.Parameter _, Op.Constant _, Op.DenseConstant _, Op.Iota _ -> 0;
      case Op.Reshape _,
          Op.Transpose _,
          Op.Broadcast _,
          Op.Slice _,
          Op.Reverse _,
          Op.StopGradient _ ->
          0;
      case Op.Unary o -> of(o.fn());
      case Op.Binary o -> of(o.fn());
      case Op.Compare _, Op.Select _, Op.Convert _ -> SIMPLE;
      case Op.Pad _ -> 2 * SIMPLE;
      case Op.Gather _ -> 4 * SIMPLE;
      case Op.RandomBits _ -> RANDOM;
      case Op.ReduceWindow o -> (int) Math.min(TRANSCENDENTAL, Pooling.taps(o.window())) * SIMPLE;
      case Op.Concatenate _,
          Op.ScatterAdd _,
          Op.Reduce _,
          Op.CumulativeSum _,
          Op.DotGeneral _,
          Op.Convolution _,
          Op.SelectAndScatter _,
          Op.Call _,
          Op.Gradient _ ->
          TRANSCENDENTAL;
    };
  }

  private static int of(UnaryFn fn) {
    return switch (fn) {
      case NEGATE, ABS, SIGN, FLOOR, CEIL, ROUND_NEAREST_EVEN, IS_FINITE, NOT -> SIMPLE;
      case SQRT, RSQRT -> DIVISION;
      case EXP, EXPM1, LOG, LOG1P, TANH, LOGISTIC, ERF, SINE, COSINE -> TRANSCENDENTAL;
    };
  }

  private static int of(BinaryFn fn) {
    return switch (fn) {
      case ADD,
          SUBTRACT,
          MULTIPLY,
          MAXIMUM,
          MINIMUM,
          AND,
          OR,
          XOR,
          SHIFT_LEFT,
          SHIFT_RIGHT_LOGICAL ->
          SIMPLE;
      case DIVIDE, REMAINDER -> DIVISION;
      case POWER -> 2 * TRANSCENDENTAL;
    };
  }
}
