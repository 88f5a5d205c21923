package modelc.compiler;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import modelc.ptx.DeviceBuffer;
import modelc.ptx.DeviceMemory;
import modelc.ptx.Dim3;
import modelc.ptx.Emulator;
import modelc.ptx.PtxModule;
import modelc.runtime.DeviceProgram;
import org.jspecify.annotations.Nullable;

/**
 * A driver that is none: {@code fakecuda.c}, compiled by the machine's C compiler, in whose device
 * memory the emulator of PTX runs the kernels. One for the whole process.
 */
final class FakeCuda {
  private static final FunctionDescriptor RUN =
      FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT);

  private final Path library;
  private final SymbolLookup functions;
  private final MemorySegment stub;
  private @Nullable PtxModule module;
  private final Map<String, Integer> buffersOf = new HashMap<>();
  private @Nullable Throwable thrown;

  private FakeCuda(Path library) {
    this.library = library;
    functions = SymbolLookup.libraryLookup(library, Arena.global());
    try {
      var handle =
          MethodHandles.lookup()
              .findVirtual(
                  FakeCuda.class,
                  "run",
                  MethodType.methodType(
                      void.class,
                      MemorySegment.class,
                      MemorySegment.class,
                      MemorySegment.class,
                      int.class,
                      MemorySegment.class,
                      int.class))
              .bindTo(this);
      stub = Linker.nativeLinker().upcallStub(handle, RUN, Arena.global());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("no way back", e);
    }
  }

  /** Compiles it; empty where there is no C compiler. */
  static Optional<FakeCuda> build() throws IOException, InterruptedException {
    Optional<Path> compiler =
        Stream.of("cc", "gcc", "clang")
            .flatMap(
                name ->
                    Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":", -1))
                        .map(folder -> Path.of(folder, name)))
            .filter(Files::isExecutable)
            .findFirst();
    if (compiler.isEmpty()) {
      return Optional.empty();
    }
    Path folder = Files.createTempDirectory("fakecuda");
    Path source = folder.resolve("fakecuda.c");
    Path library = folder.resolve("libcuda.so.1");
    try (InputStream in =
        Objects.requireNonNull(FakeCuda.class.getResourceAsStream("fakecuda.c"))) {
      Files.copy(in, source);
    }
    Process process =
        new ProcessBuilder(
                compiler.get().toString(),
                "-std=gnu11",
                "-shared",
                "-fPIC",
                "-O1",
                "-o",
                library.toString(),
                source.toString(),
                "-lpthread")
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new AssertionError(said);
    }
    return Optional.of(new FakeCuda(library));
  }

  /** What the environment must hold for it to be taken for the driver. */
  Map<String, String> environment() {
    return Map.of("MODELC_LIBCUDA", library.toString());
  }

  /** The same, with what it says of kernels for capability 9.0 alone. */
  Map<String, String> environment(String sm90a) {
    return Map.of("MODELC_LIBCUDA", library.toString(), "MODELC_SM90A", sm90a);
  }

  private long call(
      String function, MemoryLayout result, List<MemoryLayout> types, Object... with) {
    MemorySegment address = functions.find(function).orElseThrow();
    FunctionDescriptor descriptor =
        FunctionDescriptor.of(result, types.toArray(MemoryLayout[]::new));
    try {
      Object out =
          Linker.nativeLinker().downcallHandle(address, descriptor).invokeWithArguments(with);
      return ((Number) out).longValue();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private void tell(String function, List<MemoryLayout> types, Object... with) {
    MemorySegment address = functions.find(function).orElseThrow();
    FunctionDescriptor descriptor = FunctionDescriptor.ofVoid(types.toArray(MemoryLayout[]::new));
    try {
      Linker.nativeLinker().downcallHandle(address, descriptor).invokeWithArguments(with);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private String text(String function) {
    long address = call(function, JAVA_LONG, List.of());
    return MemorySegment.ofAddress(address).reinterpret(1 << 16).getString(0);
  }

  /** Forgets everything: a machine with one GPU and a driver for CUDA 12.4. */
  void reset() {
    tell("fake_reset", List.of());
    module = null;
    thrown = null;
  }

  /** What the driver says of the machine. */
  void machine(int driver, int gpus, int capability, long bytes) {
    tell(
        "fake_machine",
        List.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG),
        driver,
        gpus,
        capability,
        bytes);
  }

  /** Has a function fail, after so many calls that do not. */
  void fail(String function, int error, int after) {
    try (Arena arena = Arena.ofConfined()) {
      tell(
          "fake_fail",
          List.of(ADDRESS, JAVA_INT, JAVA_INT),
          arena.allocateFrom(function),
          error,
          after);
    }
  }

  /** Has the emulator run kernels; without, they do nothing. */
  void emulate(DeviceProgram program) {
    module = PtxModule.parse(program.moduleFor(90).orElseThrow().ptx());
    for (DeviceProgram.Entry e : program.entries()) {
      e.launches().forEach(l -> buffersOf.put(l.kernel(), l.buffers().size()));
    }
    tell("fake_run", List.of(ADDRESS), stub);
  }

  /** Called by the driver for each launch. */
  @SuppressWarnings("unused")
  void run(
      MemorySegment kernel,
      MemorySegment grid,
      MemorySegment block,
      int sharedBytes,
      MemorySegment parameters,
      int count) {
    try {
      run(
          kernel.reinterpret(256).getString(0),
          grid.reinterpret(12).toArray(JAVA_INT),
          block.reinterpret(12).toArray(JAVA_INT),
          sharedBytes,
          parameters.reinterpret(8L * count).toArray(JAVA_LONG));
    } catch (Throwable e) {
      thrown = thrown == null ? e : thrown;
    }
  }

  /** Copies the allocations that a kernel is given to the emulator and back. */
  private void run(String kernel, int[] grid, int[] block, int sharedBytes, long[] parameters) {
    var memory = new DeviceMemory();
    var copies = new HashMap<Long, DeviceBuffer>();
    var host = new HashMap<Long, MemorySegment>();
    var operands = new Object[parameters.length];
    int buffers = Objects.requireNonNull(buffersOf.get(kernel));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(JAVA_LONG);
      for (int i = 0; i < parameters.length; i++) {
        if (i >= buffers) {
          operands[i] = parameters[i];
          continue;
        }
        long begin =
            call("fake_allocation", JAVA_LONG, List.of(JAVA_LONG, ADDRESS), parameters[i], size);
        long bytes = size.get(JAVA_LONG, 0);
        DeviceBuffer copy = copies.get(begin);
        if (copy == null) {
          MemorySegment real = MemorySegment.ofAddress(begin).reinterpret(bytes);
          copy = memory.allocate("allocation", Math.toIntExact(bytes));
          copy.write(real.toArray(JAVA_BYTE));
          copies.put(begin, copy);
          host.put(begin, real);
        }
        int from = Math.toIntExact(parameters[i] - begin);
        operands[i] = copy.slice(from, copy.bytes() - from);
      }
    }
    new Emulator(memory)
        .launch(
            Objects.requireNonNull(module).kernel(kernel),
            new Dim3(grid[0], grid[1], grid[2]),
            new Dim3(block[0], block[1], block[2]),
            sharedBytes,
            operands);
    copies.forEach(
        (begin, copy) ->
            Objects.requireNonNull(host.get(begin))
                .copyFrom(MemorySegment.ofArray(copy.toBytes())));
  }

  /** What a kernel's run ended with, if not well. */
  Optional<Throwable> thrown() {
    return Optional.ofNullable(thrown);
  }

  /** The first misuse of the driver; empty if there was none. */
  String complaint() {
    return text("fake_complaint");
  }

  /** What is not freed, a line each. */
  String leaks() {
    return text("fake_leaks");
  }

  /** The functions called since they were last forgotten. */
  List<String> calls() {
    return text("fake_calls").lines().toList();
  }

  void forgetCalls() {
    tell("fake_forget_calls", List.of());
  }
}
