package modelc.passes.contraction;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopEntry;

/**
 * A contraction as kernels over entry-level buffers; memory for the scratch buffers is the caller's
 * business.
 *
 * @param kernels in launch order; each needs what the one before wrote; empty when there is nothing
 *     to compute
 * @param scratch buffers the kernels use besides the operands and the epilogue's, undefined before
 *     and after
 */
public record Lowered(List<Kernel> kernels, List<Buffer> scratch) {
  private static final long ALIGNMENT = 64;

  public Lowered {
    kernels = List.copyOf(kernels);
    scratch = List.copyOf(scratch);
  }

  /**
   * The contraction as an entry of its own, to test and to measure it: the scratch buffers side by
   * side in the arena, all other buffers arguments in the given order.
   */
  public LoopEntry entry(String name, List<Buffer> arguments) {
    Map<Buffer, LoopEntry.Ref> places = new HashMap<>();
    var passed = new ArrayList<LoopEntry.ArgumentBuffer>();
    for (Buffer b : arguments) {
      places.put(b, new LoopEntry.Ref.Argument(passed.size()));
      passed.add(new LoopEntry.ArgumentBuffer(b.name(), b.dtype(), b.size()));
    }
    long bytes = 0;
    for (Buffer b : scratch) {
      places.put(b, new LoopEntry.Ref.Arena(bytes));
      bytes += Math.ceilDiv(b.size().max() * b.dtype().bytes(), ALIGNMENT) * ALIGNMENT;
    }
    Set<Symbol> symbols = new TreeSet<>();
    arguments.forEach(b -> symbols.addAll(b.size().symbols()));
    var launches = new ArrayList<LoopEntry.Launch>();
    for (Kernel kernel : kernels) {
      symbols.addAll(kernel.symbols());
      List<LoopEntry.Ref> refs = kernel.parameters().stream().map(b -> require(places, b)).toList();
      launches.add(
          new LoopEntry.Launch(kernel, refs, kernel.hasParallelLoop(), !launches.isEmpty()));
    }
    return new LoopEntry(name, List.copyOf(symbols), passed, bytes, launches);
  }

  private static LoopEntry.Ref require(Map<Buffer, LoopEntry.Ref> places, Buffer b) {
    LoopEntry.Ref place = places.get(b);
    if (place == null) {
      throw new IllegalArgumentException(
          "buffer " + b.name() + " is neither an argument nor scratch");
    }
    return place;
  }
}
