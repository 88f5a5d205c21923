package modelc.runtime.weights;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * A tree of names, split at their dots, and how PyTorch's tree of a network lies over ours. It
 * looks at names alone; whether shapes fit is {@link Matching}'s to say.
 *
 * @param <T> what a full name stands for
 */
final class Names<T> {
  /** What PyTorch's names are here, in a layer that has them. */
  private static final Map<String, List<String>> CUSTOMS =
      Map.of(
          "weight", List.of("w", "scale"),
          "bias", List.of("b", "shift"),
          "running_mean", List.of("mu"),
          "running_var", List.of("var"));

  private final SequencedMap<String, Names<T>> children = new LinkedHashMap<>();
  private Optional<T> value = Optional.empty();

  void add(String name, T of) {
    Names<T> node = this;
    for (String segment : name.split("\\.", -1)) {
      node = node.children.computeIfAbsent(segment, _ -> new Names<>());
    }
    node.value = Optional.of(of);
  }

  /** The name under which PyTorch would keep {@code ours}, as far as customs go. */
  static String torch(String ours) {
    int dot = ours.lastIndexOf('.');
    String last = ours.substring(dot + 1);
    for (Map.Entry<String, List<String>> e : CUSTOMS.entrySet()) {
      if (e.getValue().contains(last)) {
        last = e.getKey();
      }
    }
    String path = ours.substring(0, dot + 1).replace("[", ".").replace("]", "");
    return path + last;
  }

  /** Whether a name begins with {@code segment}, numbered or not. */
  boolean hasPart(String segment) {
    return children.keySet().stream()
        .anyMatch(k -> k.equals(segment) || k.startsWith(segment + "["));
  }

  /**
   * Calls {@code pair} for each two values that belong together: the names are the same but for the
   * customs below.
   */
  <U> void match(Names<U> theirs, BiConsumer<T, U> pair) {
    if (value.isPresent() && theirs.value.isPresent()) {
      pair.accept(value.get(), theirs.value.get());
    }
    SequencedMap<String, Names<T>> mine = new LinkedHashMap<>(children);
    SequencedMap<String, Names<U>> rest = new LinkedHashMap<>();
    theirs.children.forEach(
        (name, child) -> {
          Names<T> same = take(mine, name);
          if (same != null) {
            same.match(child, pair);
          } else {
            rest.put(name, child);
          }
        });
    theirs.children.keySet().stream()
        .filter(rest::containsKey)
        .toList()
        .forEach(
            name -> {
              if (numbered(mine, name, java.util.Objects.requireNonNull(rest.get(name)), pair)) {
                rest.remove(name);
              }
            });
    if (isSequence(rest)) {
      inOrder(mine, rest, pair);
    }
  }

  private static <T> @org.jspecify.annotations.Nullable Names<T> take(
      SequencedMap<String, Names<T>> mine, String name) {
    Names<T> same = mine.remove(name);
    for (String custom : CUSTOMS.getOrDefault(name, List.of())) {
      if (same == null) {
        same = mine.remove(custom);
      }
    }
    return same;
  }

  /** {@code layer1.0, layer1.1, ...} there are {@code layer1[0], layer1[1], ...} here. */
  private static <T, U> boolean numbered(
      SequencedMap<String, Names<T>> mine, String name, Names<U> theirs, BiConsumer<T, U> pair) {
    SequencedMap<String, Names<T>> items = new LinkedHashMap<>();
    mine.forEach(
        (n, child) -> {
          if (n.startsWith(name + "[")) {
            items.put(n, child);
          }
        });
    if (!isSequence(theirs.children) || !inOrder(items, theirs.children, pair)) {
      return false;
    }
    mine.keySet().removeAll(items.keySet());
    return true;
  }

  /** The children of a torch.nn.Sequential have numbers; here each has a name, or a number too. */
  private static <T, U> boolean inOrder(
      SequencedMap<String, Names<T>> mine,
      SequencedMap<String, Names<U>> theirs,
      BiConsumer<T, U> pair) {
    if (mine.size() != theirs.size()) {
      return false;
    }
    var sorted = new TreeMap<String, Names<U>>(Renaming.NATURAL);
    sorted.putAll(theirs);
    var others = sorted.values().iterator();
    for (Names<T> child : mine.sequencedValues()) {
      child.match(others.next(), pair);
    }
    return true;
  }

  private static <U> boolean isSequence(Map<String, Names<U>> children) {
    return !children.isEmpty()
        && children.keySet().stream()
            .allMatch(k -> !k.isEmpty() && k.chars().allMatch(c -> c >= '0' && c <= '9'));
  }
}
