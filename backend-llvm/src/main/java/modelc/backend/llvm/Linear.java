package modelc.backend.llvm;

import java.util.Map;
import java.util.TreeMap;

/**
 * An index as a sum {@code constant + Σ coefficient * atom}, exact modulo 2^64. It is how addresses
 * get their common parts shared and their constants into the instruction; it holds no operations
 * other than sums and products.
 */
public record Linear(Map<Atom, Long> terms, long constant) {

  /**
   * A value that is not taken apart.
   *
   * @param depth of the innermost loop it varies in: sums are built from the outermost atoms on, so
   *     that LLVM can hoist them
   * @param order of its creation
   */
  public record Atom(int depth, int order, String name) implements Comparable<Atom> {
    @Override
    public int compareTo(Atom other) {
      int byDepth = Integer.compare(depth, other.depth);
      return byDepth != 0 ? byDepth : Integer.compare(order, other.order);
    }
  }

  public static Linear of(long constant) {
    return new Linear(Map.of(), constant);
  }

  static Linear of(Atom atom) {
    return new Linear(Map.of(atom, 1L), 0);
  }

  boolean isConstant() {
    return terms.isEmpty();
  }

  public Linear plus(Linear other) {
    if (other.isConstant()) {
      return new Linear(terms, constant + other.constant);
    }
    var sum = new TreeMap<>(terms);
    other.terms.forEach((atom, c) -> sum.merge(atom, c, Long::sum));
    sum.values().removeIf(c -> c == 0);
    return new Linear(sum, constant + other.constant);
  }

  public Linear times(long factor) {
    if (factor == 0) {
      return of(0);
    }
    var product = new TreeMap<Atom, Long>();
    terms.forEach((atom, c) -> product.put(atom, c * factor));
    product.values().removeIf(c -> c == 0);
    return new Linear(product, constant * factor);
  }

  public Linear minus(Linear other) {
    return plus(other.times(-1));
  }

  /**
   * The difference to {@code other} when it is a constant, that is when both have the same terms.
   */
  boolean differsBy(Linear other, long distance) {
    return constant - other.constant == distance && terms.equals(other.terms);
  }
}
