package modelc.data;

import java.util.List;
import java.util.Map;

/**
 * One step of the data's way to the model as a .model file writes it: {@code mnist("folder")},
 * {@code pad(2)}. Arguments are Long, Double, Boolean, String, lists of these, or steps; a bare
 * word is a step without arguments.
 */
public record Step(String name, List<Object> arguments, Map<String, Object> named) {
  public Step {
    arguments = List.copyOf(arguments);
    named = Map.copyOf(named);
  }

  @Override
  public String toString() {
    return arguments.isEmpty() && named.isEmpty() ? name : name + "(...)";
  }
}
