package modelc.passes.autodiff;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import modelc.ir.DType;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;
import modelc.passes.simplify.Simplify;

/**
 * Compares autodiff's gradients with central differences, both in float64 by the interpreter,
 * element by element. The loss is the result weighted at random, so that no gradient can cancel.
 */
final class GradientCheck {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-6;

  private final List<TensorType> types;
  private final BiFunction<Builder, List<Value>, Value> body;
  private final Map<Symbol, Long> symbols = new HashMap<>();
  private double low = -1;
  private double high = 1;
  private long seed = 1;

  private GradientCheck(List<TensorType> types, BiFunction<Builder, List<Value>, Value> body) {
    this.types = types;
    this.body = body;
  }

  static GradientCheck of(List<TensorType> types, BiFunction<Builder, List<Value>, Value> body) {
    return new GradientCheck(types, body);
  }

  /** All inputs F64 of these shapes. */
  static GradientCheck of(BiFunction<Builder, List<Value>, Value> body, long[]... shapes) {
    var types = new ArrayList<TensorType>();
    for (long[] shape : shapes) {
      types.add(TensorType.of(DType.F64, shape));
    }
    return new GradientCheck(types, body);
  }

  /** Where the inputs are drawn from. */
  GradientCheck in(double low, double high) {
    this.low = low;
    this.high = high;
    return this;
  }

  GradientCheck seed(long seed) {
    this.seed = seed;
    return this;
  }

  GradientCheck where(Symbol symbol, long value) {
    symbols.put(symbol, value);
    return this;
  }

  void check() {
    var random = new Random(seed);
    var arguments = new ArrayList<Tensor>();
    for (TensorType type : types) {
      arguments.add(draw(type, random));
    }
    check(arguments);
  }

  void check(List<Tensor> inputs) {
    var arguments = new ArrayList<>(inputs);
    Function f = build(arguments);
    Function gradients = Autodiff.differentiate(f);
    assertThat(Graph.topological(gradients.results()))
        .noneMatch(v -> v.op() instanceof Op.Gradient);
    List<Tensor> results = Interpreter.run(gradients, arguments, symbols);
    List<Tensor> simplified = Interpreter.run(Simplify.simplify(gradients), arguments, symbols);
    for (int i = 1; i < results.size(); i++) {
      double[] numeric = differences(f, arguments, i - 1);
      assertClose("gradient of input " + (i - 1), results.get(i).data(), numeric);
      assertClose("simplified gradient of input " + (i - 1), simplified.get(i).data(), numeric);
    }
  }

  private Tensor draw(TensorType type, Random random) {
    long[] shape = type.shape().evaluate(symbols::get);
    int elements = 1;
    for (long n : shape) {
      elements *= (int) n;
    }
    double[] data = new double[elements];
    for (int i = 0; i < elements; i++) {
      data[i] =
          type.dtype().isFloat()
              ? low + (high - low) * random.nextDouble()
              : type.dtype() == DType.BOOL ? random.nextInt(2) : random.nextInt(7) - 1;
    }
    return new Tensor(type.dtype(), shape, data);
  }

  /** The loss first, then the gradient of every float input; adds the weights to the arguments. */
  private Function build(List<Tensor> arguments) {
    var b = new Builder();
    var inputs = new ArrayList<Value>();
    for (TensorType type : types) {
      inputs.add(b.parameter("x" + inputs.size(), type));
    }
    Value y = body.apply(b, inputs);
    Value weights = b.parameter("weights", y.type());
    arguments.add(draw(y.type(), new Random(seed + 1)));
    Value loss = b.sum(axes(y), b.multiply(y, weights));
    var results = new ArrayList<>(List.of(loss));
    for (Value input : inputs) {
      results.add(input.type().dtype().isFloat() ? b.gradient(loss, input) : input);
    }
    inputs.add(weights);
    return new Function("check", inputs, results);
  }

  private static List<Integer> axes(Value v) {
    var axes = new ArrayList<Integer>();
    for (int i = 0; i < v.type().rank(); i++) {
      axes.add(i);
    }
    return axes;
  }

  private double[] differences(Function f, List<Tensor> arguments, int input) {
    var forward = new Function("loss", f.parameters(), List.of(f.results().getFirst()));
    Tensor x = arguments.get(input);
    if (!x.dtype().isFloat()) {
      return x.data();
    }
    double[] slopes = new double[x.data().length];
    for (int i = 0; i < slopes.length; i++) {
      double up = loss(forward, arguments, input, i, STEP);
      double down = loss(forward, arguments, input, i, -STEP);
      slopes[i] = (up - down) / (2 * STEP);
    }
    return slopes;
  }

  private double loss(Function f, List<Tensor> arguments, int input, int element, double step) {
    var moved = new ArrayList<>(arguments);
    Tensor x = arguments.get(input);
    double[] data = x.data().clone();
    data[element] += step;
    moved.set(input, new Tensor(x.dtype(), x.shape(), data));
    return Interpreter.run(f, moved, symbols).getFirst().data()[0];
  }

  private static void assertClose(String what, double[] actual, double[] expected) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    double scale = 1e-3;
    for (double d : expected) {
      scale = Math.max(scale, Math.abs(d));
    }
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i])
          .as("%s, element %d", what, i)
          .isCloseTo(expected[i], org.assertj.core.data.Offset.offset(TOLERANCE * scale));
    }
  }
}
