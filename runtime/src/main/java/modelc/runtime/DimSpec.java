package modelc.runtime;

import java.util.List;
import java.util.function.ToLongFunction;

/** One size: a constant times zero or more symbols, e.g. {@code 784} or {@code 28*batch}. */
public record DimSpec(long factor, List<String> symbols) {
  public DimSpec {
    if (factor < 0) {
      throw new IllegalArgumentException("a size cannot be negative: " + factor);
    }
    symbols = List.copyOf(symbols);
  }

  public static DimSpec of(long constant) {
    return new DimSpec(constant, List.of());
  }

  public static DimSpec of(String symbol) {
    return new DimSpec(1, List.of(symbol));
  }

  /** The sizes of a shape of constants. */
  public static List<DimSpec> list(long... constants) {
    return java.util.Arrays.stream(constants).mapToObj(DimSpec::of).toList();
  }

  /**
   * Its value where {@code valueOf} gives each symbol's.
   *
   * @throws ArithmeticException on overflow
   */
  public long evaluate(ToLongFunction<String> valueOf) {
    long value = factor;
    for (String s : symbols) {
      value = Math.multiplyExact(value, valueOf.applyAsLong(s));
    }
    return value;
  }

  /** How many elements a shape has where {@code valueOf} gives each symbol's value. */
  static long elements(List<DimSpec> shape, ToLongFunction<String> valueOf) {
    long product = 1;
    for (DimSpec d : shape) {
      product = Math.multiplyExact(product, d.evaluate(valueOf));
    }
    return product;
  }

  @Override
  public String toString() {
    if (symbols.isEmpty()) {
      return Long.toString(factor);
    }
    String names = String.join("*", symbols);
    return factor == 1 ? names : factor + "*" + names;
  }
}
