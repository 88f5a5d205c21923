package modelc.runtime;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * What a compiled model is to the runtime: its entries, with the names, types and shapes of all
 * they touch.
 */
public record ModelSpec(String name, List<SymbolSpec> symbols, List<EntrySpec> entries) {
  public ModelSpec {
    symbols = List.copyOf(symbols);
    entries = List.copyOf(entries);
  }

  public Optional<EntrySpec> entry(String name) {
    return entries.stream().filter(e -> e.name().equals(name)).findFirst();
  }

  public Optional<SymbolSpec> symbol(String name) {
    return symbols.stream().filter(s -> s.name().equals(name)).findFirst();
  }

  /** The largest batch, or 1 for a model without that symbol. */
  public long maxBatch() {
    return symbol("batch").map(SymbolSpec::max).orElse(1L);
  }

  /**
   * What the entries keep between calls, each once, in order of first mention, arguments before
   * results.
   *
   * @throws DataException if entries disagree, or the specification contradicts itself
   */
  public List<Variable> variables() {
    SequencedMap<String, Variable> found = new LinkedHashMap<>();
    for (EntrySpec e : entries) {
      for (ArgumentSpec a : e.arguments()) {
        if (a.kind().isVariable()) {
          note(found, e, a.name(), a.kind(), a.type(), a.shape());
        }
      }
      for (ResultSpec r : e.results()) {
        if (r.kind().isVariable()) {
          note(found, e, r.name(), r.kind(), r.type(), r.shape());
        }
      }
    }
    return List.copyOf(found.values());
  }

  private static void note(
      SequencedMap<String, Variable> found,
      EntrySpec e,
      String name,
      Kind kind,
      ElementType type,
      List<DimSpec> shape) {
    ToLongFunction<String> none =
        s -> {
          throw broken(e, "the shape of " + name + " depends on " + s);
        };
    var v = new Variable(name, kind, type, shape.stream().map(d -> d.evaluate(none)).toList());
    Variable known = found.putIfAbsent(name, v);
    if (known != null && !known.equals(v)) {
      throw broken(
          e,
          "it has " + v + " (" + kind + ") where another has " + known + " (" + known.kind() + ")");
    }
  }

  /**
   * Checks that entries and names fit together.
   *
   * @throws DataException if they do not
   */
  void verify() {
    variables();
    Set<String> entryNames = new HashSet<>();
    for (EntrySpec e : entries) {
      if (!entryNames.add(e.name())) {
        throw broken(e, "there are two of that name");
      }
      for (String s : e.symbols()) {
        if (symbol(s).isEmpty()) {
          throw broken(e, "symbol " + s + " has no maximum");
        }
      }
      verify(e);
    }
  }

  private void verify(EntrySpec e) {
    var names = new HashSet<String>();
    for (ArgumentSpec a : e.arguments()) {
      if (!names.add(a.name())) {
        throw broken(e, "two arguments are called " + a.name());
      }
      verifyShape(e, a.name(), a.type(), a.shape());
    }
    var resultNames = new HashSet<String>();
    var aliased = new ArrayList<Integer>();
    for (ResultSpec r : e.results()) {
      if (!resultNames.add(r.name())) {
        throw broken(e, "two results are called " + r.name());
      }
      verifyShape(e, r.name(), r.type(), r.shape());
      if (r.aliasOf() == -1) {
        continue;
      }
      if (r.aliasOf() < 0 || r.aliasOf() >= e.arguments().size() || aliased.contains(r.aliasOf())) {
        throw broken(e, "result " + r.name() + " cannot replace argument " + r.aliasOf());
      }
      aliased.add(r.aliasOf());
      ArgumentSpec a = e.arguments().get(r.aliasOf());
      if (a.type() != r.type() || !a.shape().equals(r.shape())) {
        throw broken(e, "result " + r.name() + " does not fit argument " + a.name());
      }
    }
  }

  private void verifyShape(EntrySpec e, String name, ElementType type, List<DimSpec> shape) {
    ToLongFunction<String> max =
        s -> {
          if (!e.symbols().contains(s)) {
            throw broken(
                e, "the shape of " + name + " needs symbol " + s + ", which is not passed");
          }
          return symbol(s).orElseThrow().max();
        };
    try {
      Math.multiplyExact(DimSpec.elements(shape, max), type.bytes());
    } catch (ArithmeticException overflow) {
      throw new LimitException(
          "R0102",
          "entry " + e.name() + ": " + name + " is larger than any memory",
          "compile with a smaller batch",
          overflow);
    }
  }

  private static DataException broken(EntrySpec e, String what) {
    return new DataException(
        "R0101",
        "entry " + e.name() + " contradicts itself: " + what,
        "compile the model again; if that does not help, report it");
  }
}
