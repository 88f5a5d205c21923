package modelc.passes.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopVerifier;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.passes.Gpu;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.testing.Comparison;
import modelc.passes.testing.Networks;
import modelc.passes.testing.RowPrograms;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is done along the same rows is one kernel on a GPU. */
class JoinRowsTest {
  private static final double TOLERANCE = 1e-5;

  /** A thread, a warp and a block a row. */
  @ParameterizedTest
  @CsvSource({"3, 5, 2", "5, 2, 15", "2, 3, 16", "2, 3, 33", "1, 2, 1024", "32, 2, 1100"})
  void isOneKernel(long batch, long heads, long length) {
    for (Program program :
        List.of(
            RowPrograms.softmax(batch, heads, length),
            RowPrograms.normalization(batch, heads, length))) {
      LoopEntry entry = lowered(program);
      LoopVerifier.verify(entry);
      assertThat(entry.launches().stream().map(l -> l.kernel().name())).hasSize(1);
      // Fewer rows than there may be at most.
      long rows = Math.max(1, batch / 16);
      var symbols = Map.of(RowPrograms.batch(program), rows);
      Entry main = program.entry("main");
      long[] shape = {rows, heads, length};
      List<Tensor> arguments =
          List.of(Tensor.random(main.arguments().getFirst().value().type().dtype(), shape, 1));
      List<Tensor> expected = Interpreter.run(main.function(), arguments, symbols);
      List<Tensor> actual = Comparison.run(main, entry, arguments, symbols);
      assertThat(Comparison.difference(expected.getFirst(), actual.getFirst(), TOLERANCE))
          .isEmpty();
    }
  }

  @Test
  void fewLongRowsAreCutInsteadSoThatTheDeviceHasWork() {
    assertThat(lowered(RowPrograms.softmax(2, 2, 2000)).launches().size()).isGreaterThan(1);
  }

  /** Rows of the loss and its metric; sums over the batch and what follows; the gradient. */
  @Test
  void crossEntropyIsAFewLaunches() {
    assertThat(
            lowered(Networks.mlp(64, 784, 128, 10)).launches().stream()
                .map(l -> l.kernel().name())
                .filter(n -> n.contains("_rows")))
        .isNotEmpty();
  }

  private static LoopEntry lowered(Program program) {
    return Pipeline.lower(program, Gpu.SM_80, Options.DEFAULT).program().entries().getFirst();
  }
}
