package modelc.backend.gpu;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import modelc.backend.llvm.KernelEmitter;
import modelc.backend.llvm.LlvmCompiler;
import modelc.backend.llvm.LlvmTarget;
import modelc.backend.llvm.ModuleText;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopProgram;
import modelc.passes.Backend;

/**
 * Compiles Loop IR with GPU schedules to PTX, and entries to lists of launches. It needs no GPU and
 * no CUDA toolkit; the driver of the device that runs the PTX makes machine code of it.
 */
public final class PtxBackend implements Backend<GpuProgram> {
  /** Compute capabilities PTX can be made for, oldest first. */
  public static final List<Integer> CAPABILITIES = List.of(80, 86, 87, 89, 90);

  /** What only devices of capability 9.0 have, and no later ones. */
  public static final String SM_90A = "90a";

  /** The first PTX version with all of these: drivers of CUDA 11.8 (version 520) and later. */
  private static final String PTX_VERSION = "+ptx78";

  /** The first with the products of warpgroups: drivers of CUDA 12.0 (version 525) and later. */
  private static final String PTX_VERSION_90A = "+ptx80";

  private final LlvmTarget target;

  /**
   * For devices of a compute capability and all later ones.
   *
   * @param capability e.g. 80 for 8.0
   * @throws IllegalArgumentException if it is not one of {@link #CAPABILITIES}
   */
  public PtxBackend(int capability) {
    if (!CAPABILITIES.contains(capability)) {
      throw new IllegalArgumentException(
          "no code is made for sm_" + capability + ", only for " + CAPABILITIES);
    }
    target = target("sm_" + capability, PTX_VERSION);
  }

  private PtxBackend(LlvmTarget target) {
    this.target = target;
  }

  /**
   * For devices of capability 9.0 alone: what they have that later ones do not. Programs are to be
   * lowered for {@link modelc.passes.Gpu#SM_90A}.
   */
  public static PtxBackend sm90a() {
    return new PtxBackend(target("sm_" + SM_90A, PTX_VERSION_90A));
  }

  /** Whether some of a program's kernels multiply matrices by warpgroups, which needs sm_90a. */
  public static boolean needsSm90a(LoopProgram program) {
    return program.entries().stream()
        .flatMap(e -> e.launches().stream())
        .anyMatch(l -> !KernelShape.of(l.kernel()).sums().isEmpty());
  }

  private static LlvmTarget target(String processor, String version) {
    return new LlvmTarget("nvptx64-nvidia-cuda", processor, version);
  }

  @Override
  public String name() {
    return "ptx";
  }

  @Override
  public GpuProgram compile(LoopProgram program) {
    var aliased = aliased(program);
    String ptx = LlvmCompiler.assembly(llvmIr(aliased), target).text();
    return new GpuProgram(
        SourceLines.insert(ptx, aliased.keySet()),
        program.entries().stream().map(PtxBackend::entry).toList());
  }

  /** The LLVM IR of all kernels as one module. */
  public String llvmIr(LoopProgram program) {
    return llvmIr(aliased(program));
  }

  private static String llvmIr(Map<Kernel, Set<Integer>> kernels) {
    var module = new ModuleText();
    var annotations = new ArrayList<String>();
    kernels.forEach(
        (k, aliased) -> {
          var dialect = new PtxDialect(KernelShape.of(k));
          module.function(KernelEmitter.emit(module, k, dialect, aliased));
          annotations.add(dialect.annotation(k));
        });
    var metadata = new StringBuilder("!nvvm.annotations = !{");
    for (int i = 0; i < annotations.size(); i++) {
      metadata.append(i == 0 ? "!" : ", !").append(i);
    }
    metadata.append("}\n");
    for (int i = 0; i < annotations.size(); i++) {
      metadata.append("!" + i + " = ").append(annotations.get(i)).append('\n');
    }
    return module.text() + metadata;
  }

  /** All kernels, once each, and which of their parameters may be the same memory. */
  private static Map<Kernel, Set<Integer>> aliased(LoopProgram program) {
    var aliased = new LinkedHashMap<Kernel, Set<Integer>>();
    for (LoopEntry e : program.entries()) {
      for (LoopEntry.Launch l : e.launches()) {
        aliased.computeIfAbsent(l.kernel(), _ -> new HashSet<>()).addAll(l.equalArguments());
      }
    }
    return aliased;
  }

  private static GpuEntry entry(LoopEntry e) {
    var shapes = new IdentityHashMap<Kernel, KernelShape>();
    var launches = new ArrayList<GpuLaunch>();
    for (LoopEntry.Launch l : e.launches()) {
      Kernel k = l.kernel();
      KernelShape shape = shapes.computeIfAbsent(k, KernelShape::of);
      launches.add(
          new GpuLaunch(
              KernelEmitter.functionName(k).substring(1),
              shape,
              l.arguments(),
              k.parameters().stream().map(b -> b.size().times(b.dtype().bytes())).toList(),
              k.symbols()));
    }
    return new GpuEntry(e.name(), e.symbols(), e.arguments(), e.arenaBytes(), launches);
  }
}
