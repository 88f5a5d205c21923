package modelc.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.function.Function;

/**
 * The JSON form of a {@link ModelSpec}. It knows the form alone: whether a specification makes
 * sense is {@link ModelSpec#verify}'s to say.
 */
final class SpecText {
  private SpecText() {}

  /** A text that has another form. */
  static final class Unexpected extends Exception {
    private static final long serialVersionUID = 1;

    Unexpected(String what) {
      super(what);
    }
  }

  /** The members {@code name}, {@code symbols} and {@code entries}, without braces around them. */
  static String members(ModelSpec spec) {
    return "\"name\": "
        + Json.quote(spec.name())
        + ",\n\"symbols\": "
        + list(
            spec.symbols(),
            s -> "{\"name\": " + Json.quote(s.name()) + ", \"max\": " + s.max() + "}")
        + ",\n\"entries\": "
        + list(spec.entries(), SpecText::entry);
  }

  /** The specification in an object that has the members of {@link #members}. */
  static ModelSpec read(Map<?, ?> object) throws Unexpected {
    var symbols = new ArrayList<SymbolSpec>();
    for (Object s : array(object, "symbols")) {
      Map<?, ?> o = object(s);
      symbols.add(new SymbolSpec(string(o, "name"), integer(o, "max")));
    }
    var entries = new ArrayList<EntrySpec>();
    for (Object e : array(object, "entries")) {
      entries.add(readEntry(object(e)));
    }
    return new ModelSpec(string(object, "name"), symbols, entries);
  }

  private static String entry(EntrySpec e) {
    return "\n{\"name\": "
        + Json.quote(e.name())
        + ", \"arena_bytes\": "
        + e.arenaBytes()
        + ", \"symbols\": "
        + list(e.symbols(), Json::quote)
        + ",\n\"arguments\": "
        + list(
            e.arguments(),
            a ->
                "\n"
                    + tensor(a.name(), a.kind(), a.type(), a.shape())
                    + a.range().map(SpecText::range).orElse("")
                    + "}")
        + ",\n\"results\": "
        + list(
            e.results(),
            r ->
                "\n"
                    + tensor(r.name(), r.kind(), r.type(), r.shape())
                    + (r.aliasOf() == -1 ? "}" : ", \"replaces\": " + r.aliasOf() + "}"))
        + "}";
  }

  private static String range(IndexRange r) {
    return ", \"below\": " + r.count() + ", \"or\": " + list(r.others(), Object::toString);
  }

  private static String tensor(String name, Kind kind, ElementType type, List<DimSpec> shape) {
    return "{\"name\": "
        + Json.quote(name)
        + ", \"kind\": "
        + Json.quote(lower(kind))
        + ", \"type\": "
        + Json.quote(lower(type))
        + ", \"shape\": "
        + list(shape, d -> d.symbols().isEmpty() ? d.toString() : Json.quote(d.toString()));
  }

  private static EntrySpec readEntry(Map<?, ?> e) throws Unexpected {
    var arguments = new ArrayList<ArgumentSpec>();
    for (Object o : array(e, "arguments")) {
      Map<?, ?> a = object(o);
      arguments.add(new ArgumentSpec(string(a, "name"), kind(a), type(a), shape(a), range(a)));
    }
    var results = new ArrayList<ResultSpec>();
    for (Object o : array(e, "results")) {
      Map<?, ?> r = object(o);
      long replaces = r.containsKey("replaces") ? integer(r, "replaces") : -1;
      if (replaces < -1 || replaces > Integer.MAX_VALUE) {
        throw new Unexpected("\"replaces\" is " + replaces);
      }
      results.add(new ResultSpec(string(r, "name"), kind(r), type(r), shape(r), (int) replaces));
    }
    var symbols = new ArrayList<String>();
    for (Object s : array(e, "symbols")) {
      symbols.add(text(s));
    }
    long arena = integer(e, "arena_bytes");
    if (arena < 0) {
      throw new Unexpected("\"arena_bytes\" is " + arena);
    }
    return new EntrySpec(string(e, "name"), arguments, results, symbols, arena);
  }

  private static Optional<IndexRange> range(Map<?, ?> argument) throws Unexpected {
    if (!argument.containsKey("below")) {
      return Optional.empty();
    }
    var others = new ArrayList<Long>();
    for (Object o : array(argument, "or")) {
      if (!(o instanceof Long l)) {
        throw new Unexpected("\"or\" has " + o);
      }
      others.add(l);
    }
    return Optional.of(new IndexRange(integer(argument, "below"), others));
  }

  private static List<DimSpec> shape(Map<?, ?> tensor) throws Unexpected {
    var dims = new ArrayList<DimSpec>();
    for (Object d : array(tensor, "shape")) {
      dims.add(d instanceof Long l && l >= 0 ? DimSpec.of(l) : product(text(d)));
    }
    return dims;
  }

  /** A size as {@link DimSpec#toString} writes it. */
  static DimSpec product(String text) throws Unexpected {
    long factor = 1;
    var symbols = new ArrayList<String>();
    for (String part : text.split("\\*", -1)) {
      if (part.isEmpty()) {
        throw new Unexpected("a size is " + Json.quote(text));
      }
      if (part.chars().allMatch(Character::isDigit) && symbols.isEmpty() && factor == 1) {
        try {
          factor = Long.parseLong(part);
        } catch (NumberFormatException e) {
          throw new Unexpected("a size is " + Json.quote(text));
        }
      } else {
        symbols.add(part);
      }
    }
    return new DimSpec(factor, symbols);
  }

  private static Kind kind(Map<?, ?> o) throws Unexpected {
    return constant(Kind.values(), string(o, "kind"));
  }

  private static ElementType type(Map<?, ?> o) throws Unexpected {
    return constant(ElementType.values(), string(o, "type"));
  }

  private static <E extends Enum<E>> E constant(E[] values, String name) throws Unexpected {
    for (E e : values) {
      if (lower(e).equals(name)) {
        return e;
      }
    }
    throw new Unexpected("nothing is called " + Json.quote(name));
  }

  private static String lower(Enum<?> e) {
    return e.name().toLowerCase(Locale.ROOT);
  }

  static <T> String list(List<T> items, Function<T, String> text) {
    var out = new StringJoiner(", ", "[", "]");
    items.forEach(i -> out.add(text.apply(i)));
    return out.toString();
  }

  static Map<?, ?> object(Object value) throws Unexpected {
    if (value instanceof Map<?, ?> m) {
      return m;
    }
    throw new Unexpected("an object was expected");
  }

  static List<?> array(Map<?, ?> o, String key) throws Unexpected {
    if (o.get(key) instanceof List<?> l) {
      return l;
    }
    throw new Unexpected("\"" + key + "\" is no list");
  }

  static String string(Map<?, ?> o, String key) throws Unexpected {
    if (o.get(key) instanceof String s) {
      return s;
    }
    throw new Unexpected("\"" + key + "\" is no text");
  }

  static long integer(Map<?, ?> o, String key) throws Unexpected {
    if (o.get(key) instanceof Long l) {
      return l;
    }
    throw new Unexpected("\"" + key + "\" is no whole number");
  }

  static String text(Object value) throws Unexpected {
    if (value instanceof String s) {
      return s;
    }
    throw new Unexpected("a text was expected, not " + value);
  }
}
