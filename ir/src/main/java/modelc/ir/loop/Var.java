package modelc.ir.loop;

import modelc.ir.DType;

/**
 * A variable of a kernel: bound once by a loop or a let.
 *
 * @param name unique in its kernel
 * @param lanes 1 for a scalar
 */
public record Var(String name, DType dtype, int lanes) {
  /** A scalar index. */
  public static Var index(String name) {
    return new Var(name, DType.I64, 1);
  }
}
