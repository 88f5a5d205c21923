package modelc.backend.gpu;

import static org.assertj.core.api.Assertions.assertThat;

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
import modelc.passes.testing.RowPrograms;
import modelc.ptx.EmulatorOptions;
import modelc.ptx.EmulatorOptions.Order;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kernels that do all that is done along a row, as PTX, emulated, against the interpreter. */
class PtxRowsTest {
  private static final double TOLERANCE = 1e-5;

  @ParameterizedTest
  @CsvSource({"3, 5, 7", "3, 2, 40", "2, 1, 1024", "64, 1, 1500"})
  void equalsTheInterpreter(long maxBatch, long heads, long length) {
    for (Program program :
        List.of(
            RowPrograms.softmax(maxBatch, heads, length),
            RowPrograms.normalization(maxBatch, heads, length))) {
      long batch = Math.min(3, maxBatch);
      Entry main = program.entry("main");
      var symbols = Map.of(RowPrograms.batch(program), batch);
      long[] shape = {batch, heads, length};
      List<Tensor> arguments =
          List.of(Tensor.random(main.arguments().getFirst().value().type().dtype(), shape, 1));
      LoopProgram loops = Pipeline.lower(program, Gpu.SM_80, Options.DEFAULT).program();
      var options = EmulatorOptions.DEFAULT.withOrder(Order.ROUND_ROBIN, 0);
      var emulated = new EmulatedEntry(new PtxBackend(80).compile(loops), "main", options);
      List<Tensor> expected = Interpreter.run(main.function(), arguments, symbols);
      List<Tensor> actual =
          Comparison.run(main, loops.entries().getFirst(), arguments, symbols, emulated::run);
      assertThat(Comparison.difference(expected.getFirst(), actual.getFirst(), TOLERANCE))
          .isEmpty();
    }
  }
}
