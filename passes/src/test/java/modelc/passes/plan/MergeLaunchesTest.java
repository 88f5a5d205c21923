package modelc.passes.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopEntry.Launch;
import modelc.ir.loop.LoopEntry.Ref;
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
import modelc.passes.testing.TrainingSteps;
import org.junit.jupiter.api.Test;

/** Launches of a training step that do not wait for each other become one on a GPU. */
class MergeLaunchesTest {
  private static final double TOLERANCE = 5e-5;

  @Test
  void oneLaunchUpdatesAllParametersInPlace() {
    Program program = Networks.lenet(4);
    LoopEntry entry = lowered(program);
    Entry train = program.entry("train");
    List<Integer> variables =
        IntStream.range(0, train.arguments().size())
            .filter(i -> train.results().stream().anyMatch(r -> r.aliases().orElse(-1) == i))
            .boxed()
            .toList();
    List<Launch> updates =
        entry.launches().stream()
            .filter(l -> variables.stream().anyMatch(v -> writes(l, v)))
            .toList();
    assertThat(variables).hasSize(20);
    assertThat(updates.stream().map(l -> l.kernel().name())).hasSize(1);
    assertThat(variables).allMatch(v -> writes(updates.getFirst(), v));
  }

  @Test
  void theMergedStepComputesTheSame() {
    Program program = Networks.mlp(4, 20, 12, 10);
    Entry train = program.entry("train");
    var symbols = Map.of(Networks.batch(program), 3L);
    List<Tensor> arguments = TrainingSteps.arguments(train, 3);
    Program differentiated = Pipeline.after("inline", program, Options.DEFAULT);
    List<Tensor> expected =
        Interpreter.run(differentiated.entry("train").function(), arguments, symbols);
    LoopEntry entry = lowered(program);
    LoopVerifier.verify(entry);
    assertThat(entry.launches()).anyMatch(l -> l.kernel().name().contains("_and_"));
    List<Tensor> actual = Comparison.run(train, entry, arguments, symbols);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(Comparison.difference(expected.get(i), actual.get(i), TOLERANCE))
          .as(train.results().get(i).name())
          .isEmpty();
    }
  }

  private static LoopEntry lowered(Program program) {
    return Pipeline.lower(program, Gpu.SM_80, Options.DEFAULT).program().entries().getFirst();
  }

  private static boolean writes(Launch l, int argument) {
    return IntStream.range(0, l.arguments().size())
        .anyMatch(
            i ->
                l.arguments().get(i).equals(new Ref.Argument(argument))
                    && Part.writes(l.kernel()).contains(l.kernel().parameters().get(i)));
  }
}
