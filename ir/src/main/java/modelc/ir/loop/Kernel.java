package modelc.ir.loop;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import modelc.ir.Origin;
import modelc.ir.Symbol;

/**
 * One loop nest, compiled to one function, shared by all launches of the same code.
 *
 * @param name unique in its program
 * @param parameters GLOBAL buffers, in argument order. Two of them may be the same memory only if
 *     {@link Launch} says so by equal arguments, and then element i may be read only before it is
 *     written by the same iteration.
 * @param symbols the symbols its sizes use, in argument order
 * @param origins of the values it computes; not part of its identity
 */
public record Kernel(
    String name, List<Buffer> parameters, List<Symbol> symbols, Stmt body, Set<Origin> origins) {
  public Kernel {
    parameters = List.copyOf(parameters);
    symbols = List.copyOf(symbols);
    origins = Set.copyOf(origins);
  }

  /** Whether threads can share its work: it has a PARALLEL loop. */
  public boolean hasParallelLoop() {
    return LoopVerifier.hasLoop(body, EnumSet.of(LoopKind.PARALLEL));
  }
}
