package modelc.ir;

import java.util.Locale;
import java.util.Optional;

/**
 * How exactly the factors of matrix products and convolutions are taken. Their products are added
 * up in float32, whatever the factors are, and everything else is computed as its type says.
 */
public enum Precision {
  /** As they are. */
  FLOAT32(24),
  /** 11 bits of significand, the exponent of float32; ties are rounded away from zero. */
  TF32(11),
  /** 8 bits of significand, the exponent of float32; ties are rounded to even. */
  BF16(8);

  private static final int FLOAT_BITS = 24;

  /** Of the significand, the leading one included. */
  private final int bits;

  Precision(int bits) {
    this.bits = bits;
  }

  /** The nearest number of this precision. */
  public float round(float x) {
    if (!Float.isFinite(x) || this == FLOAT32) {
      return x;
    }
    int dropped = FLOAT_BITS - bits;
    int raw = Float.floatToRawIntBits(x);
    int half = 1 << (dropped - 1);
    int up = this == TF32 ? half : half - 1 + (raw >>> dropped & 1);
    return Float.intBitsToFloat((raw + up) & -(1 << dropped));
  }

  /** The precision of that name. */
  public static Optional<Precision> of(String name) {
    for (Precision p : values()) {
      if (p.toString().equals(name)) {
        return Optional.of(p);
      }
    }
    return Optional.empty();
  }

  /** Its name in models: {@code float32}, {@code tf32}, {@code bf16}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
