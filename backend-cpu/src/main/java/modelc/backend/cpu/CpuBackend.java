package modelc.backend.cpu;

import modelc.ir.loop.LoopProgram;
import modelc.passes.Backend;

/**
 * Compiles Loop IR for the processor this program runs on. It does not load the result: see {@link Jit}.
 */
public final class CpuBackend implements Backend<CompiledObject> {
  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public CompiledObject compile(LoopProgram program) {
    long start = System.nanoTime();
    String ir = llvmIr(program);
    return LlvmCompiler.object(ir, (System.nanoTime() - start) / 1e6);
  }

  /** The LLVM IR that {@link #compile} would give to LLVM. */
  public String llvmIr(LoopProgram program) {
    return LlvmEmitter.emit(program, LlvmCompiler.hostTriple());
  }
}
