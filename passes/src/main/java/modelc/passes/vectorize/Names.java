package modelc.passes.vectorize;

import java.util.HashSet;
import java.util.Set;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.Stmt;

/**
 * Names not yet used in a kernel. The names bound inside VECTOR loops are free at first, because
 * those loops are replaced: their first copy keeps them.
 */
final class Names {
  private final Set<String> used = new HashSet<>();

  Names(Kernel kernel) {
    kernel.parameters().forEach(b -> used.add(b.name()));
    collect(kernel.body());
  }

  String fresh(String wish) {
    String name = wish;
    for (int i = 1; !used.add(name); i++) {
      name = wish + "_" + i;
    }
    return name;
  }

  /** What is used now, to give to {@link #restore}. */
  Set<String> mark() {
    return Set.copyOf(used);
  }

  /** Frees the names given since {@code mark}. */
  void restore(Set<String> mark) {
    used.retainAll(mark);
  }

  private void collect(Stmt s) {
    switch (s) {
      case Stmt.Block b -> b.body().forEach(this::collect);
      case Stmt.For f -> {
        if (!Vectorize.isInnermost(f)) {
          used.add(f.var().name());
          collect(f.body());
        }
      }
      case Stmt.Let l -> used.add(l.var().name());
      case Stmt.Alloc a -> used.add(a.buffer().name());
      case Stmt.If i -> {
        collect(i.then());
        i.otherwise().ifPresent(this::collect);
      }
      case Stmt.Store _, Stmt.InBlock _, Stmt.Prefetch _ -> {}
    }
  }
}
