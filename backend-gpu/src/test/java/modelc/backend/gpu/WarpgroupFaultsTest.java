package modelc.backend.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import modelc.ir.DType;
import modelc.ir.Precision;
import modelc.ir.loop.LoopProgram;
import modelc.ir.loop.Memory;
import modelc.passes.Gpu;
import modelc.passes.testing.ContractionCase;
import modelc.passes.testing.ContractionCase.Prepared;
import modelc.passes.testing.ContractionTable;
import modelc.ptx.EmulatorOptions;
import modelc.ptx.PtxFault;
import modelc.ptx.PtxFault.Kind;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every fence, wait and barrier of a product by warpgroups is needed: without it the emulator
 * reports a fault. On hardware most of them would be missed seldom, and then as wrong numbers.
 */
class WarpgroupFaultsTest {
  private static Prepared prepared;
  private static GpuProgram program;

  /** A product of several tiles either way and along the terms. */
  @BeforeAll
  static void compile() {
    Gpu gpu = Gpu.SM_90A.withPrecision(Precision.TF32).withLeastForWarpgroups(0);
    ContractionCase c = ContractionTable.products(gpu).getLast();
    prepared = c.prepare().get();
    var entry = prepared.lowered().entry("contraction", prepared.arguments());
    program = PtxBackend.sm90a().compile(new LoopProgram("c", List.of(entry)));
  }

  private static PtxFault fault(String ptx) {
    var memory = new ArrayList<Memory>();
    prepared.inputs().forEach(values -> memory.add(Memory.ofFloats(values)));
    memory.add(Memory.undefined(DType.F32, prepared.expected().length));
    var altered =
        new EmulatedEntry(
            new GpuProgram(ptx, program.entries()), "contraction", EmulatorOptions.DEFAULT);
    return catchThrowableOfType(PtxFault.class, () -> altered.run(memory, Map.of()));
  }

  @Test
  void nothingIsWrongWithAllOfThem() {
    assertThat(fault(program.ptx())).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "fence.proxy.async.shared::cta, '', MISSING_FENCE",
    "wgmma.fence.sync.aligned, '', MISSING_FENCE",
    "wgmma.commit_group.sync.aligned, '', UNFINISHED_PRODUCT",
    "wgmma.wait_group.sync.aligned 1, '', UNFINISHED_PRODUCT",
    "wgmma.wait_group.sync.aligned 1, wgmma.wait_group.sync.aligned 2, UNFINISHED_PRODUCT",
    "wgmma.wait_group.sync.aligned 0, '', UNFINISHED_PRODUCT",
    "wgmma.wait_group.sync.aligned 0, wgmma.wait_group.sync.aligned 1, UNFINISHED_PRODUCT",
    "cp.async.wait_group 1, '', UNFINISHED_COPY",
  })
  void eachFenceAndWaitIsNeeded(String instruction, String instead, Kind kind) {
    assertThat(program.ptx()).contains(instruction + ";");
    PtxFault f =
        fault(program.ptx().replace(instruction + ";", instead.isEmpty() ? "" : instead + ";"));
    assertThat(f).isNotNull();
    assertThat(f.kind()).as(f.getMessage()).isEqualTo(kind);
  }

  @Test
  void eachBarrierIsNeeded() {
    List<MatchResult> barriers =
        Pattern.compile("bar\\.sync\\s+0;").matcher(program.ptx()).results().toList();
    assertThat(barriers).hasSizeGreaterThan(2);
    for (MatchResult m : barriers) {
      String without = program.ptx().substring(0, m.start()) + program.ptx().substring(m.end());
      PtxFault f = fault(without);
      assertThat(f).as("without the barrier at %d", m.start()).isNotNull();
      assertThat(f.kind())
          .as(f.getMessage())
          .isIn(Kind.SHARED_RACE, Kind.MISSING_FENCE, Kind.UNINITIALISED_READ);
    }
  }
}
