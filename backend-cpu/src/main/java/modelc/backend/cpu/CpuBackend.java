package modelc.backend.cpu;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import modelc.backend.llvm.CodeGenerationException;
import modelc.backend.llvm.LlvmCompiler;
import modelc.ir.loop.LoopProgram;
import modelc.passes.Backend;

/**
 * Compiles Loop IR for a processor, by default the one this program runs on, the kernels in as many
 * parts as there are processors, side by side. It does not load the result: see {@link Jit}.
 */
public final class CpuBackend implements Backend<CompiledObject> {
  /** More parts than this save little time. */
  private static final int MAX_PARTS = 4;

  /** Kernels below this size together, by {@link KernelSize}, are not worth two threads. */
  private static final long SMALL_PROGRAM = 1000;

  /** Nested expressions, and LLVM on large functions, recurse deeper than a default stack holds. */
  private static final long STACK_BYTES = 64L << 20;

  private final Machine machine;
  private final boolean timed;
  private final boolean optimised;

  /** For the processor this program runs on. */
  public CpuBackend() {
    this(Machine.host());
  }

  public CpuBackend(Machine machine) {
    this(machine, false, true);
  }

  private CpuBackend(Machine machine, boolean timed, boolean optimised) {
    this.machine = machine;
    this.timed = timed;
    this.optimised = optimised;
  }

  /** One whose code measures itself, launch by launch: {@link Jit#times}. */
  public CpuBackend timed() {
    return new CpuBackend(machine, true, optimised);
  }

  /** One that lets LLVM translate only: to tell its faults, and what it may do, from ours. */
  public CpuBackend unoptimised() {
    return new CpuBackend(machine, timed, false);
  }

  @Override
  public String name() {
    return "cpu";
  }

  /**
   * @throws CodeGenerationException if LLVM refuses the code
   * @throws UnsupportedOperationException if the program asks for what a CPU cannot do
   */
  @Override
  public CompiledObject compile(LoopProgram program) {
    long start = System.nanoTime();
    int processors = Math.min(MAX_PARTS, Runtime.getRuntime().availableProcessors());
    var emitter =
        new LlvmEmitter(
            program,
            machine.triple(),
            KernelSize.of(program) < SMALL_PROGRAM ? 1 : processors,
            timed);
    List<CompletableFuture<CompiledObject.Part>> parts =
        IntStream.range(0, emitter.parts()).mapToObj(i -> start(emitter, i)).toList();
    var done = parts.stream().map(CpuBackend::await).toList();
    return new CompiledObject(done, machine, (System.nanoTime() - start) / 1e6);
  }

  /** What generates the code. */
  public static String version() {
    return LlvmCompiler.version();
  }

  /** The LLVM IR of the whole program as one module. */
  public String llvmIr(LoopProgram program) {
    return new LlvmEmitter(program, machine.triple(), 1).part(0);
  }

  private CompletableFuture<CompiledObject.Part> start(LlvmEmitter emitter, int part) {
    return CompletableFuture.supplyAsync(
        () -> {
          long start = System.nanoTime();
          String ir = emitter.part(part);
          double millis = (System.nanoTime() - start) / 1e6;
          return CompiledObject.Part.compile(ir, machine, optimised, millis);
        },
        task -> new Thread(null, task, "modelc-compile-" + part, STACK_BYTES).start());
  }

  private static CompiledObject.Part await(CompletableFuture<CompiledObject.Part> part) {
    try {
      return part.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }
}
