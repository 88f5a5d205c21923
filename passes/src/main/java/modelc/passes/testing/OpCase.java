package modelc.passes.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import modelc.ir.DType;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;

/**
 * One small function to compile and compare with the interpreter.
 *
 * @param name what it is about, unique in its table
 * @param symbols the run-time sizes, below their maxima
 * @param ranges of the arguments' values
 * @param tolerance largest difference allowed, relative to the largest magnitude of a result (at
 *     least 1)
 */
public record OpCase(
    String name,
    Function function,
    Map<Symbol, Long> symbols,
    List<Range> ranges,
    double tolerance) {
  public OpCase {
    symbols = Map.copyOf(symbols);
    ranges = List.copyOf(ranges);
  }

  /** Values are uniform in {@code [low, high)}; integers the whole numbers in it. */
  public record Range(double low, double high) {}

  /** A program whose only entry, {@code main}, computes the function. */
  public Program program() {
    return new Program("op", List.of(entry("main")));
  }

  /** A program with an entry for each case, in order, to compile them all at once. */
  public static Program program(List<OpCase> cases) {
    return new Program(
        "ops",
        IntStream.range(0, cases.size()).mapToObj(i -> cases.get(i).entry("case" + i)).toList());
  }

  private Entry entry(String name) {
    var arguments = new ArrayList<Entry.Argument>();
    for (Value p : function.parameters()) {
      arguments.add(
          new Entry.Argument(((modelc.ir.tensor.Op.Parameter) p.op()).name(), Entry.Kind.INPUT, p));
    }
    var results = new ArrayList<Entry.Result>();
    for (int i = 0; i < function.results().size(); i++) {
      results.add(
          new Entry.Result(
              "y" + i, Entry.Kind.OUTPUT, function.results().get(i), OptionalInt.empty()));
    }
    return new Entry(name, arguments, results);
  }

  /** Reproducible arguments, exact in f32. */
  public List<Tensor> arguments(long seed) {
    var random = new Random(seed);
    var arguments = new ArrayList<Tensor>();
    for (int i = 0; i < function.parameters().size(); i++) {
      arguments.add(tensor(function.parameters().get(i).type(), ranges.get(i), random));
    }
    return arguments;
  }

  private Tensor tensor(TensorType type, Range range, Random random) {
    long[] shape = type.shape().evaluate(symbols::get);
    int n = 1;
    for (long s : shape) {
      n = Math.toIntExact(n * s);
    }
    double[] data = new double[n];
    for (int i = 0; i < n; i++) {
      double x = range.low() + random.nextDouble() * (range.high() - range.low());
      data[i] = type.dtype().isFloat() ? (float) x : Math.floor(x);
      if (type.dtype() == DType.BOOL) {
        data[i] = random.nextInt(2);
      }
    }
    return Tensor.of(type.dtype(), shape, data);
  }

  @Override
  public String toString() {
    return name;
  }
}
