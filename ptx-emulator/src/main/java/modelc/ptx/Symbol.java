package modelc.ptx;

import java.util.List;
import modelc.ptx.syntax.Type;

/** What a name stands for in a scope. */
sealed interface Symbol {

  /** A value register. */
  record Value(int register, Type type) implements Symbol {}

  /** A predicate register. */
  record Predicate(int register) implements Symbol {}

  /**
   * A variable.
   *
   * @param address in its space; from the begin of dynamic shared memory where {@code dynamic}
   */
  record Variable(Space space, long address, boolean dynamic) implements Symbol {}

  record Place(Flow.Label label) implements Symbol {}

  record Targets(List<String> labels) implements Symbol {}
}
