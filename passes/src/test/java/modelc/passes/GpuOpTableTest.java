package modelc.passes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import modelc.ir.loop.LoopProgram;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.passes.testing.Comparison;
import modelc.passes.testing.OpCase;
import modelc.passes.testing.OpTable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every op over its hostile shapes, scheduled for a GPU: the interpreter of Loop IR, which finds
 * races and divergence, computes what that of Tensor IR does.
 */
class GpuOpTableTest {
  static Stream<OpCase> cases() {
    return OpTable.cases().stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void equalsTheInterpreter(OpCase c) {
    List<Tensor> arguments = c.arguments(1);
    List<Tensor> expected = Interpreter.run(c.function(), arguments, c.symbols());
    var problems = new ArrayList<String>();
    for (boolean fuse : new boolean[] {true, false}) {
      var options = new Options(fuse, true, true);
      Program program = c.program();
      LoopProgram loops = Pipeline.lower(program, Gpu.SM_80, options).program();
      List<Tensor> actual =
          Comparison.run(program.entry("main"), loops.entries().getFirst(), arguments, c.symbols());
      for (int i = 0; i < expected.size(); i++) {
        Comparison.difference(expected.get(i), actual.get(i), c.tolerance())
            .ifPresent(d -> problems.add(options + ": " + d));
      }
    }
    assertThat(problems).isEmpty();
  }
}
