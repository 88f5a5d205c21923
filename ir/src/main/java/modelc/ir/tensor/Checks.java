package modelc.ir.tensor;

import java.util.HashSet;
import java.util.List;
import modelc.ir.DType;
import modelc.ir.ReduceFn;
import modelc.ir.TensorType;

/**
 * The demands the type rules share; each throws {@link IllTypedException} where it is not met. It
 * infers nothing.
 */
final class Checks {
  private Checks() {}

  static void requireReducible(Op op, ReduceFn fn, TensorType x) {
    switch (fn) {
      case ADD, MULTIPLY, MAXIMUM, MINIMUM ->
          require(x.dtype() != DType.BOOL, op, "no %s of %s", fn, x);
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
}
