package modelc.ir.tensor;

/**
 * The name of each op in the text form and in messages. It knows nothing of attributes; those are
 * the printer's.
 */
final class Mnemonics {
  private Mnemonics() {}

  static String of(Op op) {
    return switch (op) {
      case Op.Parameter _ -> "parameter";
      case Op.Constant _ -> "constant";
      case Op.DenseConstant _ -> "dense";
      case Op.Iota _ -> "iota";
      case Op.RandomBits _ -> "random_bits";
      case Op.Unary o -> o.fn().toString();
      case Op.Binary o -> o.fn().toString();
      case Op.Compare _ -> "compare";
      case Op.Select _ -> "select";
      case Op.Convert _ -> "convert";
      case Op.Reshape _ -> "reshape";
      case Op.Transpose _ -> "transpose";
      case Op.Broadcast _ -> "broadcast";
      case Op.Slice _ -> "slice";
      case Op.Pad _ -> "pad";
      case Op.Concatenate _ -> "concatenate";
      case Op.Reverse _ -> "reverse";
      case Op.Gather _ -> "gather";
      case Op.ScatterAdd _ -> "scatter_add";
      case Op.Reduce _ -> "reduce";
      case Op.CumulativeSum _ -> "cumulative_sum";
      case Op.DotGeneral _ -> "dot_general";
      case Op.Convolution _ -> "convolution";
      case Op.ReduceWindow _ -> "reduce_window";
      case Op.SelectAndScatter _ -> "select_and_scatter";
      case Op.StopGradient _ -> "stop_gradient";
      case Op.Call _ -> "call";
      case Op.Gradient _ -> "gradient";
    };
  }
}
