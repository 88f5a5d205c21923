package modelc.passes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import modelc.ir.DType;
import modelc.ir.loop.LoopEntry;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;
import modelc.passes.testing.Comparison;
import modelc.passes.testing.Networks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whole training entries, three steps each: lowered, they compute what the Tensor IR interpreter
 * does.
 */
class TrainingEntriesTest {
  private static final int STEPS = 3;

  /** Of the largest magnitude of a tensor: float32 after three steps. */
  private static final double TOLERANCE = 5e-5;

  @ParameterizedTest
  @CsvSource({"true,true", "true,false", "false,true"})
  void mlp(boolean fuse, boolean vectorize) {
    agrees(Networks.mlp(4, 20, 12, 10), 3, Target.AVX2, new Options(fuse, vectorize, true));
  }

  @ParameterizedTest
  @CsvSource({"true,true", "false,true"})
  void lenet(boolean fuse, boolean vectorize) {
    agrees(Networks.lenet(2), 1, Target.AVX2, new Options(fuse, vectorize, true));
  }

  @Test
  void inLongVectors() {
    Options options = Options.DEFAULT.withVerify(true);
    agrees(Networks.mlp(4, 20, 12, 10), 3, Target.AVX512, options);
    agrees(Networks.lenet(2), 1, Target.AVX512, options);
  }

  private static void agrees(Program program, long batch, Target target, Options options) {
    Entry train = program.entry("train");
    Program differentiated = Pipeline.after("inline", program, options);
    LoopEntry loops = Pipeline.lower(program, target, options).program().entries().getFirst();
    var symbols = Map.of(Networks.batch(program), batch);
    List<Tensor> expected = arguments(train, batch);
    List<Tensor> actual = new ArrayList<>(expected);
    for (int step = 0; step < STEPS; step++) {
      List<Tensor> e = Interpreter.run(differentiated.entry("train").function(), expected, symbols);
      List<Tensor> a = Comparison.run(train, loops, actual, symbols);
      for (int i = 0; i < e.size(); i++) {
        String name = "step " + step + ", " + train.results().get(i).name();
        assertThat(Comparison.difference(e.get(i), a.get(i), TOLERANCE)).as(name).isEmpty();
      }
      expected = next(train, expected, e);
      actual = next(train, actual, a);
    }
  }

  private static List<Tensor> next(Entry train, List<Tensor> arguments, List<Tensor> results) {
    var next = new ArrayList<>(arguments);
    for (int i = 0; i < results.size(); i++) {
      Entry.Result r = train.results().get(i);
      if (r.aliases().isPresent()) {
        next.set(r.aliases().getAsInt(), results.get(i));
      }
    }
    return next;
  }

  private static List<Tensor> arguments(Entry entry, long batch) {
    var random = new Random(1);
    var arguments = new ArrayList<Tensor>();
    for (Entry.Argument a : entry.arguments()) {
      Value v = a.value();
      long[] shape = v.type().shape().evaluate(_ -> batch);
      Tensor t = Tensor.random(v.type().dtype(), shape, random.nextLong());
      double[] data = t.data();
      for (int i = 0; i < data.length; i++) {
        data[i] =
            switch (a.kind()) {
              case PARAMETER -> (float) (0.3 * data[i]);
              case OPTIMIZER_STATE -> 0;
              default -> v.type().dtype() == DType.I32 ? Math.abs(data[i]) : data[i];
            };
      }
      arguments.add(t);
    }
    return arguments;
  }
}
