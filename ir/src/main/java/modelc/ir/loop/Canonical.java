package modelc.ir.loop;

import java.util.Set;
import java.util.stream.Collectors;

/**
 * The form of a kernel in which equal code is equal: variables and buffers are named by the order
 * in which they are bound, the kernel's own name and origins are dropped. It does not reorder or
 * simplify anything.
 */
public final class Canonical {
  private int vars;
  private int buffers;

  private Canonical() {}

  /** The canonical form, which is a kernel of the same meaning. */
  public static Kernel of(Kernel k) {
    var c = new Canonical();
    var renamer = new Renamer(_ -> "v" + c.vars++, _ -> "b" + c.buffers++);
    var parameters = k.parameters().stream().map(renamer::bind).collect(Collectors.toList());
    return new Kernel("kernel", parameters, k.symbols(), renamer.stmt(k.body()), Set.of());
  }
}
