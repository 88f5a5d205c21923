package modelc.ir.tensor;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.Threefry;
import org.jspecify.annotations.Nullable;

/**
 * What Tensor IR means: runs a function op by op in float64, slowly and obviously. Floats of both
 * widths are doubles and are never rounded to f32; integers are exact.
 *
 * <p>It knows nothing of gradients, which autodiff replaces before, and of fusion, layout and
 * memory, which do not change a meaning. Where StableHLO leaves one open: an integer divided by 0
 * is -1, its remainder itself; a window wholly in the padding selects nothing; a NaN is greater
 * than every number where one element is selected.
 */
public final class Interpreter {
  private final ToLongFunction<Symbol> symbols;

  private Interpreter(ToLongFunction<Symbol> symbols) {
    this.symbols = symbols;
  }

  /**
   * The results of {@code f}.
   *
   * @throws IllegalArgumentException if the arguments do not have the parameters' types, or a
   *     symbol no value or one beyond its maximum
   */
  public static List<Tensor> run(Function f, List<Tensor> arguments, Map<Symbol, Long> symbols) {
    return new Interpreter(s -> value(s, symbols)).call(f, arguments);
  }

  /**
   * As {@link #run(Function, List, Map)}; the symbols' values are taken from the arguments' shapes.
   */
  public static List<Tensor> run(Function f, List<Tensor> arguments) {
    var symbols = new HashMap<Symbol, Long>();
    for (int i = 0; i < Math.min(arguments.size(), f.parameters().size()); i++) {
      TensorType type = f.parameters().get(i).type();
      Tensor argument = arguments.get(i);
      for (int axis = 0; axis < Math.min(type.rank(), argument.rank()); axis++) {
        Dim dim = type.dim(axis);
        if (dim.symbols().size() == 1) {
          symbols.putIfAbsent(dim.symbols().getFirst(), argument.shape()[axis] / dim.factor());
        }
      }
    }
    return run(f, arguments, symbols);
  }

  private static long value(Symbol s, Map<Symbol, Long> symbols) {
    Long value = symbols.get(s);
    if (value == null || value < 0 || value > s.max()) {
      throw new IllegalArgumentException(
          "symbol " + s.name() + " is " + value + ", not between 0 and " + s.max());
    }
    return value;
  }

  /** Calls nest on a stack of our own: bodies may nest as deeply as a model does. */
  private List<Tensor> call(Function main, List<Tensor> arguments) {
    var stack = new ArrayDeque<Frame>();
    stack.push(new Frame(main, arguments, null));
    while (true) {
      Frame frame = stack.element();
      if (frame.order.hasNext()) {
        Value v = frame.order.next();
        List<Tensor> operands = frame.operands(v);
        if (v.op() instanceof Op.Call o) {
          stack.push(new Frame(o.callee().body(), operands, v));
        } else {
          frame.define(v, evaluate(v, operands));
        }
      } else {
        List<Tensor> results = frame.function.results().stream().map(frame::get).toList();
        stack.pop();
        if (frame.site == null) {
          return results;
        }
        stack.element().define(frame.site, results.getFirst());
      }
    }
  }

  /** One function being run: the values still needed. */
  private final class Frame {
    final Function function;

    /** The call it answers; null for the outermost. */
    final @Nullable Value site;

    final Iterator<Value> order;
    private final Map<Value, Tensor> values = new HashMap<>();
    private final Map<Value, Integer> uses = new HashMap<>();

    Frame(Function function, List<Tensor> arguments, @Nullable Value site) {
      this.function = function;
      this.site = site;
      bind(arguments);
      List<Value> all = Graph.topological(function.results());
      for (Value v : all) {
        v.op().operands().forEach(x -> uses.merge(x, 1, Integer::sum));
      }
      function.results().forEach(x -> uses.merge(x, 1, Integer::sum));
      order = all.stream().filter(v -> !values.containsKey(v)).toList().iterator();
    }

    private void bind(List<Tensor> arguments) {
      List<Value> parameters = function.parameters();
      if (parameters.size() != arguments.size()) {
        throw new IllegalArgumentException(
            function.name() + " has " + parameters.size() + " parameters, not " + arguments.size());
      }
      for (int i = 0; i < parameters.size(); i++) {
        Value p = parameters.get(i);
        Tensor argument = arguments.get(i);
        boolean fits =
            argument.dtype() == p.type().dtype()
                && Arrays.equals(argument.shape(), shape(p.type()));
        if (!fits) {
          throw new IllegalArgumentException(
              "argument %d of %s is %s, not %s"
                  .formatted(i, function.name(), argument.type(), p.type()));
        }
        values.put(p, argument);
      }
    }

