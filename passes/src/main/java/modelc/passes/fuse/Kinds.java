package modelc.passes.fuse;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.layout.Layouts;

/**
 * Which ops need loops of their own, and of what kind.
 *
 * <p>All others are elementwise or change indices only: they can be computed wherever their
 * elements are needed.
 */
final class Kinds {
  private Kinds() {}

  /**
   * The kind of the group that computes it, or empty when its elements can be computed anywhere.
   */
  static Optional<Group.Kind> own(Op op) {
    return switch (op) {
      case Op.Reduce _ -> Optional.of(Group.Kind.REDUCE);
      case Op.DotGeneral _, Op.Convolution _ -> Optional.of(Group.Kind.CONTRACTION);
      case Op.CumulativeSum _ -> Optional.of(Group.Kind.CUMULATIVE);
      case Op.SelectAndScatter _ -> Optional.of(Group.Kind.SELECT_AND_SCATTER);
      case Op.ScatterAdd _ -> Optional.of(Group.Kind.SCATTER);
      case Op.Concatenate _ -> Optional.of(Group.Kind.CONCATENATE);
      case Op.DenseConstant _ -> Optional.of(Group.Kind.TABLE);
      case Op.ReduceWindow o when !Pooling.isUnrolled(o) -> Optional.of(Group.Kind.WINDOW);
      case Op.ReduceWindow _ -> Optional.empty();
      case Op.Parameter _, Op.Constant _, Op.Iota _, Op.RandomBits _ -> Optional.empty();
      case Op.Unary _, Op.Binary _, Op.Compare _, Op.Select _, Op.Convert _, Op.StopGradient _ ->
          Optional.empty();
      case Op.Reshape _, Op.Transpose _, Op.Broadcast _, Op.Slice _, Op.Pad _, Op.Reverse _ ->
          Optional.empty();
      case Op.Gather _ -> Optional.empty();
      case Op.Call c ->
          throw new IllegalStateException("call of " + c.callee().name() + " was not inlined");
      case Op.Gradient _ -> throw new IllegalStateException("a gradient was not derived");
    };
  }

  /**
   * True when element i of {@code v} depends on element i of every operand alone; a reshape that
   * only adds or drops axes of size 1 counts.
   */
  static boolean isElementwise(Value v) {
    return switch (v.op()) {
      case Op.Reshape o -> essential(o.x().type().shape()).equals(essential(v.type().shape()));
      case Op.Unary _, Op.Binary _, Op.Compare _, Op.Select _, Op.Convert _, Op.StopGradient _ ->
          true;
      case Op.Parameter _, Op.Constant _, Op.DenseConstant _, Op.Iota _, Op.RandomBits _ -> false;
      case Op.Transpose _, Op.Broadcast _, Op.Slice _, Op.Pad _, Op.Reverse _ -> false;
      case Op.Concatenate _, Op.Gather _, Op.ScatterAdd _, Op.Reduce _, Op.DotGeneral _ -> false;
      case Op.CumulativeSum _ -> false;
      case Op.Convolution _, Op.ReduceWindow _, Op.SelectAndScatter _, Op.Call _, Op.Gradient _ ->
          false;
    };
  }

  /** Sizes other than 1. */
  private static List<Dim> essential(Shape s) {
    return s.dims().stream().filter(d -> !d.isOne()).toList();
  }

  /**
   * True when both have the same elements but for axes of size 1, and {@code layouts} puts them in
   * the same order.
   */
  static boolean isAligned(Value a, Value b, Layouts layouts) {
    return essential(a.type().shape()).equals(essential(b.type().shape()))
        && order(a, layouts).equals(order(b, layouts));
  }

  /** The physical order of the axes that are not of size 1, numbered among themselves. */
  private static List<Integer> order(Value v, Layouts layouts) {
    List<Integer> real = new ArrayList<>();
    for (int i = 0; i < v.type().rank(); i++) {
      if (!v.type().dim(i).isOne()) {
        real.add(i);
      }
    }
    return layouts.of(v).order().stream().filter(real::contains).map(real::indexOf).toList();
  }
}
