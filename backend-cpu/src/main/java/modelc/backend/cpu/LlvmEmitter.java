package modelc.backend.cpu;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import modelc.backend.llvm.FunctionText;
import modelc.backend.llvm.KernelEmitter;
import modelc.backend.llvm.LlvmTypes;
import modelc.backend.llvm.ModuleText;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopProgram;

/**
 * Writes a Loop IR program as LLVM modules in text: a function per kernel and an exported one,
 * {@code i32 @modelc_NAME(ptr ctx, i32 tid, i32 nthreads)}, per entry. It neither runs nor
 * optimises anything.
 *
 * <p>{@code ctx} is an array of 8-byte slots: the arena (64-byte aligned), the barrier (one cache
 * line, zeroed once), the symbols' values in the entry's order, then a pointer per argument. All
 * threads enter; thread 0 alone runs launches that are not split; the caller joins the threads
 * after the call.
 *
 * <p>Nothing vectorises, unrolls or reorders what it is given. What makes code fast:
 *
 * <ul>
 *   <li>Accumulators in a REGISTER buffer of vectors as wide as the machine's, indexed by UNROLL
 *       variables: they become registers. On 16 registers a tile of 6 rows by 2 vectors with its
 *       operands fits without spilling.
 *   <li>A scalar operand loaded and splat right before the fused multiply-adds that use it: one
 *       broadcast load.
 *   <li>Indices as sums of products of loop variables and constants: partial sums that vary in
 *       outer loops only are hoisted, constants go into the instruction. A quotient or remainder is
 *       opaque: let it outside the inner loop.
 *   <li>Many rows at unrelated addresses cost a general register each and, past ten or so, spills;
 *       constant distances between rows cost nothing.
 * </ul>
 */
final class LlvmEmitter {
  private final LoopProgram program;
  private final String triple;
  private final boolean timed;
  private final IdentityHashMap<Kernel, Set<Integer>> aliased = new IdentityHashMap<>();
  private final List<List<Kernel>> parts = new ArrayList<>();

  /** Cuts a program for a machine of that LLVM triple into at most {@code parts} modules. */
  LlvmEmitter(LoopProgram program, String triple, int parts) {
    this(program, triple, parts, false);
  }

  /**
   * As above. Entries that are {@code timed} have a barrier at every launch, and thread 0 adds up
   * the processor's cycles that each takes: launch i's in element i of the exported {@code i64}
   * array {@code modelc_times_NAME}.
   */
  LlvmEmitter(LoopProgram program, String triple, int parts, boolean timed) {
    this.program = program;
    this.timed = timed;
    this.triple = triple;
    List<Kernel> kernels = collect();
    int count = Math.max(1, Math.min(parts, kernels.size()));
    long[] sizes = new long[count];
    for (int i = 0; i < count; i++) {
      this.parts.add(new ArrayList<>());
    }
    kernels.sort(Comparator.comparingLong((Kernel k) -> KernelSize.of(k)).reversed());
    for (Kernel k : kernels) {
      int smallest =
          IntStream.range(0, count)
              .boxed()
              .min(Comparator.comparingLong(i -> sizes[i]))
              .orElseThrow();
      sizes[smallest] += KernelSize.of(k);
      this.parts.get(smallest).add(k);
    }
  }

  int parts() {
    return parts.size();
  }

  /**
   * The text of one module. The last holds the entries. Parts may be written by several threads at
   * a time.
   */
  String part(int index) {
    var module = new ModuleText(!triple.startsWith("wasm"));
    var dialect = new CpuDialect(parts.size() == 1 ? "internal" : "hidden");
    for (Kernel k : parts.get(index)) {
      module.function(KernelEmitter.emit(module, k, dialect, aliased.getOrDefault(k, Set.of())));
    }
    if (index == parts.size() - 1) {
      parts
          .subList(0, index)
          .forEach(part -> part.forEach(k -> module.declare(CpuDialect.declaration(k))));
      program.entries().forEach(e -> entry(module, e));
    }
    return module.text();
  }

