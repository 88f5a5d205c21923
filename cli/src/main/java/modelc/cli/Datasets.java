package modelc.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import modelc.bundle.Settings;
import modelc.data.Request;
import modelc.data.Step;
import modelc.frontend.DataCatalog;
import modelc.frontend.DataSource;
import modelc.frontend.Recipe;
import modelc.runtime.Column;
import modelc.runtime.EarlyStopping;
import modelc.runtime.ElementType;

/** The data and settings of a recipe, as the modules want them that know nothing of recipes. */
final class Datasets {
  private Datasets() {}

  /** Where the paths of a file start, and what folder they must stay in. */
  record Reach(Path folder, Path root) {}

  /** Opens what {@code recipe} names. */
  static Settings.Sets open(Recipe recipe, Reach reach) {
    return settings(recipe, reach).open();
  }

  /** What training needs to know of {@code recipe} that is not in the compiled code. */
  static Settings settings(Recipe recipe, Reach reach) {
    Request data = request(recipe.data(), reach, recipe.seed());
    Recipe.Validation validation = recipe.validation().orElse(null);
    return new Settings(
        data,
        validation instanceof Recipe.Validation.Source s
            ? Optional.of(request(s.source(), reach, recipe.seed()))
            : Optional.empty(),
        validation instanceof Recipe.Validation.Share s ? s.share() : 0,
        Math.toIntExact(recipe.batch()),
        Math.toIntExact(recipe.epochs()),
        recipe.seed(),
        stop(recipe));
  }

  /** When to stop before the last epoch. */
  static Optional<EarlyStopping> stop(Recipe recipe) {
    return recipe
        .stop()
        .map(
            s ->
                new EarlyStopping(
                    s.monitor(),
                    Math.toIntExact(s.patience()),
                    s.maximize(),
                    s.minDelta(),
                    s.restore()));
  }

  /** {@code source} as the data module asks for it. */
  static Request request(DataSource source, Reach reach, long seed) {
    return new Request(
        step(new DataSource.Transform(source.name(), source.arguments(), source.named())),
        source.transforms().stream().map(Datasets::step).toList(),
        source.inputs().stream().flatMap(c -> column(c).stream()).toList(),
        reach.folder,
        seed,
        source.given() ? Optional.empty() : Optional.of(reach.root));
  }

  private static Step step(DataSource.Transform t) {
    var named = new LinkedHashMap<String, Object>();
    t.named().forEach((name, value) -> named.put(name, argument(value)));
    return new Step(t.name(), t.arguments().stream().map(Datasets::argument).toList(), named);
  }

  private static Object argument(Object value) {
    return switch (value) {
      case DataSource.Transform t -> step(t);
      case List<?> l -> l.stream().map(x -> argument((Object) x)).toList();
      default -> value;
    };
  }

  /** An input; none for one whose size is known only when the model runs. */
  private static Optional<Column> column(DataCatalog.Column c) {
    var sizes = new ArrayList<Long>();
    for (var d : c.type().shape().dims()) {
      if (!d.isConstant()) {
        return Optional.empty();
      }
      sizes.add(d.constant());
    }
    var type = ElementType.valueOf(c.type().dtype().name());
    return Optional.of(new Column(c.name(), type, sizes));
  }
}
