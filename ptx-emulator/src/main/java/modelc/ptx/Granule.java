package modelc.ptx;

import java.util.List;
import java.util.Set;
import modelc.ptx.syntax.Function;
import modelc.ptx.syntax.Statement;
import modelc.ptx.syntax.Translation;
import modelc.ptx.syntax.Type;

/**
 * The smallest piece of shared or global memory that a module accesses. Accesses are aligned, so
 * that races need not be looked for in anything smaller.
 */
final class Granule {
  private static final Set<String> ACCESSES = Set.of("ld", "ldu", "st", "atom", "red");

  private Granule() {}

  static int of(Translation module) {
    int bytes = 16;
    for (Function f : module.functions()) {
      if (f.body() != null) {
        bytes = Math.min(bytes, smallest(f.body()));
      }
    }
    return bytes;
  }

  private static int smallest(List<Statement> body) {
    int bytes = 16;
    for (Statement s : body) {
      bytes =
          Math.min(
              bytes,
              switch (s) {
                case Statement.Scope scope -> smallest(scope.body());
                case Statement.Instruction i -> accessed(i);
                default -> 16;
              });
    }
    return bytes;
  }

  private static int accessed(Statement.Instruction i) {
    if (i.opcode().equals("cp")) {
      return 4;
    }
    boolean own = i.modifiers().contains("param") || i.modifiers().contains("local");
    if (!ACCESSES.contains(i.opcode()) || own || i.modifiers().isEmpty()) {
      return 16;
    }
    Type type = Type.named(i.modifiers().getLast());
    return type == null ? 16 : type.bytes();
  }
}
