package modelc.passes.plan;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.Stmt;
import modelc.passes.lower.Kernels;

/**
 * Kernels that follow each other: what a group became, or a part of that. Equal to itself alone.
 */
final class Part {
  final List<Kernel> kernels;
  final Set<Buffer> uses = new LinkedHashSet<>();
  final Set<Buffer> writes = new LinkedHashSet<>();

  /** Whether its loops are of elements or reductions, and so may share a launch with others. */
  final boolean simple;

  Part(List<Kernel> kernels, boolean simple) {
    this.kernels = List.copyOf(kernels);
    this.simple = simple;
    for (Kernel k : kernels) {
      uses.addAll(k.parameters());
      writes.addAll(writes(k));
    }
  }

  /** The parameters that a kernel stores to. */
  static Set<Buffer> writes(Kernel k) {
    var writes = new LinkedHashSet<Buffer>();
    Kernels.walk(
        k.body(),
        _ -> {},
        s -> {
          if (s instanceof Stmt.Store st) {
            writes.add(st.buffer());
          }
        });
    writes.retainAll(Set.copyOf(k.parameters()));
    return writes;
  }
}