    /** The operands of {@code v}; those it is the last to use are forgotten. */
    List<Tensor> operands(Value v) {
      List<Tensor> operands = v.op().operands().stream().map(this::get).toList();
      for (Value x : v.op().operands()) {
        if (uses.merge(x, -1, Integer::sum) == 0) {
          values.remove(x);
        }
      }
      return operands;
    }

    void define(Value v, Tensor t) {
      values.put(v, t);
    }

    Tensor get(Value v) {
      Tensor t = values.get(v);
      if (t == null) {
        throw new IllegalArgumentException(v + " in " + function.name() + " has no value");
      }
      return t;
    }
  }

  private long[] shape(TensorType type) {
    return type.shape().evaluate(symbols);
  }

  private Tensor evaluate(Value v, List<Tensor> x) {
    DType dtype = v.type().dtype();
    long[] shape = shape(v.type());
    return switch (v.op()) {
      case Op.Parameter o ->
          throw new IllegalArgumentException(o.name() + " is no parameter of the function");
      case Op.Constant o -> Tensor.full(dtype, shape, o.value());
      case Op.DenseConstant o ->
          new Tensor(dtype, shape, o.values().stream().mapToDouble(Double::doubleValue).toArray());
      case Op.Iota o ->
          Tensor.build(
              dtype, shape, i -> Arithmetic.convert(DType.I64, dtype, (double) i[o.axis()]));
      case Op.RandomBits _ -> randomBits(shape, x.get(0));
      case Op.Unary o -> Elements.unary(o.fn(), dtype, x.get(0));
      case Op.Binary o -> Elements.binary(o.fn(), x.get(0), x.get(1));
      case Op.Compare o -> Elements.compare(o.fn(), x.get(0), x.get(1));
      case Op.Select _ -> Elements.select(x.get(0), x.get(1), x.get(2));
      case Op.Convert o -> Elements.convert(o.to(), x.get(0));
      case Op.Reshape _ -> x.get(0).withShape(shape);
      case Op.Transpose o -> Elements.transpose(o, shape, x.get(0));
      case Op.Broadcast o -> Elements.broadcast(o, shape, x.get(0));
      case Op.Slice o -> Elements.slice(o, shape, x.get(0));
      case Op.Pad o -> Elements.pad(o, shape, x.get(0));
      case Op.Concatenate o -> Elements.concatenate(o.axis(), shape, x);
      case Op.Reverse o -> Elements.reverse(o, x.get(0));
      case Op.Gather o -> Elements.gather(o.axis(), shape, x.get(0), x.get(1));
      case Op.ScatterAdd o -> Elements.scatterAdd(o.axis(), x.get(0), x.get(1), x.get(2));
      case Op.Reduce o -> Contractions.reduce(o, shape, x.get(0));
      case Op.CumulativeSum o -> Elements.cumulativeSum(o.axis(), x.get(0));
      case Op.DotGeneral o -> Contractions.dotGeneral(o, shape, x.get(0), x.get(1));
      case Op.Convolution o -> Contractions.convolution(o, shape, x.get(0), x.get(1));
      case Op.ReduceWindow o -> Contractions.reduceWindow(o, shape, x.get(0));
      case Op.SelectAndScatter o -> Contractions.selectAndScatter(o, x.get(0), x.get(1));
      case Op.StopGradient _ -> x.get(0);
      case Op.Call _ -> throw new IllegalStateException("calls are run by frames");
      case Op.Gradient _ ->
          throw new UnsupportedOperationException(
              "gradient is a request that the autodiff pass replaces; the interpreter runs what it left");
    };
  }

  private static Tensor randomBits(long[] shape, Tensor key) {
    double[] data = new double[Tensor.elements(shape)];
    for (int i = 0; i < data.length; i++) {
      data[i] = Threefry.bits((int) key.data()[0], (int) key.data()[1], i);
    }
    return new Tensor(DType.I32, shape, data);
  }
}
