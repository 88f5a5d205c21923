package modelc.cli;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import modelc.runtime.Session;
import modelc.runtime.weights.WeightFile;

/**
 * The names of the classes that weights were trained on: kept in the weight file's metadata, under
 * {@code classes}, as a list in JSON.
 */
final class ClassNames {
  private static final String KEY = "classes";

  private ClassNames() {}

  static void save(Session session, Path weights, List<String> names) {
    session.save(weights, names.isEmpty() ? Map.of() : Map.of(KEY, new Gson().toJson(names)));
  }

  /** The names in a weight file; none where it has none, or {@code count} others. */
  static List<String> of(Path weights, int count) {
    try (WeightFile file = WeightFile.open(weights)) {
      String[] names = new Gson().fromJson(file.metadata().get(KEY), String[].class);
      boolean known = names != null && names.length == count;
      return known && !Arrays.asList(names).contains(null) ? List.of(names) : List.of();
    } catch (JsonParseException e) {
      return List.of(); // another program's metadata
    }
  }
}
