package modelc.passes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import modelc.ir.loop.LoopEntry;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.passes.testing.Comparison;
import modelc.passes.testing.Networks;
import modelc.passes.testing.TrainingSteps;
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
    List<Tensor> expected = TrainingSteps.arguments(train, batch);
    List<Tensor> actual = new ArrayList<>(expected);
    for (int step = 0; step < STEPS; step++) {
      List<Tensor> e = Interpreter.run(differentiated.entry("train").function(), expected, symbols);
      List<Tensor> a = Comparison.run(train, loops, actual, symbols);
      for (int i = 0; i < e.size(); i++) {
        String name = "step " + step + ", " + train.results().get(i).name();
        assertThat(Comparison.difference(e.get(i), a.get(i), TOLERANCE)).as(name).isEmpty();
      }
      expected = TrainingSteps.next(train, expected, e);
      actual = TrainingSteps.next(train, actual, a);
    }
  }
}
