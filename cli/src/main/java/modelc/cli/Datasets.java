package modelc.cli;

import java.nio.file.Path;
import java.util.Optional;
import modelc.data.Data;
import modelc.data.DataSet;
import modelc.data.DataSets;
import modelc.data.Transform;
import modelc.frontend.DataSource;
import modelc.frontend.Recipe;

/**
 * The data of a recipe, opened: to train on, to judge each epoch by, and to test with at the end
 * where the source sets samples aside for that.
 */
record Datasets(DataSet train, Optional<DataSet> validation, Optional<DataSet> test) {

  /** Opens what {@code recipe} names; relative paths start at {@code folder}. */
  static Datasets open(Recipe recipe, Path folder) {
    DataSets all = open(recipe.data(), folder);
    return switch (recipe.validation().orElse(null)) {
      case null -> new Datasets(all.train(), Optional.empty(), all.test());
      case Recipe.Validation.Source s ->
          new Datasets(all.train(), Optional.of(open(s.source(), folder).train()), all.test());
      case Recipe.Validation.Share s -> {
        DataSet.Split split = all.train().split(s.share(), recipe.seed());
        yield new Datasets(
            split.train(), Optional.of(split.validation()).filter(v -> v.size() > 0), all.test());
      }
    };
  }

  private static DataSets open(DataSource source, Path folder) {
    DataSets sets = Data.open(source.name(), source.arguments(), source.named(), folder);
    for (DataSource.Transform t : source.transforms()) {
      sets = sets.apply(Transform.of(t.name(), t.arguments(), t.named()));
    }
    return sets;
  }
}
