package modelc.ir.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * The operands of an op, read and replaced: what generic traversals and rewriters need, in one
 * place.
 */
final class Operands {
  private Operands() {}

  static List<Value> of(Op op) {
    return switch (op) {
      case Op.Parameter _, Op.Constant _, Op.DenseConstant _, Op.Iota _ -> List.of();
      case Op.RandomBits o -> List.of(o.key());
      case Op.Unary o -> List.of(o.x());
      case Op.Binary o -> List.of(o.x(), o.y());
      case Op.Compare o -> List.of(o.x(), o.y());
      case Op.Select o -> List.of(o.predicate(), o.onTrue(), o.onFalse());
      case Op.Convert o -> List.of(o.x());
      case Op.Reshape o -> List.of(o.x());
      case Op.Transpose o -> List.of(o.x());
      case Op.Broadcast o -> List.of(o.x());
      case Op.Slice o -> List.of(o.x());
      case Op.Pad o -> List.of(o.x());
      case Op.Concatenate o -> o.xs();
      case Op.Reverse o -> List.of(o.x());
      case Op.Gather o -> List.of(o.x(), o.indices());
      case Op.ScatterAdd o -> List.of(o.x(), o.indices(), o.updates());
      case Op.Reduce o -> List.of(o.x());
      case Op.CumulativeSum o -> List.of(o.x());
      case Op.DotGeneral o -> List.of(o.x(), o.y());
      case Op.Convolution o -> List.of(o.x(), o.kernel());
      case Op.ReduceWindow o -> List.of(o.x());
      case Op.SelectAndScatter o -> List.of(o.x(), o.source());
      case Op.StopGradient o -> List.of(o.x());
      case Op.Call o -> o.arguments();
      case Op.Gradient o -> List.of(o.loss(), o.wrt());
    };
  }

  /** The same op over other operands, in the order {@link #of} gives them. */
  static Op replace(Op op, List<Value> n) {
    return switch (op) {
      case Op.Parameter _, Op.Constant _, Op.DenseConstant _, Op.Iota _ -> op;
      case Op.RandomBits o -> new Op.RandomBits(o.shape(), n.get(0));
      case Op.Unary o -> new Op.Unary(o.fn(), n.get(0));
      case Op.Binary o -> new Op.Binary(o.fn(), n.get(0), n.get(1));
      case Op.Compare o -> new Op.Compare(o.fn(), n.get(0), n.get(1));
      case Op.Select _ -> new Op.Select(n.get(0), n.get(1), n.get(2));
      case Op.Convert o -> new Op.Convert(o.to(), n.get(0));
      case Op.Reshape o -> new Op.Reshape(o.shape(), n.get(0));
      case Op.Transpose o -> new Op.Transpose(o.permutation(), n.get(0));
      case Op.Broadcast o -> new Op.Broadcast(o.shape(), o.axes(), n.get(0));
      case Op.Slice o -> new Op.Slice(o.start(), o.limit(), o.stride(), n.get(0));
      case Op.Pad o -> new Op.Pad(o.low(), o.high(), o.interior(), o.value(), n.get(0));
      case Op.Concatenate o -> new Op.Concatenate(o.axis(), new ArrayList<>(n));
      case Op.Reverse o -> new Op.Reverse(o.axes(), n.get(0));
      case Op.Gather o -> new Op.Gather(o.axis(), n.get(0), n.get(1));
      case Op.ScatterAdd o -> new Op.ScatterAdd(o.axis(), n.get(0), n.get(1), n.get(2));
      case Op.Reduce o -> new Op.Reduce(o.fn(), o.axes(), n.get(0));
      case Op.CumulativeSum o -> new Op.CumulativeSum(o.axis(), n.get(0));
      case Op.DotGeneral o ->
          new Op.DotGeneral(
              o.xBatch(), o.yBatch(), o.xContract(), o.yContract(), n.get(0), n.get(1));
      case Op.Convolution o ->
          new Op.Convolution(
              o.window(),
              o.dims(),
              o.reversal(),
              o.featureGroups(),
              o.batchGroups(),
              n.get(0),
              n.get(1));
      case Op.ReduceWindow o -> new Op.ReduceWindow(o.fn(), o.window(), n.get(0));
      case Op.SelectAndScatter o -> new Op.SelectAndScatter(o.window(), n.get(0), n.get(1));
      case Op.StopGradient _ -> new Op.StopGradient(n.get(0));
      case Op.Call o -> new Op.Call(o.callee(), n);
      case Op.Gradient _ -> new Op.Gradient(n.get(0), n.get(1));
    };
  }
}
