package modelc.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import modelc.backend.cpu.CompiledObject;
import modelc.backend.cpu.Jit;
import modelc.backend.cpu.Machine;
import modelc.backend.llvm.LlvmCompiler;
import modelc.backend.llvm.LlvmTarget;
import modelc.compiler.Compiled;
import modelc.compiler.Compiler;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.runtime.Call;
import modelc.runtime.DimSpec;
import modelc.runtime.EntrySpec;
import modelc.runtime.Model;
import modelc.runtime.Session;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * What it costs Java to call a compiled network so small (16-16-4) that its arithmetic is next to
 * nothing, beside an empty native call, and beside the arithmetic alone: the same entry called a
 * few times by a loop in native code.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CallBench {
  private static final String NETWORK =
      """
      model Small {
          input x: f32[16]
          output y = x -> dense(16) -> relu -> dense(4)
      }
      """;

  /** {@code loop} calls an entry n times; {@code nothing} is an entry that does nothing. */
  private static final String CODE =
      """
      define i32 @nothing(ptr %slots, i32 %tid, i32 %nthreads) nounwind {
        ret i32 0
      }
      define void @loop(ptr %entry, ptr %slots, i64 %n) nounwind {
      start:
        br label %next
      next:
        %i = phi i64 [ 0, %start ], [ %i1, %next ]
        %status = call i32 %entry(ptr %slots, i32 0, i32 1)
        %i1 = add i64 %i, 1
        %more = icmp ult i64 %i1, %n
        br i1 %more, label %next, label %end
      end:
        ret void
      }
      """;

  private static final long CALLS = 5;

  /** So few at a time that most measurements fall into one turn of the scheduler. */
  private static final int BATCH = 500;

  /** Constants, as the runtime's own is: only those are compiled to a plain call. */
  private static final MethodHandle ENTRY =
      Linker.nativeLinker()
          .downcallHandle(FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));

  private static final MethodHandle LOOP =
      Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_LONG));

  private final Arena arena = Arena.ofConfined();
  private final Model model;
  private final Call infer;
  private final Jit jit;
  private final MemorySegment nothing;
  private final MemorySegment loop;
  private final MemorySegment entry;
  private final MemorySegment slots;

  /** Compiles the network twice: for the runtime, and to be called without it. */
  public CallBench() {
    var options = FrontendOptions.of(DataCatalog.none()).withMaxBatch(1);
    Compiled compiled =
        new Compiler().compile(Frontend.load("small.model", NETWORK, options).program());
    model = compiled.load();
    Session session = model.open(1);
    session.init(1);
    infer = session.call("infer");
    infer.input("x").data().fill((byte) 0);
    infer.run();

    Machine machine = Machine.host();
    var target = new LlvmTarget(machine.triple(), machine.cpu(), machine.features());
    byte[] loops = LlvmCompiler.object(CODE, target, true).bytes();
    var objects = compiled.object().parts().stream().map(CompiledObject.Part::object).toList();
    jit =
        Jit.load(
            CompiledObject.kept(
                java.util.stream.Stream.concat(objects.stream(), List.of(loops).stream()).toList(),
                machine));
    nothing = jit.symbol("nothing");
    loop = jit.symbol("loop");
    entry = jit.symbol("modelc_infer");
    slots = slots(model.spec().entry("infer").orElseThrow());
  }

  /** The table of docs/abi.md, with zeros for weights and input. */
  private MemorySegment slots(EntrySpec e) {
    var table = arena.allocate(8L * 64, 64);
    int at = 0;
    table.setAtIndex(ADDRESS, at++, arena.allocate(Math.max(64, e.arenaBytes()), 64));
    table.setAtIndex(ADDRESS, at++, arena.allocate(128, 64));
    for (String _ : e.symbols()) {
      table.setAtIndex(JAVA_LONG, at++, 1);
    }
    for (var a : e.arguments()) {
      table.setAtIndex(ADDRESS, at++, arena.allocate(4 * elements(a.shape()), 64));
    }
    for (var r : e.ownResults()) {
      table.setAtIndex(ADDRESS, at++, arena.allocate(4 * elements(r.shape()), 64));
    }
    return table;
  }

  private static long elements(List<DimSpec> shape) {
    return shape.stream().mapToLong(d -> d.evaluate(_ -> 1)).reduce(1, (x, y) -> x * y);
  }

  @TearDown
  public void close() {
    model.close();
    jit.close();
    arena.close();
  }

  /** {@code infer.run()}. */
  @Benchmark
  public void call() {
    infer.run();
  }

  /** The least that a call from Java can cost. */
  @Benchmark
  public int emptyDowncall() throws Throwable {
    return (int) ENTRY.invokeExact(nothing, slots, 0, 1);
  }

  /** Five calls of the entry from native code. */
  @Benchmark
  public void manyInNativeCode() throws Throwable {
    LOOP.invokeExact(loop, entry, slots, CALLS);
  }

  /**
   * Prints the three times and what a call costs beyond its arithmetic: of many short measurements
   * the fastest tenth, which other programs did not interrupt.
   */
  public static void main(String[] arguments) throws RunnerException {
    var results =
        new Runner(
                new OptionsBuilder()
                    .include(CallBench.class.getName())
                    .forks(0)
                    .verbosity(VerboseMode.SILENT)
                    .warmupIterations(400)
                    .warmupBatchSize(BATCH)
                    .measurementIterations(200)
                    .measurementBatchSize(BATCH)
                    .build())
            .run();
    double[] nanos = new double[3];
    for (var r : results) {
      int at =
          Arrays.asList("call", "emptyDowncall", "manyInNativeCode")
              .indexOf(r.getPrimaryResult().getLabel());
      nanos[at] = r.getPrimaryResult().getStatistics().getPercentile(10) / BATCH;
    }
    double arithmetic = nanos[2] / CALLS;
    System.out.printf(
        "16-16-4, batch 1, the fastest tenth: run() %.0f ns; empty downcall %.0f ns; arithmetic"
            + " alone %.0f ns; a call costs %.0f ns beyond its arithmetic%n",
        nanos[0], nanos[1], arithmetic, nanos[0] - arithmetic);
  }
}
