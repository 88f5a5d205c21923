package modelc.backend.cpu;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import modelc.backend.llvm.LlvmCompiler;

/**
 * A compiled program: relocatable objects for one kind of machine, which refer to each other. They
 * are not loaded: {@link Jit} does that.
 *
 * @param machine what they run on
 * @param millis the time it took, the parts side by side
 */
public record CompiledObject(List<Part> parts, Machine machine, double millis) {
  public CompiledObject {
    parts = List.copyOf(parts);
  }

  /** Objects that were compiled for {@code machine} earlier: their LLVM IR is not known. */
  public static CompiledObject kept(List<byte[]> objects, Machine machine) {
    var none = new Times(0, 0, 0, 0);
    return new CompiledObject(
        objects.stream().map(o -> new Part(o, "", none)).toList(), machine, 0);
  }

  /**
   * One object file.
   *
   * @param object its bytes
   * @param llvmIr the module as it was written, before LLVM's passes
   * @param times how long the stages took
   */
  public record Part(byte[] object, String llvmIr, Times times) {
    /** Compiles a module, which it took {@code writeMillis} to write. */
    static Part compile(String llvmIr, Machine machine, boolean optimised, double writeMillis) {
      LlvmCompiler.Generated g = LlvmCompiler.object(llvmIr, machine.llvm(), optimised);
      return new Part(
          g.bytes(), llvmIr, new Times(writeMillis, g.parse(), g.passes(), g.generate()));
    }
  }

  /**
   * Milliseconds spent writing LLVM IR, parsing and verifying it, in LLVM's passes, and generating
   * code.
   */
  public record Times(double write, double parse, double passes, double generate) {}

  public long bytes() {
    return parts.stream().mapToLong(p -> p.object().length).sum();
  }

  /** All modules as they were written. */
  public String llvmIr() {
    return join(Part::llvmIr);
  }

  /** All modules after LLVM's passes. */
  public String optimisedLlvmIr() {
    return join(p -> LlvmCompiler.optimised(p.llvmIr(), machine.llvm()));
  }

  /** Assembly text of the same code, generated anew. */
  public String assembly() {
    return join(p -> LlvmCompiler.assembly(p.llvmIr(), machine.llvm()).text());
  }

  private String join(Function<Part, String> text) {
    return parts.stream().map(text).collect(Collectors.joining("\n"));
  }
}
