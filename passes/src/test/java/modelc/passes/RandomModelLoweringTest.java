package modelc.passes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import modelc.ir.DType;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.loop.LoopEntry;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Printer;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Rewriter;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;
import modelc.passes.autodiff.Autodiff;
import modelc.passes.testing.Comparison;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Random models with all their gradients, lowered: what the Tensor IR interpreter computes, the
 * Loop IR one does.
 */
class RandomModelLoweringTest {
  private static final Map<Symbol, Long> SYMBOLS =
      Map.of(RandomModel.BATCH, RandomModel.BATCH_SIZE);

  @Test
  void inFloat64() {
    run(0, 40, DType.F64, 1e-9);
  }

  /**
   * Through the contraction kernels; models whose choices hang on rounding are few and not among
   * these.
   */
  @Test
  void inFloat32() {
    run(0, 40, DType.F32, 2e-4);
  }

  /** An outer product read through a reshape that only adds an axis of size 1. */
  @Test
  void modelsThatOnceFailed() {
    var genes = List.of(2390331422971031499L, -5981457183369273251L, -6787344480102813995L);
    var options = new Options(true, true, true);
    assertThat(failure(genes, DType.F64, options, 1e-9)).isEmpty();
  }

  @Test
  @Tag("fuzz")
  void manyMoreModels() {
    run(2_000_000, 5_000, DType.F64, 1e-8);
  }

  private static void run(long firstSeed, int models, DType dtype, double tolerance) {
    for (long seed = firstSeed; seed < firstSeed + models; seed++) {
      List<Long> genes = RandomModel.genes(seed, 3 + (int) (seed % 14));
      for (boolean fuse : new boolean[] {true, false}) {
        var options = new Options(fuse, true, true);
        if (failure(genes, dtype, options, tolerance).isPresent()) {
          List<Long> least =
              RandomModel.shrink(genes, g -> failure(g, dtype, options, tolerance).isPresent());
          fail(
              "seed %d, genes %s, %s: %s%n%s",
              seed,
              least,
              options,
              failure(least, dtype, options, tolerance).orElse("?"),
              Printer.print(RandomModel.build(least)));
        }
      }
    }
  }

  private static Optional<String> failure(
      List<Long> genes, DType dtype, Options options, double tolerance) {
    try {
      return check(genes, dtype, options, tolerance);
    } catch (RuntimeException e) {
      return Optional.of(e.toString());
    }
  }

  private static Optional<String> check(
      List<Long> genes, DType dtype, Options options, double tolerance) {
    Function f = training(RandomModel.build(genes), dtype);
    List<Tensor> arguments =
        RandomModel.arguments(f, 1).stream().map(t -> dtype == DType.F64 ? t : rounded(t)).toList();
    List<Tensor> expected = Interpreter.run(f, arguments, SYMBOLS);
    Program program = program(f);
    LoopEntry loops = Pipeline.lower(program, Target.AVX2, options).program().entries().getFirst();
    List<Tensor> actual = Comparison.run(program.entry("main"), loops, arguments, SYMBOLS);
    for (int i = 0; i < expected.size(); i++) {
      Optional<String> d = Comparison.difference(expected.get(i), actual.get(i), tolerance);
      if (d.isPresent()) {
        return Optional.of("result " + i + ": " + d.get());
      }
    }
    return Optional.empty();
  }

  private static Tensor rounded(Tensor t) {
    double[] data = t.data().clone();
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) data[i];
    }
    return Tensor.of(DType.F32, t.shape(), data);
  }

  private static Program program(Function f) {
    var arguments = new ArrayList<Entry.Argument>();
    for (Value p : f.parameters()) {
      arguments.add(new Entry.Argument(((Op.Parameter) p.op()).name(), Entry.Kind.INPUT, p));
    }
    var results = new ArrayList<Entry.Result>();
    for (int i = 0; i < f.results().size(); i++) {
      results.add(
          new Entry.Result("y" + i, Entry.Kind.OUTPUT, f.results().get(i), OptionalInt.empty()));
    }
    return new Program("random", List.of(new Entry("main", arguments, results)));
  }

  /**
   * The model's loss and its gradients by all parameters, with {@code dtype} in the place of all
   * float types.
   */
  private static Function training(Function model, DType dtype) {
    var roots = new ArrayList<>(model.parameters());
    roots.addAll(model.results());
    var map = new HashMap<Value, Value>();
    var b = new Builder();
    Rewriter.rewriteInto(roots, map, b, (_, op, builder) -> builder.emit(op));
    Value loss = map.get(model.results().getFirst());
    List<Value> parameters = model.parameters().stream().map(map::get).toList();
    var results = new ArrayList<>(List.of(loss));
    parameters.forEach(p -> results.add(b.gradient(loss, p)));
    Function differentiated = Autodiff.differentiate(new Function("training", parameters, results));
    return Rewriter.rewrite(
        Inline.inline(differentiated),
        (_, op, builder) ->
            op instanceof Op.Convert o && o.to().isFloat()
                ? builder.convert(dtype, o.x())
                : builder.emit(retyped(op, dtype)));
  }

  private static Op retyped(Op op, DType dtype) {
    return switch (op) {
      case Op.Parameter o -> new Op.Parameter(o.name(), retyped(o.type(), dtype));
      case Op.Constant o -> new Op.Constant(retyped(o.type(), dtype), o.value());
      case Op.DenseConstant o -> new Op.DenseConstant(retyped(o.type(), dtype), o.values());
      case Op.Iota o -> new Op.Iota(retyped(o.type(), dtype), o.axis());
      default -> op;
    };
  }

  private static TensorType retyped(TensorType t, DType dtype) {
    return t.dtype().isFloat() ? t.withDType(dtype) : t;
  }
}
