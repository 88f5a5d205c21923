package modelc.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.runtime.DataException;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a data source or transform as a .model file gives them, checked against what it
 * takes.
 */
final class Arguments {
  private final String callee;
  private final Map<String, Object> values = new LinkedHashMap<>();

  /**
   * Assigns positional arguments in order, then named ones.
   *
   * @throws DataException if one is unknown, given twice, or too many
   */
  Arguments(Step step, List<String> parameters) {
    this.callee = step.name();
    List<Object> positional = step.arguments();
    Map<String, Object> named = step.named();
    if (positional.size() > parameters.size()) {
      throw wrong(
          "takes " + parameters.size() + " arguments, not " + positional.size(),
          "it takes " + String.join(", ", parameters));
    }
    for (int i = 0; i < positional.size(); i++) {
      values.put(parameters.get(i), positional.get(i));
    }
    named.forEach(
        (name, value) -> {
          if (!parameters.contains(name)) {
            throw wrong(
                "has no parameter " + name,
                suggestion(name, parameters) + "it has " + String.join(", ", parameters));
          }
          if (values.put(name, value) != null) {
            throw wrong("is given " + name + " twice", "give it once");
          }
        });
  }

  private DataException wrong(String what, String cure) {
    return new DataException("D0102", callee + "(...) " + what, cure);
  }

  String callee() {
    return callee;
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  String string(String name) {
    return optionalString(name)
        .orElseThrow(() -> wrong("needs " + name, "give " + name + " = \"...\""));
  }

  Optional<String> optionalString(String name) {
    Object value = values.get(name);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof String s && !s.isEmpty()) {
      return Optional.of(s);
    }
    throw wrong("needs text for " + name + ", not " + value, "write " + name + " = \"...\"");
  }

  long integer(String name, long low, long high) {
    return integer(name, values.get(name), low, high);
  }

  /** As the other, {@code otherwise} where it is not given. */
  long integer(String name, long otherwise, long low, long high) {
    return integer(name, values.getOrDefault(name, otherwise), low, high);
  }

  private long integer(String name, @Nullable Object value, long low, long high) {
    long n =
        switch (value) {
          case null -> throw wrong("needs " + name, "give " + name + " = a whole number");
          case Long l -> l;
          case Integer i -> i;
          default ->
              throw wrong(
                  "needs a whole number for " + name + ", not " + value,
                  "write e.g. " + name + " = 2");
        };
    if (n < low || n > high) {
      throw wrong("cannot use " + name + " = " + n, "use " + low + " to " + high);
    }
    return n;
  }

  /** A number, whole or not; {@code otherwise} where it is not given. */
  double number(String name, double otherwise, double low, double high) {
    double x =
        switch (values.getOrDefault(name, otherwise)) {
          case Long l -> l;
          case Double d -> d;
          case Object o ->
              throw wrong(
                  "needs a number for " + name + ", not " + o, "write e.g. " + name + " = 0.1");
        };
    if (!(x >= low && x <= high)) {
      throw wrong("cannot use " + name + " = " + x, "use " + low + " to " + high);
    }
    return x;
  }

  boolean flag(String name, boolean otherwise) {
    return switch (values.getOrDefault(name, otherwise)) {
      case Boolean b -> b;
      case Object o ->
          throw wrong(
              "needs true or false for " + name + ", not " + o, "write " + name + " = true");
    };
  }

  /** One of {@code words}, bare or in quotes. */
  String word(String name, String otherwise, List<String> words) {
    Object value = values.getOrDefault(name, otherwise);
    String word =
        value instanceof Step s && s.arguments().isEmpty() && s.named().isEmpty()
            ? s.name()
            : value.toString();
    if (!words.contains(word)) {
      throw wrong(
          "cannot use " + name + " = " + word,
          suggestion(word, words) + "it is " + String.join(" or ", words));
    }
    return word;
  }

  Border border() {
    return Border.of(word("border", "zero", Border.WORDS));
  }

  /** A size in pixels: an int for both sides, or height and width. */
  Size size(String name) {
    Object value = values.get(name);
    return switch (value) {
      case null -> throw wrong("needs " + name, "give " + name + " = 32, or [height, width]");
      case Long l -> new Size(side(name, l), side(name, l));
      case List<?> l when l.size() == 2 -> new Size(side(name, l.get(0)), side(name, l.get(1)));
      default ->
          throw wrong(
              "needs a size for " + name + ", not " + value, "write 32, or [height, width]");
    };
  }

  private int side(String name, @Nullable Object value) {
    return (int) integer(name, value, 1, Size.MAX_SIDE);
  }

  /** A list of text; empty where it is not given. */
  List<String> strings(String name) {
    return switch (values.get(name)) {
      case null -> List.of();
      case String s -> List.of(s);
      case List<?> list when list.stream().allMatch(String.class::isInstance) ->
          list.stream().map(String.class::cast).toList();
      case Object o ->
          throw wrong(
              "needs a list of names for " + name + ", not " + o, "write " + name + " = [\"...\"]");
    };
  }

  /** "did you mean x? " where a known name resembles {@code name}, else nothing. */
  static String suggestion(String name, List<String> known) {
    String best = "";
    int least = 1 + Math.max(name.length() <= 2 ? 1 : 2, name.length() / 3);
    for (String k : known) {
      int d = distance(name, k);
      if (d < least && d < Math.max(name.length(), k.length())) {
        least = d;
        best = k;
      }
    }
    return best.isEmpty() ? "" : "did you mean " + best + "? ";
  }

  /** Levenshtein's. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
