package modelc.ir;

import java.util.Locale;

/** Comparisons; with a NaN operand all are false but NE. */
public enum CompareFn {
  EQ,
  NE,
  LT,
  LE,
  GT,
  GE;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
