package modelc.compiler;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Supplier;
import modelc.backend.cpu.CompiledObject;
import modelc.backend.cpu.CpuBackend;
import modelc.backend.cpu.Machine;
import modelc.backend.gpu.GpuProgram;
import modelc.backend.gpu.PtxBackend;
import modelc.ir.Precision;
import modelc.ir.loop.LoopPrinter;
import modelc.ir.loop.LoopProgram;
import modelc.ir.tensor.Printer;
import modelc.ir.tensor.Program;
import modelc.passes.Gpu;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.Target;
import modelc.passes.autodiff.Autodiff;
import modelc.passes.fuse.FusedEntry;
import modelc.passes.fuse.FusedPrinter;
import modelc.runtime.Device;
import modelc.runtime.DeviceProgram;
import modelc.runtime.Model;
import modelc.runtime.ModelSpec;
import modelc.runtime.Variable;

/**
 * Drives a program from Tensor IR to machine code. Reading `.model` files is the front end's part,
 * running the result the runtime's.
 */
public final class Compiler {
  private final Options options;
  private final Machine machine;
  private final Optional<CodeCache> cache;

  public Compiler() {
    this(Options.DEFAULT);
  }

  public Compiler(Options options) {
    this(options, Machine.host());
  }

  /** A compiler for another processor than this one: its code may be saved, but not run here. */
  public Compiler(Options options, Machine machine) {
    this(options, machine, Optional.empty());
  }

  /** A compiler that looks into {@code cache} first, and keeps there what it compiles. */
  public Compiler(Options options, Machine machine, Optional<CodeCache> cache) {
    this.options = options;
    this.machine = machine;
    this.cache = cache;
  }

  /**
   * Compiles every entry of {@code program}, or finds it in the cache.
   *
   * @throws modelc.passes.autodiff.NotDifferentiableException if a gradient has to pass through
   *     what has none
   */
  public Compiled compile(Program program) {
    CodeCache.Found<CachedCode> found =
        found(
            () -> CodeKey.of(program, options, machine),
            CachedCode::read,
            CachedCode::write,
            () -> generate(program));
    return compiled(program, found.code(), found.cached());
  }

  /** Code from the cache, or made, and kept there if there is one. */
  private <T> CodeCache.Found<T> found(
      Supplier<CodeKey> key,
      CodeCache.Reader<T> reader,
      CodeCache.Writer<T> writer,
      Supplier<T> maker) {
    return cache
        .map(c -> c.get(key.get(), reader, writer, maker))
        .orElseGet(() -> new CodeCache.Found<>(maker.get(), false));
  }

  private CachedCode generate(Program program) {
    return Bounded.call(
        program.model(),
        () -> {
          LoopProgram loops = loops(program);
          CompiledObject object = new CpuBackend(machine).compile(loops);
          return new CachedCode(
              CachedCode.entries(loops),
              KernelCounts.of(loops),
              object.parts().stream().map(CompiledObject.Part::object).toList());
        });
  }

  private Compiled compiled(Program program, CachedCode code, boolean cached) {
    return new Compiled(
        Specs.of(program, code.entries()),
        code.kernels(),
        CompiledObject.kept(code.objects(), machine),
        cached,
        String.join("\n", options.toString(), machine.target().toString(), machine.toString()));
  }

  /** The parameters, states and optimizer states of {@code program}; nothing is compiled. */
  public static List<Variable> variables(Program program) {
    return Specs.variables(program);
  }

  /** The forms a program takes on its way, by their names on the command line. */
  public enum Stage {
    TENSOR,
    GRAD,
    FUSED,
    LOOPS,
    KERNELS,
    LLVM,
    ASM,
    PTX
  }

  /** The text of {@code program} at a stage. */
  public String text(Program program, Stage stage) {
    return Bounded.call(program.model(), () -> textOf(program, stage));
  }

  private String textOf(Program program, Stage stage) {
    return switch (stage) {
      case TENSOR -> Printer.print(program);
      case GRAD -> after(program, new Autodiff().name());
      case FUSED -> fused(program);
      case LOOPS -> LoopPrinter.print(loops(program));
      case KERNELS -> KernelCounts.of(loops(program)).text();
      case LLVM -> new CpuBackend(machine).llvmIr(loops(program));
      case ASM -> new CpuBackend(machine).compile(loops(program)).assembly();
      case PTX -> gpu(program, PtxBackend.CAPABILITIES.getFirst()).text();
    };
  }

  /**
   * What compiling for GPUs gives: what the runtime needs to know of the program, and its kernels.
   *
   * @param cached whether they were found in the cache
   */
  public record OnDevice(ModelSpec spec, DeviceProgram program, boolean cached) {
    /** Puts it on {@code device}, which is closed with the model. */
    public Model on(Device device) {
      return new Model(spec, program, device);
    }
  }

