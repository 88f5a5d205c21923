package modelc.ir;

import java.util.Locale;

/**
 * Elementwise functions of two operands of one type, shared by both IRs; StableHLO's names and
 * meanings.
 *
 * <p>Integer arithmetic wraps, the least value divided by -1 too; integer division truncates, a
 * remainder has the dividend's sign; {@code x / 0 = -1} and {@code x % 0 = x} for integers (XLA's
 * choice: nothing traps). An integer to a negative power is the truncated quotient: 0 unless the
 * base is 1 or -1 (0 to a negative power is 0). A shift amount outside 0 to width - 1 gives 0.
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
