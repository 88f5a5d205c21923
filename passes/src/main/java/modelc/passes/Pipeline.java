package modelc.passes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import modelc.ir.loop.Canonical;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopProgram;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Verifier;
import modelc.passes.autodiff.Autodiff;
import modelc.passes.fuse.FusedEntry;
import modelc.passes.fuse.Fusion;
import modelc.passes.fuse.ReluMasks;
import modelc.passes.layout.AssignLayouts;
import modelc.passes.layout.FullWindows;
import modelc.passes.layout.MaterializePadding;
import modelc.passes.layout.SeparateResults;
import modelc.passes.plan.Assembly;
import modelc.passes.plan.JoinRows;
import modelc.passes.simplify.Simplify;
import modelc.passes.vectorize.Vectorize;

/**
 * The way from a program in Tensor IR, as the front end makes it, to Loop IR, as a backend takes
 * it: read {@link #lower} from top to bottom.
 *
 * <p>It holds no knowledge of its own but the order of the passes.
 */
public final class Pipeline {
  /** A lowered program, and how well the arena of each entry was used. */
  public record Lowered(LoopProgram program, Map<String, Assembly.Memory> memory) {
    public Lowered {
      memory = Map.copyOf(memory);
    }
  }

  private Pipeline() {}

  /** The passes over Tensor IR, in order; each is a name of {@code --after}. */
  public static List<Pass> passes() {
    return List.of(
        new FullWindows(),
        // Before calls are expanded: stated gradients need those they belong to whole.
        new Autodiff(),
        new Inline(),
        new Simplify(),
        new ReluMasks(),
        // Padding becomes visible to fusion, and shared by value numbering.
        new MaterializePadding(),
        // Last, because the copies it makes would be simplified away.
        new SeparateResults());
  }

  public static Lowered lower(Program program, Hardware hardware, Options options) {
    Program prepared = prepare(program, options);
    Hardware scheduled = scheduled(hardware, options);
    List<FusedEntry> fused = fuse(prepared, scheduled, options);
    var entries = new ArrayList<LoopEntry>();
    var memory = new HashMap<String, Assembly.Memory>();
    for (FusedEntry f : fused) {
      checkInterrupt();
      Assembly.Result r = Assembly.assemble(f, scheduled);
      entries.add(r.entry());
      memory.put(r.entry().name(), r.memory());
    }
    LoopProgram loops = shareKernels(new LoopProgram(program.model(), entries));
    if (options.vectorize() && hardware instanceof Target target) {
      loops = Vectorize.run(loops, target.vectorLanes());
    }
    return new Lowered(loops, memory);
  }

  /** All passes over Tensor IR. */
  public static Program prepare(Program program, Options options) {
    Program p = program;
    for (Pass pass : passes()) {
      p = run(pass, p, options);
    }
    return p;
  }

  /**
   * The program after the pass of that name.
   *
   * @throws NoSuchElementException if there is none
   */
  public static Program after(String name, Program program, Options options) {
    Program p = program;
    for (Pass pass : passes()) {
      p = run(pass, p, options);
      if (pass.name().equals(name)) {
        return p;
      }
    }
    List<String> names = passes().stream().map(Pass::name).toList();
    throw new NoSuchElementException(
        "no pass is called " + name + "; there are " + String.join(", ", names));
  }

  /** Who waits no longer for a thread that compiles interrupts it. */
  private static void checkInterrupt() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("compiling was interrupted");
    }
  }

  private static Program run(Pass pass, Program program, Options options) {
    checkInterrupt();
    Program result = pass.run(program);
    if (options.verify()) {
      Verifier.Stage stage =
          switch (pass) {
            case FullWindows _ -> Verifier.Stage.SOURCE;
            case Autodiff _ -> Verifier.Stage.DIFFERENTIATED;
            default -> Verifier.Stage.EXPANDED;
          };
      try {
        Verifier.verify(result, stage);
      } catch (RuntimeException e) {
        throw new IllegalStateException("after pass " + pass.name() + ": " + e.getMessage(), e);
      }
    }
    return result;
  }

  private static Hardware scheduled(Hardware hardware, Options options) {
    return switch (hardware) {
      case Gpu gpu -> gpu.withPrecision(options.precision());
      case Target target -> target;
    };
  }

  /** Layouts and groups of every entry. */
  public static List<FusedEntry> fuse(Program prepared, Hardware hardware, Options options) {
    var fused = new ArrayList<FusedEntry>();
    for (Entry e : prepared.entries()) {
      checkInterrupt();
      AssignLayouts.Result r = AssignLayouts.assign(e);
      FusedEntry groups = Fusion.fuse(r.entry(), r.layouts(), options.fuse());
      fused.add(
          switch (hardware) {
            case Gpu gpu -> JoinRows.run(groups, gpu);
            case Target _ -> groups;
          });
    }
    return fused;
  }

  /** Equal kernels become the same object, so that each is compiled once. */
  private static LoopProgram shareKernels(LoopProgram program) {
    var known = new HashMap<Kernel, Kernel>();
    var entries = new ArrayList<LoopEntry>();
    for (LoopEntry e : program.entries()) {
      var launches = new ArrayList<LoopEntry.Launch>();
      for (LoopEntry.Launch l : e.launches()) {
        Kernel k = known.computeIfAbsent(Canonical.of(l.kernel()), _ -> l.kernel());
        launches.add(new LoopEntry.Launch(k, l.arguments(), l.split(), l.barrier()));
      }
      entries.add(new LoopEntry(e.name(), e.symbols(), e.arguments(), e.arenaBytes(), launches));
    }
    return new LoopProgram(program.model(), entries);
  }
}
