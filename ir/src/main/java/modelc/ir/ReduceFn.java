package modelc.ir;

import java.util.Locale;

/** The associative functions tensors are reduced with. */
public enum ReduceFn {
  ADD,
  MULTIPLY,
  /** NaN if any element is; minus infinity (the least value for integers) over nothing. */
  MAXIMUM,
  /** NaN if any element is; infinity (the largest value for integers) over nothing. */
  MINIMUM,
  AND,
  OR;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
