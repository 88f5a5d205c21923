package modelc.ir;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * One size: a constant times zero or more run-time symbols, e.g. {@code 784} or {@code 28*batch}.
 * All shape arithmetic goes through this type and is checked for overflow.
 *
 * <p>It is not a polynomial: sums exist only between sizes over the same symbols.
 *
 * @param factor the constant, not negative
 * @param symbols the run-time symbols, sorted by name; one may occur twice; none when the factor is
 *     0
 */
public record Dim(long factor, List<Symbol> symbols) {
  public static final Dim ONE = of(1);

  public Dim {
    if (factor < 0) {
      throw new IllegalArgumentException("a size cannot be negative: " + factor);
    }
    symbols = factor == 0 ? List.of() : symbols.stream().sorted().toList();
  }

  public static Dim of(long constant) {
    return new Dim(constant, List.of());
  }

  public static Dim of(Symbol symbol) {
    return new Dim(1, List.of(symbol));
  }

  public boolean isConstant() {
    return symbols.isEmpty();
  }

  public boolean isOne() {
    return isConstant() && factor == 1;
  }

  /**
   * The value of a constant size.
   *
   * @throws IllegalStateException if it has symbols
   */
  public long constant() {
    if (!isConstant()) {
      throw new IllegalStateException("size " + this + " is known only at run time");
    }
    return factor;
  }

  /**
   * The product.
   *
   * @throws ArithmeticException if the constant overflows
   */
  public Dim times(Dim other) {
    var all = new ArrayList<>(symbols);
    all.addAll(other.symbols);
    return new Dim(Math.multiplyExact(factor, other.factor), all);
  }

  public Dim times(long constant) {
    return times(of(constant));
  }

  /** The exact quotient, or empty when it does not divide. */
  public Optional<Dim> dividedBy(Dim other) {
    if (other.factor == 0 || factor % other.factor != 0) {
      return Optional.empty();
    }
    var rest = new ArrayList<>(symbols);
    for (Symbol s : other.symbols) {
      if (!rest.remove(s)) {
        return Optional.empty();
      }
    }
    return Optional.of(new Dim(factor / other.factor, rest));
  }

  /**
   * The sum of sizes over the same symbols, or with 0.
   *
   * @throws IllegalArgumentException if the symbols differ
   * @throws ArithmeticException if the constant overflows
   */
  public Dim plus(Dim other) {
    if (factor == 0 || other.factor == 0) {
      return factor == 0 ? other : this;
    }
    if (!symbols.equals(other.symbols)) {
      throw new IllegalArgumentException("cannot add sizes " + this + " and " + other);
    }
    return new Dim(Math.addExact(factor, other.factor), symbols);
  }

  /**
   * The largest value it can take.
   *
   * @throws ArithmeticException on overflow
   */
  public long max() {
    return evaluate(Symbol::max);
  }

  /**
   * Its value where {@code valueOf} gives each symbol's.
   *
   * @throws ArithmeticException on overflow
   */
  public long evaluate(ToLongFunction<Symbol> valueOf) {
    long value = factor;
    for (Symbol s : symbols) {
      value = Math.multiplyExact(value, valueOf.applyAsLong(s));
    }
    return value;
  }

  @Override
  public String toString() {
    if (symbols.isEmpty()) {
      return Long.toString(factor);
    }
    String names = symbols.stream().map(Symbol::name).collect(Collectors.joining("*"));
    return factor == 1 ? names : factor + "*" + names;
  }
}
