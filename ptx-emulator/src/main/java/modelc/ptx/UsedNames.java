package modelc.ptx;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import modelc.ptx.syntax.Function;
import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Statement;

/** The names that a kernel uses, and those of the functions that it calls. */
final class UsedNames {
  private final Map<String, Function> functions;
  private final Set<String> names = new HashSet<>();

  private UsedNames(Map<String, Function> functions) {
    this.functions = functions;
  }

  static Set<String> of(Function f, Map<String, Function> functions) {
    var used = new UsedNames(functions);
    if (f.body() != null) {
      used.statements(f.body());
    }
    return used.names;
  }

  private void statements(List<Statement> body) {
    for (Statement s : body) {
      switch (s) {
        case Statement.Scope inner -> statements(inner.body());
        case Statement.Instruction i -> i.operands().forEach(this::operand);
        default -> {}
      }
    }
  }

  private void operand(Operand o) {
    switch (o) {
      case Operand.Name n -> name(n.name());
      case Operand.Address a -> operand(a.base());
      case Operand.Sum s -> operand(s.base());
      case Operand.Vector v -> v.elements().forEach(this::operand);
      case Operand.Arguments a -> a.elements().forEach(this::operand);
      case Operand.Pair p -> {
        operand(p.first());
        operand(p.second());
      }
      case Operand.Int _, Operand.Real _ -> {}
    }
  }

  private void name(String name) {
    Function callee = functions.get(name);
    if (names.add(name) && callee != null && callee.body() != null) {
      statements(callee.body());
    }
  }
}
