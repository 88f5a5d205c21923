package modelc.passes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import modelc.ir.Symbol;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Printer;
import modelc.ir.tensor.Rewriter;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Verifier;
import modelc.passes.autodiff.Autodiff;
import modelc.passes.simplify.Simplify;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Random models through the passes: gradients against directional derivatives, meanings before and
 * after.
 */
class RandomModelTest {
  private static final Map<Symbol, Long> SYMBOLS =
      Map.of(RandomModel.BATCH, RandomModel.BATCH_SIZE);

  @Test
  void gradientsAgreeWithDirectionalDerivativesAndPassesKeepTheMeaning() {
    run(0, 200);
  }

  @Test
  @Tag("fuzz")
  void manyMoreModels() {
    run(1_000_000, 20_000);
  }

  private static void run(long firstSeed, int models) {
    for (long seed = firstSeed; seed < firstSeed + models; seed++) {
      List<Long> genes = RandomModel.genes(seed, 3 + (int) (seed % 14));
      if (failure(genes) != null) {
        List<Long> least = RandomModel.shrink(genes, g -> failure(g) != null);
        fail(
            "seed %d, genes %s: %s%n%s",
            seed, least, failure(least), Printer.print(RandomModel.build(least)));
      }
    }
  }

  /** What is wrong with the model of these genes, or null. */
  private static String failure(List<Long> genes) {
    try {
      check(genes);
      return null;
    } catch (RuntimeException | AssertionError e) {
      return e.toString();
    }
  }

  private static void check(List<Long> genes) {
    Function model = RandomModel.build(genes);
    Verifier.verify(model, Verifier.Stage.SOURCE);
    Function training = withGradients(model);
    Function differentiated = Autodiff.differentiate(training);
    Verifier.verify(differentiated, Verifier.Stage.DIFFERENTIATED);
    List<Tensor> arguments = RandomModel.arguments(model, 1);
    List<Tensor> results = Interpreter.run(differentiated, arguments, SYMBOLS);
    checkGradients(model, arguments, results);

    Function expanded = Inline.inline(differentiated);
    Verifier.verify(expanded, Verifier.Stage.EXPANDED);
    assertClose("inlined", Interpreter.run(expanded, arguments, SYMBOLS), results);
    Function simplified = Simplify.simplify(expanded);
    Verifier.verify(simplified, Verifier.Stage.EXPANDED);
    assertClose("simplified", Interpreter.run(simplified, arguments, SYMBOLS), results);
    assertThat(Graph.topological(simplified.results()).size())
        .isLessThanOrEqualTo(2 * Graph.topological(expanded.results()).size());
    Function early = Autodiff.differentiate(Simplify.simplify(training));
    assertClose("simplified first", Interpreter.run(early, arguments, SYMBOLS), results);
  }

  private static Function withGradients(Function model) {
    var roots = new ArrayList<>(model.parameters());
    roots.addAll(model.results());
    var map = new java.util.HashMap<Value, Value>();
    var b = new Builder();
    Rewriter.rewriteInto(roots, map, b, (_, op, builder) -> builder.emit(op));
    List<Value> parameters = model.parameters().stream().map(map::get).toList();
    Value loss = map.get(model.results().getFirst());
    var results = new ArrayList<>(List.of(loss));
    parameters.forEach(p -> results.add(b.gradient(loss, p)));
    return new Function("training", parameters, results);
  }

  /**
   * The slope along a random direction. A kink of the model may lie within one step's reach, not
   * within that of all.
   */
  private static void checkGradients(Function model, List<Tensor> arguments, List<Tensor> results) {
    List<Tensor> direction = RandomModel.arguments(model, 2);
    double slope = 0;
    double scale = 1e-2;
    for (int i = 0; i < arguments.size(); i++) {
      for (int j = 0; j < arguments.get(i).data().length; j++) {
        double term = results.get(i + 1).data()[j] * direction.get(i).data()[j];
        slope += term;
        scale += Math.abs(term);
      }
    }
    double best = Double.POSITIVE_INFINITY;
    double numeric = Double.NaN;
    for (double step : new double[] {1e-5, 1e-6, 1e-7}) {
      double difference =
          (loss(model, arguments, direction, step) - loss(model, arguments, direction, -step))
              / (2 * step);
      if (Math.abs(difference - slope) < best) {
        best = Math.abs(difference - slope);
        numeric = difference;
      }
      if (best <= 1e-6 * scale) {
        return;
      }
    }
    throw new AssertionError("slope " + slope + ", by differences " + numeric);
  }

  private static double loss(
      Function model, List<Tensor> arguments, List<Tensor> direction, double step) {
    var moved = new ArrayList<Tensor>();
    for (int i = 0; i < arguments.size(); i++) {
      double[] data = arguments.get(i).data().clone();
      for (int j = 0; j < data.length; j++) {
        data[j] += step * direction.get(i).data()[j];
      }
      moved.add(new Tensor(arguments.get(i).dtype(), arguments.get(i).shape(), data));
    }
    return Interpreter.run(model, moved, SYMBOLS).getFirst().data()[0];
  }

  private static void assertClose(String what, List<Tensor> actual, List<Tensor> expected) {
    for (int i = 0; i < expected.size(); i++) {
      double[] x = actual.get(i).data();
      double[] y = expected.get(i).data();
      double scale = 1e-3;
      for (double d : y) {
        scale = Math.max(scale, Math.abs(d));
      }
      for (int j = 0; j < y.length; j++) {
        if (!(Math.abs(x[j] - y[j]) <= 1e-9 * scale)) {
          throw new AssertionError(
              "%s: result %d[%d] is %s, not %s".formatted(what, i, j, x[j], y[j]));
        }
      }
    }
  }

  @Test
  void theModelsUseEveryPrimitive() {
    Set<String> ops = new HashSet<>();
    Consumer<Function> collect =
        f ->
            Graph.topological(f.results()).forEach(v -> ops.add(v.op().getClass().getSimpleName()));
    for (long seed = 0; seed < 200; seed++) {
      collect.accept(RandomModel.build(RandomModel.genes(seed, 3 + (int) (seed % 14))));
    }
    var all = new HashSet<String>();
    for (Class<?> op : Op.class.getPermittedSubclasses()) {
      all.add(op.getSimpleName());
    }
    // These three are not for a model to use, or have no derivative to compare with.
    all.removeAll(Set.of("SelectAndScatter", "StopGradient", "Gradient"));
    assertThat(ops).containsAll(all);
  }

  @Test
  void shrinkingFindsTheGenesThatMatter() {
    List<Long> genes = RandomModel.genes(5, 40);
    long first = genes.get(7);
    long second = genes.get(31);
    assertThat(RandomModel.shrink(genes, g -> g.contains(first) && g.contains(second)))
        .containsExactly(first, second);
    assertThat(new Random(5).longs(40).boxed().toList()).isEqualTo(genes);
  }
}
