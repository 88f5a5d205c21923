package modelc.passes.fuse;

import java.util.Optional;
import modelc.ir.tensor.Op;

/**
 * Which ops need loops of their own, and of what kind.
 *
 * <p>All others are elementwise or change indices only: they can be computed wherever their elements are needed.
 */
final class Kinds {
  private Kinds() {}

  /** The kind of the group that computes it, or empty when its elements can be computed anywhere. */
  static Optional<Group.Kind> own(Op op) {
    return switch (op) {
      case Op.Reduce _ -> Optional.of(Group.Kind.REDUCE);
      case Op.DotGeneral _, Op.Convolution _ -> Optional.of(Group.Kind.CONTRACTION);
      case Op.SelectAndScatter _ -> Optional.of(Group.Kind.SELECT_AND_SCATTER);
      case Op.ScatterAdd _ -> Optional.of(Group.Kind.SCATTER);
      case Op.Concatenate _ -> Optional.of(Group.Kind.CONCATENATE);
      case Op.DenseConstant _ -> Optional.of(Group.Kind.TABLE);
      case Op.ReduceWindow o when !Pooling.isUnrolled(o) -> Optional.of(Group.Kind.WINDOW);
      case Op.ReduceWindow _ -> Optional.empty();
      case Op.Parameter _, Op.Constant _, Op.Iota _, Op.RandomBits _ -> Optional.empty();
      case Op.Unary _, Op.Binary _, Op.Compare _, Op.Select _, Op.Convert _, Op.StopGradient _ -> Optional.empty();
      case Op.Reshape _, Op.Transpose _, Op.Broadcast _, Op.Slice _, Op.Pad _, Op.Reverse _ -> Optional.empty();
      case Op.Gather _ -> Optional.empty();
      case Op.Call c -> throw new IllegalStateException("call of " + c.callee().name() + " was not inlined");
      case Op.Gradient _ -> throw new IllegalStateException("a gradient was not derived");
    };
  }

  /** True when element i of the result depends on element i of every operand alone. */
  static boolean isElementwise(Op op) {
    return switch (op) {
      case Op.Unary _, Op.Binary _, Op.Compare _, Op.Select _, Op.Convert _, Op.StopGradient _ -> true;
      case Op.Parameter _, Op.Constant _, Op.DenseConstant _, Op.Iota _, Op.RandomBits _ -> false;
      case Op.Reshape _, Op.Transpose _, Op.Broadcast _, Op.Slice _, Op.Pad _, Op.Reverse _ -> false;
      case Op.Concatenate _, Op.Gather _, Op.ScatterAdd _, Op.Reduce _, Op.DotGeneral _ -> false;
      case Op.Convolution _, Op.ReduceWindow _, Op.SelectAndScatter _, Op.Call _, Op.Gradient _ -> false;
    };
  }
}
