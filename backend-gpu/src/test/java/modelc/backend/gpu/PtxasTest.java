package modelc.backend.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import modelc.ir.Precision;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopProgram;
import modelc.passes.Gpu;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.testing.ContractionCase;
import modelc.passes.testing.ContractionTable;
import modelc.passes.testing.Networks;
import modelc.passes.testing.OpCase;
import modelc.passes.testing.OpTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * NVIDIA's assembler takes all kernels of training steps, contractions and the table of ops,
 * without spilling. Skipped where the environment names no assembler, as {@code MODELC_PTXAS}.
 */
class PtxasTest {
  @ParameterizedTest
  @ValueSource(ints = {80, 90})
  void kernelsAssembleWithoutSpills(int capability) throws IOException {
    Ptxas ptxas = Ptxas.ofEnvironment().orElse(null);
    assumeTrue(ptxas != null, "MODELC_PTXAS names no ptxas, e.g. of the package nvidia-cuda-nvcc");
    for (LoopProgram loops : programs()) {
      assembles(ptxas, new PtxBackend(capability), loops, "sm_" + capability);
    }
  }

  /** What it makes of them must not wait for each product, either. */
  @Test
  void productsOfWarpgroupsAssembleWithoutSpills() throws IOException {
    Ptxas ptxas = Ptxas.ofEnvironment().orElse(null);
    assumeTrue(ptxas != null, "MODELC_PTXAS names no ptxas, e.g. of the package nvidia-cuda-nvcc");
    var cases = new ArrayList<ContractionCase>();
    for (Precision p : List.of(Precision.TF32, Precision.BF16)) {
      Gpu always = Gpu.SM_90A.withPrecision(p).withLeastForWarpgroups(0);
      cases.addAll(ContractionTable.products(always));
      cases.addAll(ContractionTable.convolutions(always));
    }
    for (LoopProgram loops : programs(cases)) {
      assembles(ptxas, PtxBackend.sm90a(), loops, "sm_90a");
    }
  }

  private static void assembles(
      Ptxas ptxas, PtxBackend backend, LoopProgram loops, String architecture) throws IOException {
    String ptx = backend.compile(loops).ptx();
    if (ptx.contains(".visible .entry")) {
      assertThat(ptxas.assemble(ptx, architecture))
          .isNotEmpty()
          .allSatisfy((name, code) -> assertThat(code.spilled()).as(name).isZero());
    }
  }

  private static List<LoopProgram> programs() {
    var programs = new ArrayList<LoopProgram>();
    programs.add(
        Pipeline.lower(Networks.mlp(64, 784, 128, 10), Gpu.SM_80, Options.DEFAULT).program());
    for (OpCase c : OpTable.cases()) {
      programs.add(Pipeline.lower(c.program(), Gpu.SM_80, Options.DEFAULT).program());
    }
    var cases = new ArrayList<ContractionCase>();
    for (Precision p : Precision.values()) {
      Options options = Options.DEFAULT.withPrecision(p);
      programs.add(Pipeline.lower(Networks.lenet(64), Gpu.SM_80, options).program());
      cases.addAll(ContractionTable.products(Gpu.SM_80.withPrecision(p)));
      cases.addAll(ContractionTable.convolutions(Gpu.SM_80.withPrecision(p)));
    }
    programs.addAll(programs(cases));
    return programs;
  }

  private static List<LoopProgram> programs(List<ContractionCase> cases) {
    var programs = new ArrayList<LoopProgram>();
    for (ContractionCase c : cases) {
      var p = c.prepare().get();
      LoopEntry entry = p.lowered().entry("contraction", p.arguments());
      if (!entry.launches().isEmpty()) {
        programs.add(new LoopProgram("c", List.of(entry)));
      }
    }
    return programs;
  }
}
