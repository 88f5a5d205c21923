package modelc.backend.cpu;

import static org.bytedeco.llvm.global.LLVM.*;

import java.lang.foreign.MemorySegment;
import modelc.backend.llvm.CodeGenerationException;
import modelc.backend.llvm.LlvmCompiler;
import modelc.ir.loop.LoopEntry;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.llvm.LLVM.LLVMOrcDefinitionGeneratorRef;
import org.bytedeco.llvm.LLVM.LLVMOrcLLJITBuilderRef;
import org.bytedeco.llvm.LLVM.LLVMOrcLLJITRef;
import org.bytedeco.llvm.LLVM.LLVMOrcSymbolPredicate;

/**
 * A compiled object linked into this process. It calls nothing: it gives addresses, which are valid
 * until it is closed.
 */
public final class Jit implements AutoCloseable {
  private final LLVMOrcLLJITRef jit = new LLVMOrcLLJITRef();
  private boolean closed;

  private Jit() {}

  /**
   * Links the parts of {@code object}; what they leave undefined is looked up in the process.
   *
   * @throws CodeGenerationException if that fails
   */
  public static Jit load(CompiledObject object) {
    LlvmCompiler.host();
    var loaded = new Jit();
    LlvmCompiler.check(LLVMOrcCreateLLJIT(loaded.jit, (LLVMOrcLLJITBuilderRef) null));
    boolean ready = false;
    try {
      var library = LLVMOrcLLJITGetMainJITDylib(loaded.jit);
      var process = new LLVMOrcDefinitionGeneratorRef();
      LlvmCompiler.check(
          LLVMOrcCreateDynamicLibrarySearchGeneratorForProcess(
              process,
              LLVMOrcLLJITGetGlobalPrefix(loaded.jit),
              (LLVMOrcSymbolPredicate) null,
              (Pointer) null));
      LLVMOrcJITDylibAddGenerator(library, process);
      for (CompiledObject.Part part : object.parts()) {
        LlvmCompiler.check(
            LLVMOrcLLJITAddObjectFile(
                loaded.jit, library, LlvmCompiler.buffer(part.object(), "modelc.o")));
      }
      ready = true;
      return loaded;
    } finally {
      if (!ready) {
        loaded.close();
      }
    }
  }

  /**
   * The address of an exported function, e.g. {@code modelc_train}.
   *
   * @throws CodeGenerationException if there is none of that name
   */
  public synchronized MemorySegment symbol(String name) {
    if (closed) {
      throw new IllegalStateException("this code has been unloaded");
    }
    long[] address = new long[1];
    LlvmCompiler.check(LLVMOrcLLJITLookup(jit, address, name));
    return MemorySegment.ofAddress(address[0]);
  }

  /**
   * The cycles each launch of an entry took, all runs together, where the code is {@linkplain
   * CpuBackend#timed timed}: 64-bit integers, which may be set to 0 while nobody runs it.
   */
  public MemorySegment times(LoopEntry entry) {
    return symbol(LaunchTimes.symbol(entry.name()))
        .reinterpret(Math.multiplyExact(8L, entry.launches().size()));
  }

  /** Unloads the code; nobody may be running it. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      LlvmCompiler.check(LLVMOrcDisposeLLJIT(jit));
    }
  }
}
