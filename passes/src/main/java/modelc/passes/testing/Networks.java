package modelc.passes.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.ConvDims;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;

/**
 * Training entries of small networks, written with the builder as the front end would: forward,
 * cross-entropy, gradients as requests, a finite check and stochastic gradient descent with
 * momentum predicated on it.
 */
public final class Networks {
  private static final double RATE = 0.05;
  private static final double MOMENTUM = 0.9;

  private final Builder b = new Builder();
  private final Symbol symbol;
  private final Dim batch;
  private final List<Entry.Argument> arguments = new ArrayList<>();
  private final List<Value> parameters = new ArrayList<>();

  private Networks(long maxBatch) {
    symbol = new Symbol("batch", maxBatch);
    batch = Dim.of(symbol);
  }

  /** The batch of one of these programs. */
  public static Symbol batch(Program program) {
    return program.entry("train").arguments().getFirst().value().type().dim(0).symbols().getFirst();
  }

  /** Two dense layers with ReLU between. */
  public static Program mlp(long maxBatch, long inputs, long hidden, long classes) {
    var n = new Networks(maxBatch);
    Value x = n.argument("x", Entry.Kind.INPUT, n.f32(inputs));
    Value h = n.dense("fc1", x, inputs, hidden);
    h = n.b.binary(BinaryFn.MAXIMUM, n.b.constantLike(h, 0), h);
    return n.train("mlp", n.dense("fc2", h, hidden, classes), classes);
  }

  /** LeNet-5 for 32 by 32 images, with tanh and average pooling. */
  public static Program lenet(long maxBatch) {
    var n = new Networks(maxBatch);
    Value x = n.argument("image", Entry.Kind.INPUT, n.f32(1, 32, 32));
    Value y = n.averagePool(n.tanh(n.convolution("conv1", x, 1, 6, 0)));
    y = n.averagePool(n.tanh(n.convolution("conv2", y, 6, 16, 0)));
    y = n.tanh(n.convolution("conv3", y, 16, 120, 0));
    y = n.b.reshape(n.f32(120).shape(), y);
    y = n.tanh(n.dense("fc1", y, 120, 84));
    return n.train("lenet", n.dense("fc2", y, 84, 10), 10);
  }

  private TensorType f32(long... sizes) {
    var dims = new ArrayList<>(List.of(batch));
    for (long s : sizes) {
      dims.add(Dim.of(s));
    }
    return new TensorType(DType.F32, new Shape(dims));
  }

  private Value argument(String name, Entry.Kind kind, TensorType type) {
    Value v = b.parameter(name, type);
    arguments.add(new Entry.Argument(name, kind, v));
    return v;
  }

  private Value parameter(String name, long... sizes) {
    Value v = argument(name, Entry.Kind.PARAMETER, TensorType.of(DType.F32, sizes));
    parameters.add(v);
    return v;
  }

  private Value biased(Value y, String name) {
    Value bias = parameter(name + ".b", y.type().dim(1).constant());
    return b.add(y, b.broadcast(y.type().shape(), List.of(1), bias));
  }

  private Value dense(String name, Value x, long in, long out) {
    Value w = parameter(name + ".w", out, in);
    return biased(
        b.dotGeneral(
            List.of(), List.of(), List.of(1), List.of(0), x, b.transpose(List.of(1, 0), w)),
        name);
  }

  private Value convolution(String name, Value x, long in, long out, long pad) {
    Value w = parameter(name + ".w", out, in, 5, 5);
    Window window = Window.of(List.of(5L, 5L)).withPadding(List.of(pad, pad), List.of(pad, pad));
    return biased(b.convolution(window, ConvDims.standard(2), false, 1, 1, x, w), name);
  }

  private Value tanh(Value x) {
    return b.unary(UnaryFn.TANH, x);
  }

  private Value averagePool(Value x) {
    List<Long> size = List.of(1L, 1L, 2L, 2L);
    Value sum = b.reduceWindow(ReduceFn.ADD, Window.of(size).withStride(size), x);
    return b.multiply(sum, b.constantLike(sum, 0.25));
  }

  private Value crossEntropy(Value logits, Value label, long classes) {
    Shape s = logits.type().shape();
    Value max = b.stopGradient(b.reduce(ReduceFn.MAXIMUM, List.of(1), logits));
    Value shifted = b.subtract(logits, b.broadcast(s, List.of(0), max));
    Value sum = b.sum(List.of(1), b.unary(UnaryFn.EXP, shifted));
    TensorType ints = logits.type().withDType(DType.I32);
    Value hot = b.compare(CompareFn.EQ, b.iota(ints, 1), b.broadcast(s, List.of(0), label));
    Value picked = b.sum(List.of(1), b.select(hot, shifted, b.constantLike(shifted, 0)));
    Value each = b.subtract(b.unary(UnaryFn.LOG, sum), picked);
    Value ones = b.sum(List.of(0), b.constantLike(each, 1));
    return b.divide(b.sum(List.of(0), each), ones);
  }

  private Program train(String model, Value logits, long classes) {
    Value label = argument("label", Entry.Kind.INPUT, new TensorType(DType.I32, Shape.of(batch)));
    Value loss = crossEntropy(logits, label, classes);
    Value finite = b.unary(UnaryFn.IS_FINITE, loss);
    var gradients = new ArrayList<Value>();
    for (Value w : parameters) {
      Value g = b.gradient(loss, w);
      gradients.add(g);
      List<Integer> axes = java.util.stream.IntStream.range(0, w.type().rank()).boxed().toList();
      finite =
          b.binary(
              BinaryFn.AND, finite, b.reduce(ReduceFn.AND, axes, b.unary(UnaryFn.IS_FINITE, g)));
    }
    var results = new ArrayList<Entry.Result>();
    results.add(new Entry.Result("loss", Entry.Kind.LOSS, loss, OptionalInt.empty()));
    results.add(new Entry.Result("finite", Entry.Kind.FINITE, finite, OptionalInt.empty()));
    for (int i = 0; i < parameters.size(); i++) {
      update(results, parameters.get(i), gradients.get(i), finite);
    }
    return new Program(model, List.of(new Entry("train", arguments, results)));
  }

  private void update(List<Entry.Result> results, Value w, Value g, Value finite) {
    String name = ((modelc.ir.tensor.Op.Parameter) w.op()).name();
    int at = 0;
    while (arguments.get(at).value() != w) {
      at++;
    }
    Value m = argument(name + ".m", Entry.Kind.OPTIMIZER_STATE, w.type());
    Value ok = b.broadcastScalar(w.type().shape(), finite);
    Value newM = b.add(b.multiply(b.constantLike(m, MOMENTUM), m), g);
    Value newW = b.subtract(w, b.multiply(b.constantLike(w, RATE), newM));
    results.add(
        new Entry.Result(name, Entry.Kind.PARAMETER, b.select(ok, newW, w), OptionalInt.of(at)));
    results.add(
        new Entry.Result(
            name + ".m",
            Entry.Kind.OPTIMIZER_STATE,
            b.select(ok, newM, m),
            OptionalInt.of(arguments.size() - 1)));
  }
}
