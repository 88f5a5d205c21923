package modelc.compiler;

import modelc.backend.cpu.CompiledObject;
import modelc.runtime.Model;
import modelc.runtime.ModelSpec;

/**
 * A compiled program, not yet loaded: what the runtime needs to know of it, its kernels, and its
 * machine code.
 *
 * @param spec names, types and sizes
 * @param kernels how many there are
 * @param object the code
 * @param cached whether the code was compiled by an earlier run
 * @param settings the options, target and machine it was compiled with, as one text
 */
public record Compiled(
    ModelSpec spec, KernelCounts kernels, CompiledObject object, boolean cached, String settings) {
  /** Links the code into this process; closing the model unloads it. */
  public Model load() {
    return new Model(spec, new JitCode(object));
  }
}
