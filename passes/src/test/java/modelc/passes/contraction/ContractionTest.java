package modelc.passes.contraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import modelc.ir.DType;
import modelc.ir.Precision;
import modelc.ir.loop.LoopInterpreter;
import modelc.ir.loop.Memory;
import modelc.passes.Gpu;
import modelc.passes.testing.ContractionCase;
import modelc.passes.testing.ContractionCase.Prepared;
import modelc.passes.testing.ContractionTable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Contractions in the interpreter, with all its checks, against plain loops in double. */
class ContractionTest {
  static List<ContractionCase> products() {
    return ContractionTable.products();
  }

  static List<ContractionCase> convolutions() {
    return ContractionTable.convolutions();
  }

  /**
   * The first of each, since a block's threads take turns here; the emulator of PTX runs them all.
   */
  static List<ContractionCase> onGpu() {
    var cases = new ArrayList<>(ContractionTable.products(Gpu.SM_80).subList(0, 6));
    cases.addAll(ContractionTable.convolutions(Gpu.SM_80).subList(0, 4));
    for (Precision p : List.of(Precision.TF32, Precision.BF16)) {
      cases.addAll(ContractionTable.products(Gpu.SM_80.withPrecision(p)).subList(4, 6));
      cases.addAll(ContractionTable.convolutions(Gpu.SM_80.withPrecision(p)).subList(4, 8));
    }
    for (Precision p : List.of(Precision.TF32, Precision.BF16)) {
      Gpu always = Gpu.SM_90A.withPrecision(p).withLeastForWarpgroups(0);
      cases.addAll(ContractionTable.products(always).subList(4, 6));
      cases.addAll(ContractionTable.convolutions(always).subList(4, 6));
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource({"products", "convolutions", "onGpu"})
  void isThePlainLoopsSum(ContractionCase c) {
    Prepared p = c.prepare().get();
    var memory = new ArrayList<Memory>();
    p.inputs().forEach(values -> memory.add(Memory.ofFloats(values)));
    Memory output = Memory.undefined(DType.F32, p.expected().length);
    memory.add(output);
    LoopInterpreter.run(
        p.lowered().entry("contraction", p.arguments()),
        memory,
        Map.of(ContractionCase.BATCH, c.batch()));
    float[] actual = output.toFloats();
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i])
          .as("element %d", i)
          .isCloseTo(p.expected()[i], within(p.tolerance()));
    }
  }
}
