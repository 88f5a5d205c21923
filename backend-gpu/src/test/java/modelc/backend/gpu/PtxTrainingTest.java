package modelc.backend.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import modelc.ir.loop.LoopProgram;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.passes.Gpu;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.testing.Comparison;
import modelc.passes.testing.Networks;
import modelc.passes.testing.TrainingSteps;
import modelc.ptx.EmulatorOptions;
import modelc.ptx.EmulatorOptions.Order;
import org.junit.jupiter.api.Test;

/** Training steps of small networks as PTX, emulated, against the interpreter. */
class PtxTrainingTest {
  /** Of the largest magnitude of a tensor: float32 after three steps. */
  private static final double TOLERANCE = 5e-5;

  private static final int STEPS = 3;

  @Test
  void mlp() {
    agrees(Networks.mlp(4, 20, 12, 10), 3, EmulatorOptions.DEFAULT);
  }

  @Test
  void mlpWithBlocksAndWarpsByChance() {
    agrees(Networks.mlp(4, 20, 12, 10), 4, EmulatorOptions.DEFAULT.withOrder(Order.RANDOM, 1));
  }

  @Test
  void lenet() {
    agrees(Networks.lenet(2), 1, EmulatorOptions.DEFAULT);
  }

  private static void agrees(Program program, long batch, EmulatorOptions options) {
    Entry train = program.entry("train");
    Program differentiated = Pipeline.after("inline", program, Options.DEFAULT);
    LoopProgram loops = Pipeline.lower(program, Gpu.SM_80, Options.DEFAULT).program();
    var emulated = new EmulatedEntry(new PtxBackend(80).compile(loops), "train", options);
    var symbols = Map.of(Networks.batch(program), batch);
    List<Tensor> expected = TrainingSteps.arguments(train, batch);
    List<Tensor> actual = new ArrayList<>(expected);
    for (int step = 0; step < STEPS; step++) {
      List<Tensor> e = Interpreter.run(differentiated.entry("train").function(), expected, symbols);
      List<Tensor> a =
          Comparison.run(train, loops.entries().getFirst(), actual, symbols, emulated::run);
      for (int i = 0; i < e.size(); i++) {
        String name = "step " + step + ", " + train.results().get(i).name();
        assertThat(Comparison.difference(e.get(i), a.get(i), TOLERANCE)).as(name).isEmpty();
      }
      expected = TrainingSteps.next(train, expected, e);
      actual = TrainingSteps.next(train, actual, a);
    }
  }
}
