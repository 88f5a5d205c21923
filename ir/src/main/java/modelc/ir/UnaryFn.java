package modelc.ir;

import java.util.Locale;

/**
 * Elementwise functions of one operand, shared by Tensor IR and Loop IR; StableHLO's names and
 * meanings.
 */
public enum UnaryFn {
  NEGATE,
  ABS,
  /** -1, 0 or 1; NaN for NaN. */
  SIGN,
  EXP,
  EXPM1,
  LOG,
  LOG1P,
  SQRT,
  RSQRT,
  TANH,
  /** 1 / (1 + exp(-x)). */
  LOGISTIC,
  ERF,
  SINE,
  COSINE,
  FLOOR,
  CEIL,
  ROUND_NEAREST_EVEN,
  /** BOOL result: neither infinite nor NaN. */
  IS_FINITE,
  /** Logical for BOOL, bitwise for integers. */
  NOT;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
