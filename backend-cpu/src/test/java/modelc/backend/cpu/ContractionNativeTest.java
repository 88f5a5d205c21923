package modelc.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import modelc.passes.testing.ContractionCase;
import modelc.passes.testing.ContractionCase.Prepared;
import modelc.passes.testing.ContractionTable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Contractions as machine code against plain loops in double. The same with all checks are the
 * passes' tests.
 */
class ContractionNativeTest {
  static List<ContractionCase> products() {
    return ContractionTable.products();
  }

  static List<ContractionCase> convolutions() {
    return ContractionTable.convolutions();
  }

  @ParameterizedTest
  @MethodSource({"products", "convolutions"})
  void isThePlainLoopsSum(ContractionCase c) {
    Prepared p = c.prepare().get();
    float[] actual = run(p, c);
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i])
          .as("element %d", i)
          .isCloseTo(p.expected()[i], within(p.tolerance()));
    }
  }

  /** Scratch and output are NaN before: what is not written shows. */
  private static float[] run(Prepared p, ContractionCase c) {
    var entry = p.lowered().entry("contraction", p.arguments());
    try (var runner = NativeRunner.of(entry, Machines.of(c.hardware()))) {
      for (long i = 0; i + 4 <= runner.arena().byteSize(); i += 4) {
        runner.arena().set(ValueLayout.JAVA_FLOAT, i, Float.NaN);
      }
      var memory = new ArrayList<MemorySegment>();
      p.inputs().forEach(values -> memory.add(runner.allocate(values)));
      var nothing = new float[p.expected().length];
      Arrays.fill(nothing, Float.NaN);
      MemorySegment output = runner.allocate(nothing);
      memory.add(output);
      runner.run(2, Map.of(ContractionCase.BATCH, c.batch()), memory.toArray(MemorySegment[]::new));
      return output.toArray(ValueLayout.JAVA_FLOAT);
    }
  }
}
