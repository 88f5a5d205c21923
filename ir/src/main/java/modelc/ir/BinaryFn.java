package modelc.ir;

import java.util.Locale;

/**
 * Elementwise functions of two operands of one type, shared by both IRs; StableHLO's names and meanings.
 *
 * <p>Integer arithmetic wraps; integer division truncates; shifts are taken modulo nothing: an amount of at least the
 * width gives 0.
 */
public enum BinaryFn {
  ADD,
  SUBTRACT,
  MULTIPLY,
  DIVIDE,
  REMAINDER,
  POWER,
  /** NaN if either operand is. */
  MAXIMUM,
  /** NaN if either operand is. */
  MINIMUM,
  AND,
  OR,
  XOR,
  SHIFT_LEFT,
  SHIFT_RIGHT_LOGICAL;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
