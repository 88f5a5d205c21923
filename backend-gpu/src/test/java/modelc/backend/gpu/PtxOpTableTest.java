package modelc.backend.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import modelc.ir.loop.LoopProgram;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.passes.Gpu;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.testing.Comparison;
import modelc.passes.testing.OpCase;
import modelc.passes.testing.OpTable;
import modelc.ptx.EmulatorOptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every op over its hostile shapes: its PTX, emulated, computes what the interpreter does. */
class PtxOpTableTest {
  static Stream<OpCase> cases() {
    return OpTable.cases().stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void equalsTheInterpreter(OpCase c) {
    List<Tensor> arguments = c.arguments(1);
    List<Tensor> expected = Interpreter.run(c.function(), arguments, c.symbols());
    Program program = c.program();
    LoopProgram loops = Pipeline.lower(program, Gpu.SM_80, Options.DEFAULT).program();
    GpuProgram compiled = new PtxBackend(80).compile(loops);
    var emulated = new EmulatedEntry(compiled, "main", EmulatorOptions.DEFAULT);
    List<Tensor> actual =
        Comparison.run(
            program.entry("main"),
            loops.entries().getFirst(),
            arguments,
            c.symbols(),
            emulated::run);
    var problems = new ArrayList<String>();
    for (int i = 0; i < expected.size(); i++) {
      Comparison.difference(expected.get(i), actual.get(i), c.tolerance()).ifPresent(problems::add);
    }
    assertThat(problems).isEmpty();
  }
}
