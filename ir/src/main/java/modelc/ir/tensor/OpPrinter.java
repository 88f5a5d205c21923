package modelc.ir.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The text of one op's attributes, which {@link OpParser} reads back. Operands and names are {@link
 * Printer}'s.
 */
final class OpPrinter {
  private OpPrinter() {}

  /** With {@code label} naming callables. */
  static String attributes(Op op, java.util.function.Function<Callable, String> label) {
    return switch (op) {
      case Op.Parameter o -> " " + Printer.name(o.name());
      case Op.Constant o -> " " + number(o.value());
      case Op.DenseConstant o ->
          o.values().stream().map(OpPrinter::number).collect(Collectors.joining(", ", " [", "]"));
      case Op.Iota o -> " axis=" + o.axis();
      case Op.Compare o -> " fn=" + o.fn();
      case Op.Transpose o -> " permutation=" + list(o.permutation());
      case Op.Broadcast o -> " axes=" + list(o.axes());
      case Op.Slice o ->
          " start=" + list(o.start()) + " limit=" + list(o.limit()) + " stride=" + list(o.stride());
      case Op.Pad o ->
          " low="
              + list(o.low())
              + " high="
              + list(o.high())
              + " interior="
              + list(o.interior())
              + " value="
              + number(o.value());
      case Op.Concatenate o -> " axis=" + o.axis();
      case Op.Reverse o -> " axes=" + list(o.axes());
      case Op.Gather o -> " axis=" + o.axis();
      case Op.ScatterAdd o -> " axis=" + o.axis();
      case Op.CumulativeSum o -> " axis=" + o.axis();
      case Op.Reduce o -> " fn=" + o.fn() + " axes=" + list(o.axes());
      case Op.DotGeneral o ->
          " batch="
              + list(o.xBatch())
              + "x"
              + list(o.yBatch())
              + " contract="
              + list(o.xContract())
              + "x"
              + list(o.yContract());
      case Op.Convolution o -> window(o.window()) + convolution(o);
      case Op.ReduceWindow o -> " fn=" + o.fn() + window(o.window());
      case Op.SelectAndScatter o -> window(o.window());
      case Op.Call o -> " " + label.apply(o.callee());
      case Op.RandomBits _,
          Op.Unary _,
          Op.Binary _,
          Op.Select _,
          Op.Convert _,
          Op.Reshape _,
          Op.StopGradient _,
          Op.Gradient _ ->
          "";
    };
  }

  private static String convolution(Op.Convolution o) {
    ConvDims d = o.dims();
    String dims =
        " dims="
            + axes("b", d.inputBatch(), "f", d.inputFeature(), d.inputSpatial())
            + "x"
            + axes("o", d.kernelOutputFeature(), "i", d.kernelInputFeature(), d.kernelSpatial())
            + "->"
            + axes("b", d.outputBatch(), "f", d.outputFeature(), d.outputSpatial());
    return dims
        + (o.reversal() ? " reversal=true" : "")
        + (o.featureGroups() == 1 ? "" : " feature_groups=" + o.featureGroups())
        + (o.batchGroups() == 1 ? "" : " batch_groups=" + o.batchGroups());
  }

  /** The part each axis plays, e.g. {@code [b,f,0,1]}. */
  private static String axes(
      String first, int firstAxis, String second, int secondAxis, List<Integer> spatial) {
    var parts = new String[spatial.size() + 2];
    parts[firstAxis] = first;
    parts[secondAxis] = second;
    for (int i = 0; i < spatial.size(); i++) {
      parts[spatial.get(i)] = Integer.toString(i);
    }
    return list(List.of(parts));
  }

  private static String window(Window w) {
    var pads = new ArrayList<String>();
    for (int i = 0; i < w.rank(); i++) {
      pads.add(w.padLow().get(i) + ":" + w.padHigh().get(i));
    }
    return " window={size="
        + list(w.size())
        + " stride="
        + list(w.stride())
        + " pad="
        + list(pads)
        + dilation(" base_dilation=", w.baseDilation())
        + dilation(" window_dilation=", w.windowDilation())
        + "}";
  }

  private static String dilation(String key, List<Long> dilation) {
    return dilation.stream().allMatch(d -> d == 1) ? "" : key + list(dilation);
  }

  private static String list(List<?> items) {
    return items.stream().map(Object::toString).collect(Collectors.joining(",", "[", "]"));
  }

  /** The shortest text that reads back as the same double; integers without a point. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    boolean negativeZero = value == 0 && 1 / value < 0;
    if (value == Math.rint(value) && Math.abs(value) < 1e15 && !negativeZero) {
      return Long.toString((long) value);
    }
    return Double.toString(value).toLowerCase(Locale.ROOT);
  }
}
