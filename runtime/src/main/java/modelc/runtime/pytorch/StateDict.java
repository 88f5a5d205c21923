package modelc.runtime.pytorch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import modelc.runtime.pytorch.Pickled.Dict;
import modelc.runtime.pytorch.Pickled.View;

/**
 * Finds the tensors in what a file holds: a state dict, or a checkpoint with one in it. Nested
 * dictionaries give names with dots; what is no tensor is passed over.
 */
final class StateDict {
  /**
   * Under which names training programs keep the weights among other things, the likeliest first.
   */
  private static final List<String> WEIGHTS =
      List.of("state_dict", "model_state_dict", "model", "module", "net", "params");

  private static final int MAX_DEPTH = 16;
  private static final int MAX_ENTRIES = 1 << 20;
  private static final int MAX_NAME = 1000;

  private final Refusals refusals;
  private final SequencedMap<String, View> found = new LinkedHashMap<>();
  private int visited;

  private StateDict(Refusals refusals) {
    this.refusals = refusals;
  }

  /** The tensors by name, in the order of the file. */
  static SequencedMap<String, View> of(Pickled root, Refusals refusals) {
    if (!(root instanceof Dict dict)) {
      throw refusals.unknown("it holds no dictionary of tensors", CURE);
    }
    var search = new StateDict(refusals);
    search.collect("", search.weights(dict, 0), 0);
    if (search.found.isEmpty()) {
      throw refusals.unknown("there is no tensor in it, only " + keys(dict), CURE);
    }
    return search.found;
  }

  private static final String CURE =
      "save the weights with torch.save(model.state_dict(), \"w.pt\")";

  private static String keys(Dict dict) {
    if (dict.entries.isEmpty()) {
      return "an empty dictionary";
    }
    return dict.entries.keySet().stream()
        .limit(8)
        .map(k -> k.length() > 40 ? k.substring(0, 40) + "..." : k)
        .map(k -> k.replaceAll("\\p{Cntrl}", "?"))
        .collect(Collectors.joining(", "));
  }

  private Dict weights(Dict dict, int depth) {
    if (depth < MAX_DEPTH) {
      for (String key : WEIGHTS) {
        if (dict.entries.get(key) instanceof Dict inner && !inner.entries.isEmpty()) {
          return weights(inner, depth + 1);
        }
      }
    }
    return dict;
  }

  private void collect(String prefix, Dict dict, int depth) {
    if (depth > MAX_DEPTH) {
      throw refusals.damaged(
          "its dictionaries are more than " + MAX_DEPTH + " deep, or one holds itself");
    }
    for (Map.Entry<String, Pickled> e : dict.entries.entrySet()) {
      if (++visited > MAX_ENTRIES) {
        throw refusals.tooLarge("its dictionaries have more than " + MAX_ENTRIES + " entries");
      }
      String name = prefix + e.getKey();
      if (name.length() > MAX_NAME || name.chars().anyMatch(Character::isISOControl)) {
        throw refusals.damaged("a name in it is no name of a tensor");
      }
      switch (e.getValue()) {
        case View view -> {
          if (found.put(name, view) != null) {
            throw refusals.damaged("two tensors are called " + name);
          }
        }
        case Dict inner -> collect(name + ".", inner, depth + 1);
        default -> {
          // Numbers and texts beside the weights.
        }
      }
    }
  }
}
