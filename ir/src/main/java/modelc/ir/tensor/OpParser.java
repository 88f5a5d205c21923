package modelc.ir.tensor;

import static modelc.ir.tensor.TokenReader.error;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Lexer.Kind;
import modelc.ir.tensor.Lexer.Token;

/** Reads one op's attributes. It does not check that they fit the operands; the type rules do. */
final class OpParser {
  private final TokenReader in;
  private final Supplier<Dim> dim;
  private final Map<String, Callable> callables;

  /**
   * A parser of ops.
   *
   * @param dim reads a size
   * @param callables those declared so far; more may come
   */
  OpParser(TokenReader in, Supplier<Dim> dim, Map<String, Callable> callables) {
    this.in = in;
    this.dim = dim;
    this.callables = callables;
  }

  /**
   * The op {@code mnemonic} over {@code operands} with the attributes that follow; its text began
   * at {@code at}.
   */
  Op op(Token at, String mnemonic, TensorType type, List<Value> operands) {
    int arity = arity(mnemonic);
    if (arity >= 0 && operands.size() != arity) {
      throw error(at, mnemonic + " takes " + arity + " operands, not " + operands.size());
    }
    return switch (mnemonic) {
      case "parameter" -> new Op.Parameter(in.name(), type);
      case "constant" -> new Op.Constant(type, in.number());
      case "dense" -> new Op.DenseConstant(type, in.list("[", "]", in::number));
      case "iota" -> new Op.Iota(type, in.axis("axis"));
      case "random_bits" -> new Op.RandomBits(type.shape(), operands.get(0));
      case "compare" ->
          new Op.Compare(
              in.key("fn", () -> in.constant(CompareFn.values())),
              operands.get(0),
              operands.get(1));
      case "select" -> new Op.Select(operands.get(0), operands.get(1), operands.get(2));
      case "convert" -> new Op.Convert(type.dtype(), operands.get(0));
      case "reshape" -> new Op.Reshape(type.shape(), operands.get(0));
      case "transpose" -> new Op.Transpose(in.axes("permutation"), operands.get(0));
      case "broadcast" -> new Op.Broadcast(type.shape(), in.axes("axes"), operands.get(0));
      case "slice" ->
          new Op.Slice(
              in.integers("start"),
              in.key("limit", () -> in.list("[", "]", dim)),
              in.integers("stride"),
              operands.get(0));
      case "pad" ->
          new Op.Pad(
              in.integers("low"),
              in.integers("high"),
              in.integers("interior"),
              in.key("value", in::number),
              operands.get(0));
      case "concatenate" -> new Op.Concatenate(in.axis("axis"), operands);
      case "reverse" -> new Op.Reverse(in.axes("axes"), operands.get(0));
      case "gather" -> new Op.Gather(in.axis("axis"), operands.get(0), operands.get(1));
      case "scatter_add" ->
          new Op.ScatterAdd(in.axis("axis"), operands.get(0), operands.get(1), operands.get(2));
      case "reduce" -> new Op.Reduce(reduceFn(), in.axes("axes"), operands.get(0));
      case "cumulative_sum" -> new Op.CumulativeSum(in.axis("axis"), operands.get(0));
      case "dot_general" -> dotGeneral(operands);
      case "convolution" -> convolution(operands);
      case "reduce_window" -> new Op.ReduceWindow(reduceFn(), window(), operands.get(0));
      case "select_and_scatter" ->
          new Op.SelectAndScatter(window(), operands.get(0), operands.get(1));
      case "stop_gradient" -> new Op.StopGradient(operands.get(0));
      case "call" -> new Op.Call(callee(), operands);
      case "gradient" -> new Op.Gradient(operands.get(0), operands.get(1));
      default -> elementwise(at, mnemonic, operands);
    };
  }

  /** How many operands an op takes, -1 for any number (and for elementwise functions). */
  private static int arity(String mnemonic) {
    return switch (mnemonic) {
      case "parameter", "constant", "dense", "iota" -> 0;
      case "random_bits",
          "convert",
          "reshape",
          "transpose",
          "broadcast",
          "slice",
          "pad",
          "reverse",
          "reduce",
          "cumulative_sum",
          "reduce_window",
          "stop_gradient" ->
          1;
      case "compare", "gather", "dot_general", "convolution", "select_and_scatter", "gradient" -> 2;
      case "select", "scatter_add" -> 3;
      default -> -1;
    };
  }

