package modelc.compiler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.tensor.Program;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.Target;
import org.junit.jupiter.api.Test;

/** A deeper network of the same layers needs no further kernels, and launches in proportion. */
class KernelSharingTest {
  private static final String RESIDUAL =
      """
      layer block()  x: [batch, c, h, w] {
          y = x -> conv1: conv2d(c, 3, padding = 1, bias = false) -> bn1: batch_norm() -> relu
                -> conv2: conv2d(c, 3, padding = 1, bias = false) -> bn2: batch_norm()
          return relu(y + x)
      }

      model Residual(depth: int = 4) {
          input image: f32[3, 8, 8]
          x = image -> stem: conv2d(16, 3, padding = 1, bias = false) -> bn: batch_norm() -> relu
          for i in 1..depth { x = x -> block() }
          output logits = x -> global_avg_pool2d -> fc: dense(10)
      }

      train Residual {
          data      = digits()
          loss      = cross_entropy(logits, label)
          optimizer = sgd(lr = 0.1, momentum = 0.9)
          batch     = 4
      }
      """;

  @Test
  void deeperNetworksTrainWithTheSameKernels() {
    KernelCounts shallow = counts(8, List.of("train"));
    KernelCounts deep = counts(16, List.of("train"));
    KernelCounts deepest = counts(32, List.of("train"));

    assertThat(deep.distinct()).isLessThanOrEqualTo(shallow.distinct());
    assertThat(deepest.distinct()).isLessThanOrEqualTo(shallow.distinct());
    assertThat(deepest.all() - deep.all()).isEqualTo(2 * (deep.all() - shallow.all()));
  }

  @Test
  void theOtherEntriesDoSoToo() {
    List<String> others = List.of("init", "infer", "eval");
    // The random keys are made so many a kernel, and the last kernel of them may be a smaller one.
    assertThat(counts(32, others).distinct()).isLessThanOrEqualTo(counts(8, others).distinct() + 1);
  }

  private static KernelCounts counts(int depth, List<String> entries) {
    Program all = program(depth);
    var program = new Program(all.model(), entries.stream().map(all::entry).toList());
    return KernelCounts.of(Pipeline.lower(program, Target.AVX2, Options.DEFAULT).program());
  }

  private static Program program(int depth) {
    DataCatalog catalog =
        _ ->
            List.of(
                new DataCatalog.Column("image", TensorType.of(DType.F32, 3, 8, 8)),
                new DataCatalog.Column("label", TensorType.scalar(DType.I32)));
    var options = new FrontendOptions(Map.of("depth", Integer.toString(depth)), Map.of(), catalog);
    return Frontend.load("residual.model", RESIDUAL, options).program();
  }
}
