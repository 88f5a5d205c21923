package modelc.compiler;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.passes.autodiff.Autodiff;

/**
 * Runs a recipe step by step through the interpreter of Tensor IR, in float64: what a session does,
 * without compiling. The data has the columns {@code x: f32[2]}, {@code target: f32[1]} and {@code
 * label: i32[]}.
 */
final class Steps {
  static final int BATCH = 4;

  private final Program program;

  /** Parameters, states and optimizer states by name. */
  final Map<String, Tensor> variables = new LinkedHashMap<>();

  /** What the next step is given. */
  long step = 1;

  long steps = 10;
  long epoch = 1;

  Steps(String source) {
    DataCatalog catalog =
        _ ->
            List.of(
                new DataCatalog.Column("x", TensorType.of(DType.F32, 2)),
                new DataCatalog.Column("target", TensorType.of(DType.F32, 1)),
                new DataCatalog.Column("label", TensorType.scalar(DType.I32)));
    program =
        new Autodiff()
            .run(Frontend.load("test.model", source, FrontendOptions.of(catalog)).program());
    variables.putAll(run("init", Map.of("seed", Tensor.vector(DType.I32, 1, 0))));
  }

  /** The recipe's entries, gradients derived. */
  Program program() {
    return program;
  }

  private Map<String, Tensor> run(String entry, Map<String, Tensor> given) {
    Entry e = program.entry(entry);
    var arguments = new ArrayList<Tensor>();
    for (Entry.Argument a : e.arguments()) {
      Tensor t = given.getOrDefault(a.name(), variables.get(a.name()));
      if (t == null) {
        throw new AssertionError("entry " + entry + " also needs " + a.name());
      }
      arguments.add(t);
    }
    List<Tensor> results = Interpreter.run(e.function(), arguments);
    var named = new LinkedHashMap<String, Tensor>();
    for (int i = 0; i < results.size(); i++) {
      named.put(e.results().get(i).name(), results.get(i));
    }
    return named;
  }

  /** A batch of made-up examples, another for each seed. */
  static Map<String, Tensor> batch(long seed) {
    var random = new Random(seed);
    double[] x = random.doubles(2 * BATCH, -1, 1).toArray();
    double[] target = random.doubles(BATCH, -1, 1).toArray();
    double[] label = random.ints(BATCH, 0, 3).asDoubleStream().toArray();
    return Map.of(
        "x", new Tensor(DType.F32, new long[] {BATCH, 2}, x),
        "target", new Tensor(DType.F32, new long[] {BATCH, 1}, target),
        "label", new Tensor(DType.I32, new long[] {BATCH}, label));
  }

  /** One step; the variables become what it made of them, and it gives all its results. */
  Map<String, Tensor> train(Map<String, Tensor> batch) {
    var given = new HashMap<>(batch);
    given.put("seed", Tensor.vector(DType.I32, 1, 0));
    given.put("step", Tensor.scalar(DType.F64, (double) step));
    given.put("steps", Tensor.scalar(DType.F64, (double) steps));
    given.put("epoch", Tensor.scalar(DType.F64, (double) epoch));
    Map<String, Tensor> results = run("train", given);
    variables.keySet().forEach(n -> variables.computeIfPresent(n, results::getOrDefault));
    step++;
    return results;
  }

  /** Loss, metrics and outputs without training. */
  Map<String, Tensor> eval(Map<String, Tensor> batch) {
    return run("eval", batch);
  }

  double[] values(String variable) {
    return variables.get(variable).data().clone();
  }
}
