package modelc.backend.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import modelc.ir.DType;
import modelc.ir.Precision;
import modelc.ir.loop.LoopProgram;
import modelc.ir.loop.Memory;
import modelc.passes.Gpu;
import modelc.passes.testing.ContractionCase;
import modelc.passes.testing.ContractionCase.Prepared;
import modelc.passes.testing.ContractionTable;
import modelc.ptx.EmulatorOptions;
import org.junit.jupiter.api.Test;
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
    for (Precision p : List.of(Precision.TF32, Precision.BF16)) {
      cases.addAll(ContractionTable.products(warpgroups(p)));
      cases.addAll(ContractionTable.convolutions(warpgroups(p)));
    }
    for (Gpu gpu : List.of(Gpu.SM_80, warpgroups(Precision.TF32))) {
      packing(gpu).filter(PtxContractionTest::isPacked).forEach(cases::add);
    }
    return cases;
  }

  /** The table, where factors are packed that so many tiles read as make it worth it. */
  private static Stream<ContractionCase> packing(Gpu gpu) {
    Gpu always = gpu.withLeastForPacking(0);
    return Stream.concat(
        ContractionTable.products(always).stream(), ContractionTable.convolutions(always).stream());
  }

  private static boolean isPacked(ContractionCase c) {
    return c.prepare().get().lowered().kernels().stream().anyMatch(k -> k.name().endsWith("_pack"));
  }

  /** So that the table tries it, in either form of a convolution that reads weights. */
  @Test
  void weightsOfSeveralTapsArePacked() {
    assertThat(packing(Gpu.SM_80).filter(PtxContractionTest::isPacked).map(ContractionCase::name))
        .anyMatch(n -> n.startsWith("forward"))
        .anyMatch(n -> n.startsWith("input"))
        .noneMatch(n -> n.startsWith("weights"));
    assertThat(ContractionTable.convolutions(Gpu.SM_80)).noneMatch(PtxContractionTest::isPacked);
  }

  /** All products by warpgroups, whether it pays or not. */
  private static Gpu warpgroups(Precision p) {
    return Gpu.SM_90A.withPrecision(p).withLeastForWarpgroups(0);
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
    boolean warpgroups = ((Gpu) c.hardware()).leastForWarpgroups() == 0;
    PtxBackend backend = warpgroups ? PtxBackend.sm90a() : new PtxBackend(80);
    GpuProgram compiled = backend.compile(loops);
    assertThat(compiled.ptx().contains("wgmma.mma_async")).isEqualTo(warpgroups && hasTerms(p));
    new EmulatedEntry(compiled, "contraction", EmulatorOptions.DEFAULT)
        .run(memory, Map.of(ContractionCase.BATCH, c.batch()));
    float[] actual = output.toFloats();
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i])
          .as("element %d", i)
          .isCloseTo(p.expected()[i], within(p.tolerance()));
    }
  }

  /** A sum of nothing needs no products. */
  private static boolean hasTerms(Prepared p) {
    return p.terms() > 0;
  }
}
