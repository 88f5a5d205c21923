package modelc.frontend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import modelc.ir.DType;
import modelc.ir.Precision;
import modelc.ir.Shape;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LeNetTest {
  private static Checked lenet;

  @BeforeAll
  static void compile() throws IOException {
    lenet = Frontend.load(example("lenet"), FrontendOptions.of(new FakeCatalog()));
  }

  static Path example(String name) {
    Path here = Path.of("examples", name + ".model");
    return here.toFile().exists() ? here : Path.of("..").resolve(here);
  }

  @Test
  void countsAreThoseOfThePaper() {
    ModelSummary s = lenet.summary();
    assertThat(s.totalParameters()).isEqualTo(61_706);
    assertThat(s.trainableParameters()).isEqualTo(61_706);
    assertThat(s.flops()).isEqualTo(833_040);
  }

  @Test
  void everyStageIsListedWithItsDerivation() {
    List<ModelSummary.Layer> layers = lenet.summary().layers();
    assertThat(layers)
        .extracting(ModelSummary.Layer::name)
        .containsExactly(
            "conv1",
            "tanh",
            "avg_pool2d",
            "conv2",
            "tanh_2",
            "avg_pool2d_2",
            "conv3",
            "tanh_3",
            "flatten",
            "fc1",
            "tanh_4",
            "fc2");
    ModelSummary.Layer conv1 = layers.getFirst();
    assertThat(conv1.op()).isEqualTo("conv2d");
    assertThat(conv1.inputs()).containsExactly(Shape.of(1, 32, 32));
    assertThat(conv1.output()).isEqualTo(Shape.of(6, 28, 28));
    assertThat(conv1.parameters()).isEqualTo(156);
    assertThat(conv1.formula()).isEqualTo("5*5*1*6 + 6");
    assertThat(conv1.windows()).containsExactly("(32 - 5 + 2*0)/1 + 1 = 28");
    assertThat(conv1.line()).isEqualTo(7);
    assertThat(layers.get(9).formula()).isEqualTo("120*84 + 84");
    assertThat(layers.stream().mapToLong(ModelSummary.Layer::parameters).sum()).isEqualTo(61_706);
  }

  @Test
  void entriesHaveTheArgumentsAndAliasesOfTheContract() {
    assertThat(lenet.program().entries())
        .extracting(Entry::name)
        .containsExactly("init", "infer", "eval", "train");
    Entry train = lenet.program().entry("train");
    assertThat(train.arguments())
        .extracting(Entry.Argument::name)
        .startsWith("conv1.w", "conv1.b")
        .contains("fc2.b.v", "image", "label", "step", "steps")
        .doesNotContain("epoch");
    for (Entry.Result r : train.results()) {
      boolean kept = r.kind() == Entry.Kind.PARAMETER || r.kind() == Entry.Kind.OPTIMIZER_STATE;
      assertThat(r.aliases().isPresent()).isEqualTo(kept);
      if (kept) {
        Entry.Argument a = train.arguments().get(r.aliases().getAsInt());
        assertThat(a.name()).isEqualTo(r.name());
        assertThat(a.value().type()).isEqualTo(r.value().type());
      }
    }
    assertThat(train.results())
        .extracting(Entry.Result::name)
        .startsWith("loss", "accuracy", "finite");
    Entry infer = lenet.program().entry("infer");
    assertThat(infer.arguments())
        .extracting(Entry.Argument::kind)
        .doesNotContain(Entry.Kind.SCALAR);
    assertThat(infer.results()).extracting(Entry.Result::name).containsExactly("logits");
  }

  @Test
  void theRecipeIsAsWritten() {
    Recipe r = lenet.recipe().orElseThrow();
    assertThat(r.data().name()).isEqualTo("digits");
    assertThat(r.data().transforms())
        .containsExactly(new DataSource.Transform("pad", List.of(2L), Map.of()));
    assertThat(r.batch()).isEqualTo(64);
    assertThat(r.epochs()).isEqualTo(10);
    assertThat(r.validation()).contains(new Recipe.Validation.Share(0.1));
    assertThat(r.metrics()).containsExactly("accuracy");
    assertThat(r.stop().orElseThrow().monitor()).isEqualTo("val_loss");
    assertThat(r.stop().orElseThrow().patience()).isEqualTo(3);
    assertThat(r.precision()).isEqualTo(Precision.FLOAT32);
  }

  @Test
  void firstValuesFollowTheirInitializers() {
    Map<String, Tensor> first = Models.init(lenet, 1);
    double[] w = first.get("conv2.w").data();
    double bound = Math.sqrt(6.0 / 150);
    assertThat(w).hasSize(2400);
    assertThat(java.util.Arrays.stream(w).map(Math::abs).max().orElseThrow())
        .isLessThanOrEqualTo(bound);
    double mean = java.util.Arrays.stream(w).average().orElseThrow();
    double variance = java.util.Arrays.stream(w).map(v -> v * v).average().orElseThrow();
    assertThat(mean).isCloseTo(0, within(0.01));
    assertThat(variance).isCloseTo(bound * bound / 3, within(0.001));
    assertThat(first.get("conv2.b").data()).containsOnly(0);
    assertThat(first.get("fc1.w.v").data()).containsOnly(0);
    assertThat(Models.init(lenet, 1).get("fc1.w").data()).isEqualTo(first.get("fc1.w").data());
    assertThat(Models.init(lenet, 2).get("fc1.w").data()).isNotEqualTo(first.get("fc1.w").data());
  }

  @Test
  void itEvaluates() {
    Map<String, Tensor> arguments = new HashMap<>(Models.init(lenet, 1));
    arguments.put("image", Tensor.full(DType.F32, new long[] {3, 1, 32, 32}, 0.5));
    arguments.put("label", Tensor.vector(DType.I32, 1, 2, 3));
    Map<String, Tensor> results = Models.run(lenet, "eval", arguments);
    assertThat(results.get("logits").shape()).containsExactly(3, 10);
    assertThat(results.get("loss").data()[0]).isBetween(1.0, 4.0);
    assertThat(results.get("accuracy").data()[0]).isBetween(0.0, 0.34);
  }
}
