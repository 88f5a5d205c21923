package modelc.backend.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import modelc.ir.DType;
import modelc.ir.Precision;
import modelc.ir.loop.LoopProgram;
import modelc.ir.loop.Memory;
import modelc.passes.Gpu;
import modelc.passes.testing.ContractionCase;
import modelc.passes.testing.ContractionCase.Prepared;
import modelc.passes.testing.ContractionTable;
import modelc.ptx.EmulatorOptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The PTX of tiled products and convolutions, emulated, against plain loops in double. */
class PtxContractionTest {
  /** The whole table in each precision. */
  static List<ContractionCase> cases() {
    var cases = new ArrayList<ContractionCase>();
    for (Precision p : Precision.values()) {
      cases.addAll(ContractionTable.products(Gpu.SM_80.withPrecision(p)));
      cases.addAll(ContractionTable.convolutions(Gpu.SM_80.withPrecision(p)));
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isThePlainLoopsSum(ContractionCase c) {
    Prepared p = c.prepare().get();
    var memory = new ArrayList<Memory>();
    p.inputs().forEach(values -> memory.add(Memory.ofFloats(values)));
    Memory output = Memory.undefined(DType.F32, p.expected().length);
    memory.add(output);
    var loops = new LoopProgram("c", List.of(p.lowered().entry("contraction", p.arguments())));
    GpuProgram compiled = new PtxBackend(80).compile(loops);
    new EmulatedEntry(compiled, "contraction", EmulatorOptions.DEFAULT)
        .run(memory, Map.of(ContractionCase.BATCH, c.batch()));
    float[] actual = output.toFloats();
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i])
          .as("element %d", i)
          .isCloseTo(p.expected()[i], within(p.tolerance()));
    }
  }
}
