package modelc.ir.loop;

import java.util.Locale;

/** Where a buffer lives. */
public enum Space {
  /**
   * Memory all threads see: an argument or a piece of the planned arena. The only space of kernel
   * parameters.
   */
  GLOBAL,
  /** Memory one thread sees, on its stack. */
  PRIVATE,
  /** Memory the threads of one GPU block see. */
  SHARED,
  /**
   * A thread's registers: every index must be a constant once UNROLL loops are expanded; an element
   * may be a vector.
   */
  REGISTER;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
