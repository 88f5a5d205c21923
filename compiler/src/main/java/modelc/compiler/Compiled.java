package modelc.compiler;

import modelc.backend.cpu.CompiledObject;
import modelc.ir.loop.LoopProgram;
import modelc.runtime.Model;
import modelc.runtime.ModelSpec;

/**
 * A compiled program, not yet loaded: what the runtime needs to know of it, its Loop IR, and its
 * machine code.
 *
 * @param spec names, types and sizes
 * @param loops what the code was generated from
 * @param object the code, for the machine this program runs on
 */
public record Compiled(ModelSpec spec, LoopProgram loops, CompiledObject object) {
  /** Links the code into this process; closing the model unloads it. */
  public Model load() {
    return new Model(spec, new JitCode(object));
  }
}
