package modelc.backend.llvm;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The body of one LLVM function under construction: fresh names, blocks, stack slots, and reuse of
 * pure instructions already written where they dominate. It does not know Loop IR.
 */
public final class FunctionText {
  private final ModuleText module;
  private final StringBuilder allocas = new StringBuilder();
  private final StringBuilder body = new StringBuilder();
  private final Deque<Map<String, String>> known = new ArrayDeque<>();
  private int counter;
  private String block = "entry";

  public FunctionText(ModuleText module) {
    this.module = module;
    known.push(new HashMap<>());
  }

  public ModuleText module() {
    return module;
  }

  /** The block that is being written: what a phi in a later block names as predecessor. */
  public String block() {
    return block;
  }

  public String fresh(String hint) {
    return "%" + LlvmTypes.name(hint + "." + counter++);
  }

  public String freshLabel(String hint) {
    return LlvmTypes.name(hint + "." + counter++);
  }

  public void line(String text) {
    body.append("  ").append(text).append('\n');
  }

  /** An instruction with a result that may not be shared: loads, calls with effects, phis. */
  public String result(String instruction) {
    String name = "%v" + counter++;
    body.append("  ").append(name).append(" = ").append(instruction).append('\n');
    return name;
  }

  /**
   * The result of an instruction that depends on its operands only: written once per dominating
   * region.
   */
  public String pure(String instruction) {
    for (Map<String, String> scope : known) {
      String name = scope.get(instruction);
      if (name != null) {
        return name;
      }
    }
    String name = result(instruction);
    top().put(instruction, name);
    return name;
  }

  /** Code written until {@link #leave} does not dominate what comes after it. */
  public void enter() {
    known.push(new HashMap<>());
  }

  public void leave() {
    known.pop();
  }

  public void startBlock(String label) {
    body.append(label).append(":\n");
    block = label;
  }

  public void jump(String label) {
    line("br label %" + label);
  }

  public void branch(String condition, String onTrue, String onFalse) {
    line("br i1 " + condition + ", label %" + onTrue + ", label %" + onFalse);
  }

  /** A stack slot, made once when the function is entered. */
  public String slot(String hint, String type, int align) {
    String name = fresh(hint);
    allocas
        .append("  ")
        .append(name)
        .append(" = alloca ")
        .append(type)
        .append(", align ")
        .append(align)
        .append('\n');
    return name;
  }

  /** Calls an LLVM intrinsic, declaring it. {@code operands} are typed, e.g. {@code float %x}. */
  public String intrinsic(String resultType, String name, String... operands) {
    declare(resultType, name, operands);
    return pure("call " + resultType + " @" + name + "(" + String.join(", ", operands) + ")");
  }

  /** Like {@link #intrinsic}, for one that reads memory. */
  public String impureIntrinsic(String resultType, String name, String... operands) {
    declare(resultType, name, operands);
    return result("call " + resultType + " @" + name + "(" + String.join(", ", operands) + ")");
  }

  public void voidIntrinsic(String name, String... operands) {
    declare("void", name, operands);
    line("call void @" + name + "(" + String.join(", ", operands) + ")");
  }

  /**
   * Assembly of the machine, which runs as it stands and where it stands, by all threads that come
   * there together.
   *
   * @param constraints as LLVM writes them
   * @param operands typed
   */
  public void assembly(String text, String constraints, String... operands) {
    line("call void " + asm(text, constraints, operands));
  }

  /** The same, with a result. */
  public String assemblyResult(String type, String text, String constraints, String... operands) {
    return result("call " + type + " " + asm(text, constraints, operands));
  }

  private static String asm(String text, String constraints, String... operands) {
    return "asm sideeffect \""
        + text
        + "\", \""
        + constraints
        + "\"("
        + String.join(", ", operands)
        + ") convergent nounwind";
  }

  private void declare(String resultType, String name, String... operands) {
    var types = new StringBuilder();
    for (String o : operands) {
      if (!types.isEmpty()) {
        types.append(", ");
      }
      types.append(typeOf(o));
    }
    module.declare("declare " + resultType + " @" + name + "(" + types + ")");
  }

  /** The type in front of a typed operand: some types contain spaces. */
  private static String typeOf(String operand) {
    int end =
        operand.startsWith("<")
            ? operand.indexOf('>') + 1
            : operand.startsWith("ptr addrspace") ? operand.indexOf(')') + 1 : operand.indexOf(' ');
    return operand.substring(0, end);
  }

  /** The whole function; {@code signature} is everything up to the opening brace. */
  public String define(String signature, @Nullable String comment) {
    return (comment == null ? "" : comment) + signature + " {\nentry:\n" + allocas + body + "}\n";
  }

  private Map<String, String> top() {
    return java.util.Objects.requireNonNull(known.peek());
  }
}
