package modelc.ir.loop;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;

/**
 * An entry point as a sequence of kernel launches over arguments and one planned arena.
 *
 * @param symbols the run-time sizes, in the order the caller passes them
 * @param arguments the caller's buffers: first the Tensor IR entry's arguments in order, then those
 *     of its results that do not alias an argument, in order
 * @param arenaBytes the size of the arena at the symbols' maxima; it is 64-byte aligned
 */
public record LoopEntry(
    String name,
    List<Symbol> symbols,
    List<ArgumentBuffer> arguments,
    long arenaBytes,
    List<Launch> launches) {
  public LoopEntry {
    symbols = List.copyOf(symbols);
    arguments = List.copyOf(arguments);
    launches = List.copyOf(launches);
  }

  /** A buffer the caller passes. */
  public record ArgumentBuffer(String name, DType dtype, Dim elements) {}

  /** The memory of one kernel parameter. */
  public sealed interface Ref {
    /** Argument {@code index}, from its first element. */
    record Argument(int index) implements Ref {}

    /** The arena from {@code byteOffset}, a multiple of 64. */
    record Arena(long byteOffset) implements Ref {}
  }

  /**
   * One kernel run.
   *
   * @param split all threads enter it and share its PARALLEL loop; otherwise thread 0 runs it alone
   * @param barrier all threads wait for each other before it starts
   */
  public record Launch(Kernel kernel, List<Ref> arguments, boolean split, boolean barrier) {
    public Launch {
      arguments = List.copyOf(arguments);
    }

    /** The parameters that are given the same memory as another one. */
    public Set<Integer> equalArguments() {
      var first = new HashMap<Ref, Integer>();
      var equal = new HashSet<Integer>();
      for (int i = 0; i < arguments.size(); i++) {
        Integer other = first.putIfAbsent(arguments.get(i), i);
        if (other != null) {
          equal.add(other);
          equal.add(i);
        }
      }
      return equal;
    }
  }
}
