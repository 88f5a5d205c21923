package modelc.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import modelc.ir.loop.LoopProgram;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.testing.Comparison;
import modelc.passes.testing.OpCase;
import modelc.passes.testing.OpTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every op of Tensor IR over its hostile shapes, as machine code: what the Tensor IR interpreter
 * computes, fused and not, optimised by LLVM and not, on two threads.
 */
class TensorOpTest {
  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true"})
  void equalsTheInterpreter(boolean fuse, boolean optimise) {
    check(Machine.host(), fuse, optimise);
  }

  @Test
  void equalsTheInterpreterOnLesserMachines() {
    for (Machine machine : Machines.both()) {
      if (!machine.equals(Machine.host())) {
        check(machine, true, true);
      }
    }
  }

  private static void check(Machine machine, boolean fuse, boolean optimise) {
    List<OpCase> cases = OpTable.cases();
    Program program = OpCase.program(cases);
    Options options = Options.DEFAULT.withFuse(fuse).withVerify(true);
    LoopProgram loops = Pipeline.lower(program, machine.target(), options).program();
    var backend = optimise ? new CpuBackend(machine) : new CpuBackend(machine).unoptimised();
    var problems = new ArrayList<String>();
    try (var code = NativeRunner.load(loops, backend)) {
      for (int i = 0; i < cases.size(); i++) {
        OpCase c = cases.get(i);
        List<Tensor> arguments = c.arguments(1);
        List<Tensor> expected = Interpreter.run(c.function(), arguments, c.symbols());
        try (var runner = code.entry(i)) {
          List<Tensor> actual =
              Comparison.run(
                  program.entries().get(i),
                  loops.entries().get(i),
                  arguments,
                  c.symbols(),
                  (memories, symbols) -> runner.run(memories, symbols, 2));
          for (int r = 0; r < expected.size(); r++) {
            Comparison.difference(expected.get(r), actual.get(r), c.tolerance())
                .ifPresent(d -> problems.add(c.name() + ": " + d));
          }
        }
      }
    }
    assertThat(problems).isEmpty();
  }
}
