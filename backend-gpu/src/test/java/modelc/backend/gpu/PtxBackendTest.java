package modelc.backend.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import modelc.ir.Precision;
import modelc.ir.Symbol;
import modelc.ir.loop.LoopProgram;
import modelc.ir.tensor.Program;
import modelc.passes.Gpu;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.Target;
import modelc.passes.testing.Networks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A whole training step as PTX: each launch finds its kernel, and says how large it is. */
class PtxBackendTest {
  private static final Program LENET = Networks.lenet(64);

  private static LoopProgram lowered() {
    return Pipeline.lower(LENET, Gpu.SM_80, Options.DEFAULT.withVerify(true)).program();
  }

  @ParameterizedTest
  @ValueSource(ints = {80, 90})
  void everyLaunchFindsItsKernel(int capability) {
    GpuProgram p = new PtxBackend(capability).compile(lowered());
    assertThat(p.ptx()).contains(".target sm_" + capability);
    GpuEntry train = p.entry("train");
    assertThat(train.launches()).isNotEmpty();
    for (GpuLaunch l : train.launches()) {
      int parameters = l.arguments().size() + l.symbols().size();
      assertThat(p.ptx())
          .contains(".visible .entry " + l.kernel() + "(")
          .contains(l.kernel() + "_param_" + (parameters - 1))
          .doesNotContain(l.kernel() + "_param_" + parameters);
      assertThat(l.bytes()).hasSameSizeAs(l.arguments());
      assertThat(l.shape().threads()).isBetween(1, 1024);
    }
    assertThat(p.ptx()).contains(".maxntid 256, 1, 1");
  }

  @Test
  void productsAreOnTensorCoresIfAskedFor() {
    Options options = Options.DEFAULT.withVerify(true);
    LoopProgram tf32 =
        Pipeline.lower(LENET, Gpu.SM_80, options.withPrecision(Precision.TF32)).program();
    assertThat(new PtxBackend(80).compile(tf32).ptx())
        .contains("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", "cvt.rna.tf32.f32");
    assertThat(new PtxBackend(80).compile(lowered()).ptx()).doesNotContain("mma.sync");
  }

  @Test
  void gridsFollowTheBatch() {
    GpuEntry train = new PtxBackend(80).compile(lowered()).entry("train");
    Symbol batch = Networks.batch(LENET);
    Map<Symbol, Long> small = Map.of(batch, 3L);
    Blocks first = train.launches().getFirst().shape().grid().getFirst();
    assertThat(first.count(small::get)).isBetween(1L, first.max() - 1);
    assertThat(first.count(Symbol::max)).isEqualTo(first.max());
  }

  @Test
  void kernelsOfACpuAreRefused() {
    LoopProgram loops = Pipeline.lower(LENET, Target.AVX2, Options.DEFAULT).program();
    assertThatThrownBy(() -> new PtxBackend(80).compile(loops))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("was lowered for a cpu");
  }

  @Test
  void devicesTooOldAreRefused() {
    assertThatThrownBy(() -> new PtxBackend(75)).hasMessageContaining("no code is made for sm_75");
  }
}
