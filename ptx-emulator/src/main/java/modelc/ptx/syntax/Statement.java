package modelc.ptx.syntax;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A statement of a function's body. */
public sealed interface Statement {

  /** The place of the next statement. */
  record Label(String name) implements Statement {}

  /** The labels that an indexed branch may go to. */
  record BranchTargets(String name, List<String> labels) implements Statement {}

  /**
   * Registers.
   *
   * @param count the registers {@code name0}, {@code name1} ...; -1 for one of just this name
   */
  record Registers(Type type, String name, int count) implements Statement {}

  /** A variable in shared, local or parameter memory. */
  record Declare(Variable variable) implements Statement {}

  /** Statements with names of their own. */
  record Scope(List<Statement> body) implements Statement {}

  /**
   * An instruction.
   *
   * @param guard the predicate that has to hold
   * @param modifiers without their dots
   */
  record Instruction(
      Operand.@Nullable Name guard,
      String opcode,
      List<String> modifiers,
      List<Operand> operands,
      Place place)
      implements Statement {
    @Override
    public String toString() {
      return (guard == null ? "" : "@" + guard + " ")
          + opcode
          + modifiers.stream().map(m -> "." + m).collect(Collectors.joining())
          + operands.stream()
              .map(Operand::toString)
              .collect(Collectors.joining(", ", operands.isEmpty() ? "" : " ", ";"));
    }
  }
}
