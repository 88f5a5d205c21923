package modelc.compiler;

import java.lang.foreign.MemorySegment;
import modelc.backend.cpu.CompiledObject;
import modelc.backend.cpu.Jit;
import modelc.runtime.NativeCode;

/** The machine code of a program compiled in this process, as the runtime wants it. */
final class JitCode implements NativeCode {
  private final Jit jit;

  JitCode(CompiledObject object) {
    jit = Jit.load(object);
  }

  @Override
  public MemorySegment entry(String entryName) {
    return jit.symbol("modelc_" + entryName);
  }

  @Override
  public void close() {
    jit.close();
  }
}
