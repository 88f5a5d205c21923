package modelc.ptx;

import java.util.Locale;

/** A state space, as an instruction names it. */
enum Space {
  GENERIC,
  GLOBAL,
  SHARED,
  LOCAL,
  PARAM,
  CONST;

  /** Where generic addresses of shared memory begin. */
  static final long SHARED_BASE = 1L << 24;

  /** Where generic addresses of a thread's local memory begin. */
  static final long LOCAL_BASE = 2L << 24;

  /** Where generic addresses of the kernel's parameters begin. */
  static final long PARAM_BASE = 3L << 24;

  static final long WINDOW = 1L << 24;

  /** What generic addresses of this space have added. */
  long base() {
    return switch (this) {
      case SHARED -> SHARED_BASE;
      case LOCAL -> LOCAL_BASE;
      case PARAM -> PARAM_BASE;
      case GENERIC, GLOBAL, CONST -> 0;
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
