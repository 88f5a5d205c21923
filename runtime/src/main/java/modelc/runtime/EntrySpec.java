package modelc.runtime;

import java.util.List;
import java.util.Optional;

/**
 * One native entry point ({@code init}, {@code infer}, {@code eval}, {@code train}): what it takes
 * and gives.
 *
 * @param symbols the sizes the caller passes, in the order of the native context
 * @param arenaBytes the scratch memory it needs at the symbols' maxima
 */
public record EntrySpec(
    String name,
    List<ArgumentSpec> arguments,
    List<ResultSpec> results,
    List<String> symbols,
    long arenaBytes) {
  public EntrySpec {
    arguments = List.copyOf(arguments);
    results = List.copyOf(results);
    symbols = List.copyOf(symbols);
    if (arenaBytes < 0) {
      throw new IllegalArgumentException("entry " + name + ": negative arena size " + arenaBytes);
    }
  }

  public Optional<ArgumentSpec> argument(String name) {
    return arguments.stream().filter(a -> a.name().equals(name)).findFirst();
  }

  public List<ArgumentSpec> arguments(Kind kind) {
    return arguments.stream().filter(a -> a.kind() == kind).toList();
  }

  public List<ResultSpec> results(Kind kind) {
    return results.stream().filter(r -> r.kind() == kind).toList();
  }

  /** The results that have memory of their own, in native order. */
  public List<ResultSpec> ownResults() {
    return results.stream().filter(r -> r.aliasOf() == -1).toList();
  }
}