  /** The same for every GPU that there is code for. */
  public OnDevice forDevices(Program program) {
    return forDevices(program, List.of(PtxBackend.CAPABILITIES.getFirst()));
  }

  /**
   * Compiles every entry of {@code program} for GPUs, or finds it in the cache.
   *
   * @param capabilities of the devices, each for itself and all later ones, e.g. 80
   * @throws IllegalArgumentException if no code is made for such devices
   */
  public OnDevice forDevices(Program program, List<Integer> capabilities) {
    CodeCache.Found<CachedKernels> found =
        found(
            () -> CodeKey.of(program, options, capabilities),
            CachedKernels::read,
            CachedKernels::write,
            () -> kernels(program, capabilities, Gpu.SM_90A));
    return onDevice(program, found.code(), found.cached());
  }

  /** The same, by the schedules of {@code sm90a} for devices of capability 9.0; nothing is kept. */
  OnDevice forDevices(Program program, List<Integer> capabilities, Gpu sm90a) {
    return onDevice(program, kernels(program, capabilities, sm90a), false);
  }

  private static OnDevice onDevice(Program program, CachedKernels kernels, boolean cached) {
    return new OnDevice(Specs.of(program, kernels.entries()), kernels.program(), cached);
  }

  private CachedKernels kernels(Program program, List<Integer> capabilities, Gpu sm90a) {
    return Bounded.call(
        program.model(),
        () -> {
          LoopProgram loops = Pipeline.lower(program, Gpu.SM_80, options).program();
          List<GpuProgram> compiled =
              capabilities.stream().map(c -> new PtxBackend(c).compile(loops)).toList();
          return new CachedKernels(
              CachedCode.entries(loops),
              DevicePrograms.of(capabilities, compiled, sm90a(program, sm90a)));
        });
  }

  /** Kernels for devices of capability 9.0 alone; empty where they are those for all. */
  private Optional<GpuProgram> sm90a(Program program, Gpu gpu) {
    if (options.precision() == Precision.FLOAT32) {
      return Optional.empty();
    }
    LoopProgram loops = Pipeline.lower(program, gpu, options).program();
    return PtxBackend.needsSm90a(loops)
        ? Optional.of(PtxBackend.sm90a().compile(loops))
        : Optional.empty();
  }

  /**
   * Bytes of scratch memory that each entry is planned to need, weights not included; no code is
   * made.
   */
  public static SequencedMap<String, Long> scratchBytes(Program program, Target target) {
    return Bounded.call(
        program.model(),
        () -> {
          var bytes = new LinkedHashMap<String, Long>();
          Pipeline.lower(program, target, Options.DEFAULT)
              .program()
              .entries()
              .forEach(e -> bytes.put(e.name(), e.arenaBytes()));
          return bytes;
        });
  }

  /**
   * Compiles {@code program} for a GPU and puts it on {@code device}, which is closed with the
   * model.
   */
  public Model on(Device device, Program program) {
    return forDevices(program).on(device);
  }

  /**
   * PTX of every kernel of {@code program}, and the launches of its entries.
   *
   * @param capability of the oldest device it is for, e.g. 80
   * @throws IllegalArgumentException if no code is made for such a device
   */
  public GpuProgram gpu(Program program, int capability) {
    var backend = new PtxBackend(capability);
    return Bounded.call(
        program.model(),
        () -> backend.compile(Pipeline.lower(program, Gpu.SM_80, options).program()));
  }

  /**
   * The same for devices of capability 9.0 alone, where four warps multiply large matrices together
   * if a lower precision allows it.
   */
  public GpuProgram gpuSm90a(Program program) {
    return Bounded.call(
        program.model(),
        () -> PtxBackend.sm90a().compile(Pipeline.lower(program, Gpu.SM_90A, options).program()));
  }

  /**
   * The text of {@code program} after the pass of that name.
   *
   * @throws java.util.NoSuchElementException if there is none
   */
  public String after(Program program, String pass) {
    return Bounded.call(
        program.model(), () -> Printer.print(Pipeline.after(pass, program, options)));
  }

  private String fused(Program program) {
    List<FusedEntry> entries =
        Pipeline.fuse(Pipeline.prepare(program, options), machine.target(), options);
    var out = new StringBuilder();
    entries.forEach(e -> out.append(FusedPrinter.print(e)).append('\n'));
    return out.toString();
  }

  private LoopProgram loops(Program program) {
    return Pipeline.lower(program, machine.target(), options).program();
  }
}
