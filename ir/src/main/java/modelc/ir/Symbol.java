package modelc.ir;

/**
 * A size known only at run time (`batch`, `time`), with the largest value planned for.
 *
 * @param name the name it has in text forms and in the artifact
 * @param max the largest value it may take at run time; memory is planned for it
 */
public record Symbol(String name, long max) implements Comparable<Symbol> {
  public Symbol {
    if (max < 1) {
      throw new IllegalArgumentException(
          "symbol " + name + " needs a maximum of at least 1, not " + max);
    }
  }

  @Override
  public int compareTo(Symbol other) {
    return name.compareTo(other.name);
  }

  @Override
  public String toString() {
    return name;
  }
}
