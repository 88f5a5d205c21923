package modelc.frontend.elaborate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import modelc.frontend.Checked;
import modelc.frontend.ModelSummary;
import modelc.frontend.Models;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import org.junit.jupiter.api.Test;

class FrozenTest {
  private static String source(String frozen) {
    return """
    layer unit(n: int)  x: [batch, c, h, w] {
        return x -> conv: conv2d(n, 3, bias = false) -> bn: batch_norm() -> relu
    }
    model M {
        input image: f32[1, 28, 28]
        x = image
        for i in 1..2 { x = x -> stage: unit(4) }
        output logits = x -> global_avg_pool2d -> head: dense(10)
    }
    train M {
        data      = digits()
        loss      = cross_entropy(logits, label)
        optimizer = adam()
        frozen    = %s
    }
    """
        .formatted(frozen);
  }

  private static List<String> trained(String frozen) {
    Checked c = Models.compile(source(frozen));
    List<String> named =
        c.summary().parameters().stream()
            .filter(ModelSummary.Parameter::trained)
            .map(ModelSummary.Parameter::name)
            .toList();
    Entry train = c.program().entry("train");
    assertThat(train.results())
        .filteredOn(r -> r.kind() == Entry.Kind.PARAMETER)
        .extracting(Entry.Result::name)
        .containsExactlyElementsOf(named);
    assertThat(Graph.topological(train.function().results()))
        .filteredOn(v -> v.op() instanceof Op.Gradient)
        .hasSize(named.size());
    assertThat(c.program().entry("init").results())
        .filteredOn(r -> r.kind() == Entry.Kind.OPTIMIZER_STATE)
        .hasSize(2 * named.size());
    long count =
        c.summary().parameters().stream()
            .filter(ModelSummary.Parameter::trained)
            .mapToLong(p -> p.shape().elements().constant())
            .sum();
    assertThat(c.summary().trainableParameters()).isEqualTo(count);
    assertThat(c.summary().totalParameters()).isEqualTo(9 * 4 + 8 + 9 * 16 + 8 + 40 + 10);
    return named;
  }

  @Test
  void aSelectorIsAPathOrAKind() {
    assertThat(trained("none")).hasSize(8);
    assertThat(trained("stage")).containsExactly("head.w", "head.b");
    assertThat(trained("[stage[1], head.b]"))
        .containsExactly("stage[2].conv.w", "stage[2].bn.scale", "stage[2].bn.shift", "head.w");
    assertThat(trained("\"*batch_norm\""))
        .containsExactly("stage[1].conv.w", "stage[2].conv.w", "head.w", "head.b");
    assertThat(trained("[\"*batch_norm.shift\", \"stage[{1 + 1}].conv\"]"))
        .containsExactly(
            "stage[1].conv.w", "stage[1].bn.scale", "stage[2].bn.scale", "head.w", "head.b");
  }

  @Test
  void runningStatisticsGoOn() {
    Checked c = Models.compile(source("stage"));
    assertThat(c.program().entry("train").results())
        .filteredOn(r -> r.kind() == Entry.Kind.STATE)
        .hasSize(4);
  }

  @Test
  void whatChoosesNothingIsRefused() {
    assertThat(said("stage[3]")).contains("`stage[3]` is no layer or parameter");
    assertThat(said("\"*conv1d\"")).contains("`*conv1d`");
    assertThat(said("hea")).contains("`hea`");
    assertThat(said("1 + 1")).contains("by name");
    assertThat(said("[stage, head]")).contains("nothing is left to train");
  }

  private static String said(String frozen) {
    List<Diagnostic> errors = Models.errors(source(frozen));
    assertThat(errors).hasSize(1);
    return errors.getFirst().message();
  }
}
