package modelc.frontend;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Where a recipe's data comes from, as plain values: {@code mnist("dir") -> pad(2)}. What the names
 * mean is for whoever reads data to say; arguments are Long, Double, Boolean, String, List of
 * these, or {@link Transform}, of which one without arguments is a bare word.
 *
 * @param inputs what the model reads, one example's: a source may give it in several forms
 * @param given by who compiles the file, on the command line: its paths are trusted, where those
 *     that stand in the file stay in the folder it may read
 */
public record DataSource(
    String name,
    List<Object> arguments,
    Map<String, Object> named,
    List<Transform> transforms,
    List<DataCatalog.Column> inputs,
    boolean given) {
  public DataSource {
    arguments = List.copyOf(arguments);
    named = Map.copyOf(named);
    transforms = List.copyOf(transforms);
    inputs = List.copyOf(inputs);
  }

  public DataSource(
      String name, List<Object> arguments, Map<String, Object> named, List<Transform> transforms) {
    this(name, arguments, named, transforms, List.of(), false);
  }

  /** The same for a model with those inputs. */
  public DataSource withInputs(List<DataCatalog.Column> read) {
    return new DataSource(name, arguments, named, transforms, read, given);
  }

  /** The same, given by who compiles the file. */
  public DataSource asGiven() {
    return new DataSource(name, arguments, named, transforms, inputs, true);
  }

  /** One step of the data's way to the model: {@code augment(shift(2), rotate(10))}. */
  public record Transform(String name, List<Object> arguments, Map<String, Object> named) {
    public Transform {
      arguments = List.copyOf(arguments);
      named = Map.copyOf(named);
    }

    private String written(boolean called) {
      var all = new ArrayList<String>();
      arguments.forEach(a -> all.add(text(a)));
      new TreeMap<>(named).forEach((key, value) -> all.add(key + " = " + text(value)));
      return all.isEmpty() && !called ? name : name + "(" + String.join(", ", all) + ")";
    }

    private static String text(Object value) {
      return switch (value) {
        case String s -> '"' + s + '"';
        case Transform t -> t.written(false);
        case List<?> l ->
            l.stream().map(x -> text((Object) x)).collect(Collectors.joining(", ", "[", "]"));
        default -> value.toString();
      };
    }
  }

  /** As a .model file writes it. */
  public String written() {
    var steps = new ArrayList<>(List.of(new Transform(name, arguments, named)));
    steps.addAll(transforms);
    return steps.stream().map(s -> s.written(true)).collect(Collectors.joining(" -> "));
  }
}
