package modelc.frontend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.ir.DType;
import modelc.ir.Precision;
import modelc.ir.TensorType;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** How a recipe's data is read: words, steps, places, and what the catalog hears of the model. */
class RecipeDataTest {
  private static final DataSource.Transform FLIP =
      new DataSource.Transform("flip", List.of(), Map.of());

  /** Takes everything and remembers it; {@code blamed} is the step it refuses, below 0 none. */
  private record Remembering(List<DataSource> asked, int blamed) implements DataCatalog {
    @Override
    public List<Column> columns(DataSource source) {
      asked.add(source);
      if (blamed >= 0) {
        throw new RefusedException("no", Optional.of("yes"), blamed);
      }
      return List.of(
          new Column("image", TensorType.of(DType.F32, 3, 4, 4)),
          new Column("label", TensorType.scalar(DType.I32)));
    }
  }

  private static Checked check(String data, String more, DataCatalog catalog) {
    return check(data, more, catalog, "optimizer = sgd(lr = 0.1)");
  }

  private static Checked check(String data, String more, DataCatalog catalog, String optimizer) {
    String source =
        """
        model M(size: int = 4) {
            input image: f32[3, size, size]
            output y = image -> flatten -> dense(2)
        }
        train M {
            data = %s
            %s
            loss = cross_entropy(y, label)
            %s
        }
        """
            .formatted(data, more, optimizer);
    return Frontend.load("test.model", source, FrontendOptions.of(catalog));
  }

  @Test
  void wordsAndStepsAreArguments() {
    var asked = new ArrayList<DataSource>();
    Checked checked =
        check(
            "pictures(\"p\", bad = skip, sizes = [3, 4]) -> augment(flip, shift(2), border = edge)",
            "validation = pictures(\"v\", kinds = [flip])",
            new Remembering(asked, -1));
    DataSource data = checked.recipe().orElseThrow().data();
    assertThat(asked).hasSize(2).contains(data);
    assertThat(data.arguments()).containsExactly("p");
    assertThat(data.named())
        .containsEntry("bad", new DataSource.Transform("skip", List.of(), Map.of()))
        .containsEntry("sizes", List.of(3L, 4L));
    DataSource.Transform augment = data.transforms().getFirst();
    assertThat(augment.arguments())
        .containsExactly(FLIP, new DataSource.Transform("shift", List.of(2L), Map.of()));
    assertThat(augment.named())
        .containsEntry("border", new DataSource.Transform("edge", List.of(), Map.of()));
    assertThat(asked.getLast().named()).containsEntry("kinds", List.of(FLIP));
    for (DataSource s : asked) {
      assertThat(s.inputs().toString()).contains("image").contains("f32[3,4,4]");
    }
  }

  @Test
  void theModelsConfigurationGivesValues() {
    Checked checked =
        check(
            "pictures(\"p\", sizes = [size, 2 * size]) -> pad(size)",
            "",
            new Remembering(new ArrayList<>(), -1));
    DataSource data = checked.recipe().orElseThrow().data();
    assertThat(data.named()).containsEntry("sizes", List.of(4L, 8L));
    assertThat(data.transforms().getFirst().arguments()).containsExactly(4L);
  }

  private static String rendered(String data, String more, int blamed) {
    return catchThrowableOfType(
            DiagnosticException.class,
            () -> check(data, more, new Remembering(new ArrayList<>(), blamed)))
        .render();
  }

  @Test
  void theStepToBlameIsPointedAt() {
    String data = "pictures(\"p\") -> pad(2) -> augment(flip)";
    for (int step = 0; step < 3; step++) {
      String mark = List.of("^".repeat(13), "^".repeat(6), "^".repeat(13)).get(step);
      assertThat(rendered(data, "", step)).contains("E0505").contains(mark + "\n");
      int column = data.indexOf(List.of("pictures", "pad", "augment").get(step)) + 12;
      assertThat(rendered(data, "", step)).contains("test.model:6:" + column);
    }
  }

  @Test
  void validationIsNotAugmented() {
    assertThat(rendered("p()", "validation = p(\"v\") -> pad(1) -> augment(flip)", -1))
        .contains("E0503", "`augment` changes training data alone", "test.model:7:38");
  }

  @Test
  void aRecipeTellsItsKeysAndItsRate() {
    Recipe recipe =
        check(
                "pictures(\"p\", bad = skip) -> augment(flip, shift(2), border = edge)",
                "optimizer = sgd(lr = warmup(10) * cosine(0.1), momentum = 1e-5)\nepochs = 3\nprecision = tf32",
                new Remembering(new ArrayList<>(), -1),
                "")
            .recipe()
            .orElseThrow();
    assertThat(recipe.written())
        .containsEntry(
            "data", "pictures(\"p\", bad = skip) -> augment(flip, shift(2), border = edge)")
        .containsEntry("optimizer", "sgd(lr = warmup(10) * cosine(0.1), momentum = 1e-5)")
        .containsEntry("loss", "cross_entropy(y, label)")
        .containsEntry("precision", "tf32")
        .doesNotContainKey("batch");
    assertThat(recipe.precision()).isEqualTo(Precision.TF32);
    Entry rate = recipe.rate().orElseThrow();
    assertThat(rate.arguments()).extracting(Entry.Argument::name).contains("step", "steps");
    List<Tensor> halfway =
        rate.arguments().stream()
            .map(a -> Tensor.scalar(DType.F64, a.name().equals("step") ? 51 : 100))
            .toList();
    double lr = Interpreter.run(rate.function(), halfway).getFirst().scalar();
    assertThat(lr).isCloseTo(0.05, within(1e-7));
  }
}
