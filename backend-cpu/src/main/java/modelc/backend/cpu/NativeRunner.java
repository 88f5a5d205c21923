package modelc.backend.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import modelc.ir.DType;
import modelc.ir.Symbol;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopProgram;
import modelc.ir.loop.Memory;
import org.jspecify.annotations.Nullable;

/**
 * Compiles one entry or kernel and runs it on buffers it hands out: for tests and measurements. It
 * is not how models are run: that is the runtime's, which knows neither this class nor LLVM.
 *
 * <p>Every buffer, the arena included, lies between guard bytes that are checked after each run.
 */
public final class NativeRunner implements AutoCloseable {
  private static final long GUARD_BYTES = 128;
  private static final byte GUARD = (byte) 0xA5;
  private static final MethodHandle ENTRY =
      Linker.nativeLinker()
          .downcallHandle(FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));

  private record Guarded(MemorySegment whole, long from, long to) {}

  /** Several entries compiled together. */
  public static final class Loaded implements AutoCloseable {
    private final LoopProgram program;
    private final CompiledObject object;
    private final Jit jit;

    private Loaded(LoopProgram program, CompiledObject object) {
      this.program = program;
      this.object = object;
      jit = Jit.load(object);
    }

    /** Runs the i-th entry; closed before this is. */
    public NativeRunner entry(int i) {
      return new NativeRunner(program.entries().get(i), object, jit, false);
    }

    @Override
    public void close() {
      jit.close();
    }
  }

  private final LoopEntry entry;
  private final CompiledObject object;
  private final Jit jit;
  private final boolean ownsCode;
  private final MemorySegment code;
  private final Arena memory = Arena.ofShared();
  private final List<Guarded> allocations = new ArrayList<>();
  private final MemorySegment arena;
  private final MemorySegment barrier;

  private NativeRunner(LoopEntry entry, CompiledObject object, Jit jit, boolean ownsCode) {
    this.entry = entry;
    this.object = object;
    this.jit = jit;
    this.ownsCode = ownsCode;
    this.code = jit.symbol("modelc_" + entry.name());
    this.arena = allocateBytes(entry.arenaBytes());
    this.barrier = memory.allocate(128, 64);
  }

  public static NativeRunner of(LoopEntry entry) {
    return of(entry, Machine.host());
  }

  /** Runs code for another machine, which this one must be able to run. */
  public static NativeRunner of(LoopEntry entry, Machine machine) {
    var program = new LoopProgram(entry.name(), List.of(entry));
    CompiledObject object = new CpuBackend(machine).compile(program);
    return new NativeRunner(entry, object, Jit.load(object), true);
  }

  /** Compiles all entries of a program at once. */
  public static Loaded load(LoopProgram program, CpuBackend backend) {
    return new Loaded(program, backend.compile(program));
  }

  /** Runs one kernel, on all threads; the arguments are its parameters. */
  public static NativeRunner of(Kernel kernel) {
    return of(kernel, Machine.host());
  }

  /** Runs one kernel's code for another machine, which this one must be able to run. */
  public static NativeRunner of(Kernel kernel, Machine machine) {
    var arguments = new ArrayList<LoopEntry.ArgumentBuffer>();
    var refs = new ArrayList<LoopEntry.Ref>();
    for (var b : kernel.parameters()) {
      refs.add(new LoopEntry.Ref.Argument(arguments.size()));
      arguments.add(new LoopEntry.ArgumentBuffer(b.name(), b.dtype(), b.size()));
    }
    var launch = new LoopEntry.Launch(kernel, refs, true, false);
    return of(new LoopEntry("run", kernel.symbols(), arguments, 0, List.of(launch)), machine);
  }

  /**
   * Compiles an entry and runs it on {@code threads} threads, like {@link
   * modelc.ir.loop.LoopInterpreter#run(LoopEntry, List, Map)}: what it writes is in {@code
   * arguments} afterwards. The machine does not know what is undefined, so afterwards nothing is.
   */
  public static void run(
      LoopEntry entry, List<Memory> arguments, Map<Symbol, Long> symbols, int threads) {
    try (var runner = of(entry)) {
      runner.run(arguments, symbols, threads);
    }
  }

  /** Compiles a kernel and runs it, like {@link #run(LoopEntry, List, Map, int)}. */
  public static void run(
      Kernel kernel, List<Memory> arguments, Map<Symbol, Long> symbols, int threads) {
    try (var runner = of(kernel)) {
      runner.run(arguments, symbols, threads);
    }
  }

  /** Runs once on copies of {@code arguments}, which are copied back. */
  public void run(List<Memory> arguments, Map<Symbol, Long> symbols, int threads) {
    var segments = new MemorySegment[arguments.size()];
    for (int a = 0; a < segments.length; a++) {
      segments[a] = allocate(arguments.get(a).dtype(), arguments.get(a).size());
      copy(arguments.get(a), segments[a], true);
    }
    run(threads, symbols, segments);
    for (int a = 0; a < segments.length; a++) {
      copy(arguments.get(a), segments[a], false);
    }
  }

  private static void copy(Memory m, MemorySegment s, boolean toNative) {
    for (long i = 0; i < m.size(); i++) {
      if (toNative) {
        switch (m.dtype()) {
          case F32 -> s.setAtIndex(JAVA_FLOAT, i, (float) m.get(i));
          case F64 -> s.setAtIndex(JAVA_DOUBLE, i, m.get(i));
          case I32 -> s.setAtIndex(JAVA_INT, i, (int) m.getLong(i));
          case I64 -> s.setAtIndex(JAVA_LONG, i, m.getLong(i));
          case BOOL -> s.set(JAVA_BYTE, i, (byte) m.getLong(i));
        }
      } else {
        switch (m.dtype()) {
          case F32 -> m.set(i, s.getAtIndex(JAVA_FLOAT, i));
          case F64 -> m.set(i, s.getAtIndex(JAVA_DOUBLE, i));
          case I32 -> m.setLong(i, s.getAtIndex(JAVA_INT, i));
          case I64 -> m.setLong(i, s.getAtIndex(JAVA_LONG, i));
          case BOOL -> m.setLong(i, s.get(JAVA_BYTE, i));
        }
      }
    }
  }

  /** What was compiled: its LLVM IR, assembly, times. */
  public CompiledObject object() {
    return object;
  }

  /**
   * A buffer of that many elements, zeroed, 64-byte aligned; it lives until this runner is closed.
   */
  public MemorySegment allocate(DType dtype, long elements) {
    return allocateBytes(elements * dtype.bytes());
  }

  public MemorySegment allocate(float... values) {
    MemorySegment s = allocate(DType.F32, values.length);
    MemorySegment.copy(MemorySegment.ofArray(values), 0, s, 0, s.byteSize());
    return s;
  }

  public MemorySegment allocate(double... values) {
    MemorySegment s = allocate(DType.F64, values.length);
    MemorySegment.copy(MemorySegment.ofArray(values), 0, s, 0, s.byteSize());
    return s;
  }

  public MemorySegment allocate(int... values) {
    MemorySegment s = allocate(DType.I32, values.length);
    MemorySegment.copy(MemorySegment.ofArray(values), 0, s, 0, s.byteSize());
    return s;
  }

  public MemorySegment allocate(long... values) {
    MemorySegment s = allocate(DType.I64, values.length);
    MemorySegment.copy(MemorySegment.ofArray(values), 0, s, 0, s.byteSize());
    return s;
  }

  /** The arena of the entry. */
  public MemorySegment arena() {
    return arena;
  }

  /** Runs once on {@code threads} threads; the arguments are in the entry's order. */
  public void run(int threads, Map<Symbol, Long> symbols, MemorySegment... arguments) {
    MemorySegment context = context(symbols, arguments);
    spmd(threads, tid -> call(context, tid, threads));
    checkGuards();
  }

  /** Runs {@code repetitions} times and gives the nanoseconds of each run. */
  public double[] time(
      int threads, int repetitions, Map<Symbol, Long> symbols, MemorySegment... arguments) {
    MemorySegment context = context(symbols, arguments);
    var arrived = new AtomicInteger();
    double[] nanos = new double[repetitions];
    spmd(
        threads,
        tid -> {
          for (int r = 0; r < repetitions; r++) {
            meet(arrived, (2 * r + 1) * threads);
            long start = System.nanoTime();
            call(context, tid, threads);
            meet(arrived, (2 * r + 2) * threads);
            if (tid == 0) {
              nanos[r] = System.nanoTime() - start;
            }
          }
        });
    checkGuards();
    return nanos;
  }

  @Override
  public void close() {
    if (ownsCode) {
      jit.close();
    }
    memory.close();
  }

  private MemorySegment context(Map<Symbol, Long> symbols, MemorySegment... arguments) {
    if (arguments.length != entry.arguments().size()) {
      throw new IllegalArgumentException(
          entry.name()
              + " takes "
              + entry.arguments().size()
              + " arguments, not "
              + arguments.length);
    }
    int slots = 2 + entry.symbols().size() + arguments.length;
    MemorySegment context = memory.allocate(8L * slots, 64);
    int next = 0;
    context.setAtIndex(ADDRESS, next++, arena);
    context.setAtIndex(ADDRESS, next++, barrier);
    for (Symbol s : entry.symbols()) {
      Long value = symbols.get(s);
      if (value == null) {
        throw new IllegalArgumentException("no value for symbol " + s);
      }
      context.setAtIndex(JAVA_LONG, next++, value);
    }
    for (MemorySegment a : arguments) {
      context.setAtIndex(ADDRESS, next++, a);
    }
    return context;
  }

  private void call(MemorySegment context, int tid, int threads) {
    try {
      int status = (int) ENTRY.invokeExact(code, context, tid, threads);
      if (status != 0) {
        throw new IllegalStateException("the entry returned " + status);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private interface Body {
    void run(int tid);
  }

  private static void spmd(int threads, Body body) {
    var failure = new AtomicReference<@Nullable Throwable>();
    var others = new ArrayList<Thread>();
    for (int t = 1; t < threads; t++) {
      int tid = t;
      others.add(Thread.ofPlatform().start(() -> attempt(body, tid, failure)));
    }
    attempt(body, 0, failure);
    for (Thread t : others) {
      try {
        t.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while native code runs", e);
      }
    }
    Throwable thrown = failure.get();
    if (thrown != null) {
      throw new IllegalStateException("a thread failed", thrown);
    }
  }

  private static void attempt(Body body, int tid, AtomicReference<@Nullable Throwable> failure) {
    try {
      body.run(tid);
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
  }

  private static void meet(AtomicInteger arrived, int target) {
    arrived.incrementAndGet();
    for (int spins = 0; arrived.get() < target; spins++) {
      if (spins < 10_000) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(1);
      }
    }
  }

  private MemorySegment allocateBytes(long bytes) {
    long padded = (bytes + 63) / 64 * 64;
    MemorySegment whole = memory.allocate(padded + 2 * GUARD_BYTES, 64);
    whole.asSlice(0, GUARD_BYTES).fill(GUARD);
    whole.asSlice(GUARD_BYTES + bytes).fill(GUARD);
    allocations.add(new Guarded(whole, GUARD_BYTES, GUARD_BYTES + bytes));
    return whole.asSlice(GUARD_BYTES, bytes);
  }

  private void checkGuards() {
    for (Guarded g : allocations) {
      for (long i = 0; i < g.whole().byteSize(); i++) {
        if (i == g.from()) {
          i = g.to();
        }
        if (g.whole().get(JAVA_BYTE, i) != GUARD) {
          throw new IllegalStateException(
              "native code wrote "
                  + (i - g.from())
                  + " bytes from the start of a buffer of "
                  + (g.to() - g.from()));
        }
      }
    }
  }
}
