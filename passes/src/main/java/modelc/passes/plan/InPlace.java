package modelc.passes.plan;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.Stmt;
import modelc.passes.lower.Kernels;

/**
 * Proves that a kernel may write over what it reads: every element read is the one the same
 * iteration writes later.
 *
 * <p>It looks at the kernel before vectorisation, and only at equal index expressions: what it does
 * not see is a copy.
 */
final class InPlace {
  private InPlace() {}

  /**
   * True when {@code kernel} may be given the same memory for {@code old} and {@code replacement}.
   */
  static boolean isSafe(Kernel kernel, Buffer old, Buffer replacement) {
    var reads = new HashSet<Expr>();
    var writes = new HashSet<Expr>();
    boolean[] copied = {false};
    Kernels.walk(
        kernel.body(),
        e -> {
          if (e instanceof Expr.Load l && l.buffer().equals(old)) {
            reads.add(l.index());
          }
        },
        s -> {
          if (s instanceof Stmt.Store st && st.buffer().equals(replacement)) {
            writes.add(st.index());
          }
          copied[0] |= s instanceof Stmt.Copy c && c.from().equals(old);
        });
    // What is copied to the memory of a block is for all of its threads.
    if (copied[0] && !writes.isEmpty()) {
      return false;
    }
    return reads.isEmpty()
        || writes.size() == 1 && reads.equals(writes) && sameBlock(kernel.body(), old, replacement);
  }

  /**
   * True when all accesses of both are in one block, reads first, so that they are of the same
   * iteration.
   */
  private static boolean sameBlock(Stmt s, Buffer old, Buffer replacement) {
    Stmt.Block innermost = innermost(s, Set.of(old, replacement));
    boolean written = false;
    for (Stmt x : innermost.body()) {
      if (x instanceof Stmt.Store st && st.buffer().equals(replacement)) {
        written = true;
      } else if (x instanceof Stmt.For || x instanceof Stmt.If || x instanceof Stmt.Block) {
        if (touches(x, Set.of(old, replacement))) {
          return false;
        }
      } else if (written && touches(x, Set.of(old))) {
        return false;
      }
    }
    return true;
  }

  /**
   * The smallest block with all accesses of {@code buffers}, descending through loops while there
   * is one way.
   */
  private static Stmt.Block innermost(Stmt s, Set<Buffer> buffers) {
    Stmt.Block block = s instanceof Stmt.Block b ? b : new Stmt.Block(List.of(s));
    while (true) {
      Stmt only = null;
      int touching = 0;
      for (Stmt x : block.body()) {
        if (touches(x, buffers)) {
          only = x;
          touching++;
        }
      }
      if (touching == 1 && only instanceof Stmt.For f) {
        block = f.body() instanceof Stmt.Block b ? b : new Stmt.Block(List.of(f.body()));
      } else if (touching == 1 && only instanceof Stmt.Block b) {
        block = b;
      } else {
        Optional<Stmt> branch =
            touching == 1 && only instanceof Stmt.If i ? branch(i, buffers) : Optional.empty();
        if (branch.isEmpty()) {
          return block;
        }
        block = branch.get() instanceof Stmt.Block b ? b : new Stmt.Block(List.of(branch.get()));
      }
    }
  }

  /** The one branch that touches {@code buffers}; empty where the condition does, or both do. */
  private static Optional<Stmt> branch(Stmt.If i, Set<Buffer> buffers) {
    var nothing = new Stmt.Block(List.of());
    if (touches(new Stmt.If(i.condition(), nothing, Optional.empty()), buffers)) {
      return Optional.empty();
    }
    boolean otherwise = i.otherwise().filter(o -> touches(o, buffers)).isPresent();
    if (touches(i.then(), buffers)) {
      return otherwise ? Optional.empty() : Optional.of(i.then());
    }
    return i.otherwise();
  }

  private static boolean touches(Stmt s, Set<Buffer> buffers) {
    boolean[] found = {false};
    Kernels.walk(
        s,
        e -> found[0] |= e instanceof Expr.Load l && buffers.contains(l.buffer()),
        x ->
            found[0] |=
                x instanceof Stmt.Store st && buffers.contains(st.buffer())
                    || x instanceof Stmt.Copy c && buffers.contains(c.from()));
    return found[0];
  }
}
