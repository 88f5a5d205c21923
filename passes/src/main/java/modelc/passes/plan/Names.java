package modelc.passes.plan;

import java.util.Locale;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.fuse.Group;

/**
 * Short names for kernels, after what they compute and the layer it belongs to. They mean nothing
 * to the compiler.
 */
final class Names {
  private Names() {}

  static String of(Group g) {
    Value last = g.stored().isEmpty() ? g.lead() : g.stored().getLast();
    String path = last.origin().path().replaceAll("[^A-Za-z0-9]+", "_");
    String what =
        g.kind() == Group.Kind.MAP ? op(last.op()) : g.kind().name().toLowerCase(Locale.ROOT);
    return path.isEmpty() ? what : path + "_" + what;
  }

  private static String op(Op op) {
    return op.getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }
}
