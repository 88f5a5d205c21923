package modelc.ptx.syntax;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fundamental types of PTX and the alternate floating-point formats. */
public enum Type {
  PRED(1),
  B8(8),
  B16(16),
  B32(32),
  B64(64),
  B128(128),
  U8(8),
  U16(16),
  U32(32),
  U64(64),
  S8(8),
  S16(16),
  S32(32),
  S64(64),
  F16(16),
  F16X2(32),
  BF16(16),
  BF16X2(32),
  TF32(32),
  F32(32),
  F64(64);

  private static final Map<String, Type> BY_NAME = new HashMap<>();

  static {
    for (Type t : values()) {
      BY_NAME.put(t.toString(), t);
    }
  }

  private final int bits;

  Type(int bits) {
    this.bits = bits;
  }

  public int bits() {
    return bits;
  }

  public int bytes() {
    return (bits + 7) / 8;
  }

  /** Whether arithmetic on it is floating-point. */
  public boolean isFloat() {
    return switch (this) {
      case F16, F16X2, BF16, BF16X2, TF32, F32, F64 -> true;
      default -> false;
    };
  }

  public boolean isSigned() {
    return this == S8 || this == S16 || this == S32 || this == S64;
  }

  /** Two values of half the width. */
  public boolean isPacked() {
    return this == F16X2 || this == BF16X2;
  }

  /** The type of the halves of a packed one. */
  public Type element() {
    return switch (this) {
      case F16X2 -> F16;
      case BF16X2 -> BF16;
      default -> this;
    };
  }

  /** The bits that a value of this type may have. */
  public long mask() {
    return bits >= 64 ? -1 : (1L << bits) - 1;
  }

  /** The type of this name, without the dot. */
  public static @Nullable Type named(String name) {
    return BY_NAME.get(name);
  }

  /** As PTX writes it, without the dot. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
