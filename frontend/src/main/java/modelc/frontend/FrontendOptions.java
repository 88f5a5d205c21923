package modelc.frontend;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * How to read a source.
 *
 * @param set values of the model's parameters by name ({@code --set classes=10}), as text of the
 *     language
 * @param recipe replacements of the recipe's keys ({@code epochs=3 data=mnist:DIR}), as text of the
 *     language; a data source may be written {@code name:argument}, and keeps the recipe's
 *     transforms
 * @param catalog what data sources have
 * @param model the model to compile, where the file has several and trains none
 * @param maxBatch the largest batch where no recipe says it
 * @param root the folder imports must stay in; by default that of the file
 * @param limits what the source may cost
 */
public record FrontendOptions(
    Map<String, String> set,
    Map<String, String> recipe,
    DataCatalog catalog,
    Optional<String> model,
    long maxBatch,
    Optional<Path> root,
    Limits limits) {
  public FrontendOptions {
    set = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(set));
    recipe = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(recipe));
  }

  public FrontendOptions(Map<String, String> set, Map<String, String> recipe, DataCatalog catalog) {
    this(set, recipe, catalog, Optional.empty(), 64, Optional.empty(), Limits.DEFAULT);
  }

  public static FrontendOptions of(DataCatalog catalog) {
    return new FrontendOptions(Map.of(), Map.of(), catalog);
  }

  public FrontendOptions withModel(String name) {
    return new FrontendOptions(set, recipe, catalog, Optional.of(name), maxBatch, root, limits);
  }

  public FrontendOptions withMaxBatch(long batch) {
    return new FrontendOptions(set, recipe, catalog, model, batch, root, limits);
  }

  public FrontendOptions withLimits(Limits limits) {
    return new FrontendOptions(set, recipe, catalog, model, maxBatch, root, limits);
  }

  public FrontendOptions withRoot(Path root) {
    return new FrontendOptions(set, recipe, catalog, model, maxBatch, Optional.of(root), limits);
  }
}