  /** All kernels, once each, and which of their parameters may be the same memory. */
  private List<Kernel> collect() {
    var kernels = new ArrayList<Kernel>();
    var names = new HashSet<String>();
    for (LoopEntry e : program.entries()) {
      for (LoopEntry.Launch launch : e.launches()) {
        Kernel k = launch.kernel();
        if (!aliased.containsKey(k)) {
          if (!names.add(k.name())) {
            throw new IllegalArgumentException("two kernels are named " + k.name());
          }
          kernels.add(k);
        }
        aliased.computeIfAbsent(k, _ -> new HashSet<>()).addAll(launch.equalArguments());
      }
    }
    return kernels;
  }

  private void entry(ModuleText module, LoopEntry e) {
    var f = new FunctionText(module);
    String arena = f.result("load ptr, ptr %ctx");
    String barrier = slot(f, "ptr", 1);
    var symbols = new HashMap<String, String>();
    for (int i = 0; i < e.symbols().size(); i++) {
      symbols.put(e.symbols().get(i).name(), slot(f, "i64", 2 + i));
    }
    var arguments = new ArrayList<String>();
    for (int i = 0; i < e.arguments().size(); i++) {
      arguments.add(slot(f, "ptr", 2 + e.symbols().size() + i));
    }
    boolean alone = false;
    String join = "";
    String first = f.pure("icmp eq i32 %tid, 0");
    Optional<LaunchTimes> times =
        timed ? Optional.of(LaunchTimes.declare(module, f, e)) : Optional.empty();
    for (LoopEntry.Launch launch : e.launches()) {
      if (alone && (launch.split() || launch.barrier() || timed)) {
        f.leave();
        f.jump(join);
        f.startBlock(join);
        alone = false;
      }
      if (launch.barrier() || timed) {
        module.helper("modelc.barrier", () -> Barrier.define(module, triple));
        f.line("call void @modelc.barrier(ptr " + barrier + ", i32 %nthreads)");
      }
      times.ifPresent(t -> t.next(f));
      if (!launch.split() && !alone) {
        String only = f.freshLabel("alone");
        join = f.freshLabel("join");
        f.branch(first, only, join);
        f.startBlock(only);
        f.enter();
        alone = true;
      }
      call(f, launch, arena, symbols, arguments);
    }
    if (alone) {
      f.leave();
      f.jump(join);
      f.startBlock(join);
    }
    if (times.isPresent()) {
      f.line("call void @modelc.barrier(ptr " + barrier + ", i32 %nthreads)");
      times.get().next(f);
    }
    f.line("ret i32 0");
    module.function(
        f.define(
            "define i32 @" + symbol(e) + "(ptr %ctx, i32 %tid, i32 %nthreads) nounwind", null));
  }

  private static void call(
      FunctionText f,
      LoopEntry.Launch launch,
      String arena,
      Map<String, String> symbols,
      List<String> arguments) {
    Kernel k = launch.kernel();
    if (launch.arguments().size() != k.parameters().size()) {
      throw new IllegalArgumentException(
          "kernel " + k.name() + " is launched with the wrong number of arguments");
    }
    var operands = new ArrayList<String>();
    for (LoopEntry.Ref ref : launch.arguments()) {
      String pointer =
          switch (ref) {
            case LoopEntry.Ref.Argument a -> arguments.get(a.index());
            case LoopEntry.Ref.Arena a ->
                a.byteOffset() == 0
                    ? arena
                    : f.pure("getelementptr i8, ptr " + arena + ", i64 " + a.byteOffset());
          };
      operands.add("ptr " + pointer);
    }
    for (var s : k.symbols()) {
      String value = symbols.get(s.name());
      if (value == null) {
        throw new IllegalArgumentException(
            "kernel " + k.name() + " needs symbol " + s + ", which its entry lacks");
      }
      operands.add("i64 " + value);
    }
    operands.add("i32 " + (launch.split() ? "%tid" : "0"));
    operands.add("i32 " + (launch.split() ? "%nthreads" : "1"));
    f.line("call void " + KernelEmitter.functionName(k) + "(" + String.join(", ", operands) + ")");
  }

  private static String slot(FunctionText f, String type, int index) {
    return f.result(
        "load " + type + ", ptr " + f.pure("getelementptr i64, ptr %ctx, i64 " + index));
  }

  /** The exported name of an entry. */
  static String symbol(LoopEntry e) {
    return LlvmTypes.name("modelc_" + e.name());
  }
}
