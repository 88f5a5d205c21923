package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import modelc.frontend.ModelSummary;
import modelc.ir.Shape;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;

/**
 * The summary of a model: its stages, parameters with their derivation, and the arithmetic of one
 * example.
 */
final class Summaries {
  private Summaries() {}

  static ModelSummary of(String model, Context context, Entry infer) {
    List<Weights.Weight> parameters = context.weights.of(Entry.Kind.PARAMETER);
    long total = Weights.elements(parameters);
    long trained =
        Weights.elements(
            parameters.stream().filter(w -> !context.frozen.contains(w.path())).toList());
    var listed = new ArrayList<ModelSummary.Parameter>();
    for (Weights.Weight w : context.weights.all()) {
      boolean parameter = w.kind() == Entry.Kind.PARAMETER;
      if (parameter || w.kind() == Entry.Kind.STATE) {
        listed.add(
            new ModelSummary.Parameter(
                w.path(),
                w.owner(),
                w.op(),
                w.type().shape(),
                parameter && !context.frozen.contains(w.path())));
      }
    }
    List<Value> inputs =
        infer.arguments().stream()
            .filter(a -> a.kind() == Entry.Kind.INPUT)
            .map(Entry.Argument::value)
            .toList();
    long flops = flops(infer.results().stream().map(Entry.Result::value).toList());
    return new ModelSummary(
        model, total, trained, formula(parameters), flops, context.rows.rows(inputs), listed);
  }

  /**
   * For a multilayer perceptron the sum over layers of weights, then of biases; for others layer by
   * layer.
   */
  private static String formula(List<Weights.Weight> parameters) {
    List<Weights.Weight> matrices = parameters.stream().filter(w -> w.type().rank() == 2).toList();
    List<Weights.Weight> vectors = parameters.stream().filter(w -> w.type().rank() == 1).toList();
    boolean perceptron =
        matrices.size() > 1
            && matrices.size() + vectors.size() == parameters.size()
            && parameters.stream().allMatch(w -> w.op().equals("dense"));
    if (perceptron && !vectors.isEmpty()) {
      return "(" + Weights.formula(matrices) + ") + (" + Weights.formula(vectors) + ")";
    }
    return parameters.stream()
        .collect(
            Collectors.groupingBy(
                Weights.Weight::owner, java.util.LinkedHashMap::new, Collectors.toList()))
        .values()
        .stream()
        .map(Weights::formula)
        .map(f -> f.contains(" + ") ? "(" + f + ")" : f)
        .collect(Collectors.joining(" + "));
  }

  /** Multiplications and additions of products and convolutions, every symbol 1. */
  static long flops(List<Value> roots) {
    long total = 0;
    for (Value v : Graph.topological(roots)) {
      long more =
          switch (v.op()) {
            case Op.DotGeneral d -> {
              long k = 1;
              for (int axis : d.xContract()) {
                k = Math.multiplyExact(k, d.x().type().dim(axis).evaluate(_ -> 1));
              }
              yield Math.multiplyExact(2 * k, elements(v.type().shape()));
            }
            case Op.Convolution c -> {
              long outputs = c.kernel().type().dim(c.dims().kernelOutputFeature()).constant();
              long taps = elements(c.kernel().type().shape()) / Math.max(outputs, 1);
              yield Math.multiplyExact(2 * taps, elements(v.type().shape()));
            }
            case Op.Call c -> flops(c.callee().body().results());
            default -> 0;
          };
      total = Math.addExact(total, more);
    }
    return total;
  }

  private static long elements(Shape shape) {
    return shape.elements().evaluate(_ -> 1);
  }
}