  private static Op elementwise(Token at, String mnemonic, List<Value> operands) {
    if (operands.size() == 1) {
      for (var fn : UnaryFn.values()) {
        if (fn.toString().equals(mnemonic)) {
          return new Op.Unary(fn, operands.get(0));
        }
      }
    }
    if (operands.size() == 2) {
      for (var fn : BinaryFn.values()) {
        if (fn.toString().equals(mnemonic)) {
          return new Op.Binary(fn, operands.get(0), operands.get(1));
        }
      }
    }
    throw error(at, "there is no op '" + mnemonic + "' of " + operands.size() + " operands");
  }

  private ReduceFn reduceFn() {
    return in.key("fn", () -> in.constant(ReduceFn.values()));
  }

  private Op dotGeneral(List<Value> operands) {
    List<Integer> xBatch = in.axes("batch");
    in.expect("x");
    List<Integer> yBatch = in.list("[", "]", in::axis);
    List<Integer> xContract = in.axes("contract");
    in.expect("x");
    List<Integer> yContract = in.list("[", "]", in::axis);
    return new Op.DotGeneral(
        xBatch, yBatch, xContract, yContract, operands.get(0), operands.get(1));
  }

  private Op convolution(List<Value> operands) {
    Window window = window();
    in.expect("dims");
    in.expect("=");
    Axes input = new Axes("b", "f");
    in.expect("x");
    Axes kernel = new Axes("o", "i");
    in.expect("->");
    Axes output = new Axes("b", "f");
    var dims =
        new ConvDims(
            input.first,
            input.second,
            input.spatial,
            kernel.second,
            kernel.first,
            kernel.spatial,
            output.first,
            output.second,
            output.spatial);
    boolean reversal = in.peek().is("reversal") && in.key("reversal", in::name).equals("true");
    long featureGroups = in.peek().is("feature_groups") ? in.key("feature_groups", in::integer) : 1;
    long batchGroups = in.peek().is("batch_groups") ? in.key("batch_groups", in::integer) : 1;
    return new Op.Convolution(
        window, dims, reversal, featureGroups, batchGroups, operands.get(0), operands.get(1));
  }

  /** The parts the axes of one operand play, e.g. {@code [b,f,0,1]}. */
  private final class Axes {
    final int first;
    final int second;
    final List<Integer> spatial = new ArrayList<>();

    Axes(String firstPart, String secondPart) {
      Token at = in.peek();
      List<String> parts =
          in.list(
              "[",
              "]",
              () -> in.peek().kind() == Kind.NUMBER ? Long.toString(in.integer()) : in.name());
      first = parts.indexOf(firstPart);
      second = parts.indexOf(secondPart);
      for (int i = 0; i < parts.size() - 2; i++) {
        spatial.add(parts.indexOf(Integer.toString(i)));
      }
      if (first < 0 || second < 0 || spatial.contains(-1)) {
        throw error(
            at,
            "the axes are " + firstPart + ", " + secondPart + ", 0, 1 ... once each, not " + parts);
      }
    }
  }

  private Window window() {
    in.expect("window");
    in.expect("=");
    in.expect("{");
    List<Long> size = in.integers("size");
    List<Long> stride = in.integers("stride");
    var low = new ArrayList<Long>();
    List<Long> high =
        in.key(
            "pad",
            () ->
                in.list(
                    "[",
                    "]",
                    () -> {
                      low.add(in.integer());
                      in.expect(":");
                      return in.integer();
                    }));
    Window w = Window.of(size).withStride(stride).withPadding(low, high);
    if (in.peek().is("base_dilation")) {
      w = w.withBaseDilation(in.integers("base_dilation"));
    }
    if (in.peek().is("window_dilation")) {
      w = w.withWindowDilation(in.integers("window_dilation"));
    }
    in.expect("}");
    return w;
  }

  private Callable callee() {
    Token label = in.take(Kind.CALLABLE);
    Callable callee = callables.get(label.text());
    if (callee == null) {
      throw error(label, "callable @" + label.text() + " is not declared above");
    }
    return callee;
  }
}
