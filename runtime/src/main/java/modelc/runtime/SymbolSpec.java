package modelc.runtime;

/**
 * A size chosen call by call ({@code batch}).
 *
 * @param max the largest value it may take; memory is planned for it
 */
public record SymbolSpec(String name, long max) {
  public SymbolSpec {
    if (max < 1) {
      throw new IllegalArgumentException(
          "symbol " + name + " needs a maximum of at least 1, not " + max);
    }
  }
}
