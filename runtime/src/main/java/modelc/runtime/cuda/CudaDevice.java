package modelc.runtime.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import modelc.runtime.ContentCache;
import modelc.runtime.Device;
import modelc.runtime.DeviceException;
import modelc.runtime.DeviceProgram;
import modelc.runtime.Sm90a;

/**
 * A GPU of NVIDIA's. Kernels and copies go to one stream, copies ahead of time to a second; what is
 * recorded becomes a CUDA graph. It uses the device's primary context, as other libraries in the
 * process may.
 */
public final class CudaDevice implements Device {
  private static final Pattern NAME = Pattern.compile("cuda(?::(\\d{1,3}))?");
  private static final int NON_BLOCKING = 1; // CU_STREAM_NON_BLOCKING
  private static final int CAPTURE_THREAD_LOCAL = 1; // CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
  private static final int DEFAULT_EVENT = 0; // CU_EVENT_DEFAULT
  private static final int ATTRIBUTE_MAJOR = 75; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
  private static final int ATTRIBUTE_MINOR = 76; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR
  private static final int NAME_BYTES = 256;
  private static final long LARGEST_GRID_YZ = 65535;

  /** Shared memory that a block has without being allowed more. */
  private static final long SHARED_BYTES = 48 << 10;

  private static final int MAX_DYNAMIC_SHARED =
      8; // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
  private static final int HOPPER = 90;
  private static final int CUDA_12 = 12000;

  private final Libcuda cuda;
  private final Optional<ContentCache> cache;
  private final Resources resources;
  private final int capability;
  private final boolean sm90aWanted;
  private final String name;
  private final long context;
  private final long stream;
  private final long copies;
  private final long begun;
  private final long ended;
  private final Map<String, Long> kernels = new HashMap<>();
  private long module;
  private boolean timed;

  private CudaDevice(Libcuda cuda, int ordinal, Optional<ContentCache> cache, boolean sm90aWanted) {
    this.cuda = cuda;
    this.cache = cache;
    this.sm90aWanted = sm90aWanted;
    cuda.call(Function.INIT, 0);
    int count = cuda.readInt(Function.DEVICE_GET_COUNT);
    if (ordinal >= count) {
      throw new DeviceException(
          "R0903",
          count == 0
              ? "the NVIDIA driver finds no GPU"
              : "there is no GPU " + ordinal + ": there are " + count + ", counted from 0",
          Cures.of(100));
    }
    int device = cuda.readInt(Function.DEVICE_GET, ordinal);
    name = name(device);
    capability =
        10 * cuda.readInt(Function.DEVICE_GET_ATTRIBUTE, ATTRIBUTE_MAJOR, device)
            + cuda.readInt(Function.DEVICE_GET_ATTRIBUTE, ATTRIBUTE_MINOR, device);
    context = cuda.readLong(Function.PRIMARY_CTX_RETAIN, device);
    resources = new Resources(cuda, context);
    resources.add(Function.PRIMARY_CTX_RELEASE, device);
    try {
      cuda.call(Function.CTX_SET_CURRENT, context);
      stream = owned(Function.STREAM_CREATE, Function.STREAM_DESTROY, NON_BLOCKING);
      copies = owned(Function.STREAM_CREATE, Function.STREAM_DESTROY, NON_BLOCKING);
      begun = owned(Function.EVENT_CREATE, Function.EVENT_DESTROY, DEFAULT_EVENT);
      ended = owned(Function.EVENT_CREATE, Function.EVENT_DESTROY, DEFAULT_EVENT);
    } catch (DeviceException e) {
      resources.closeAfter(e);
      throw e;
    }
  }

  /**
   * The number of the GPU that users call {@code cuda} or {@code cuda:1}; empty for other names.
   */
  public static OptionalInt ordinal(String device) {
    Matcher cuda = NAME.matcher(device);
    return cuda.matches()
        ? OptionalInt.of(Optional.ofNullable(cuda.group(1)).map(Integer::parseInt).orElse(0))
        : OptionalInt.empty();
  }

  /** The first GPU, with the user's cache for its machine code. */
  public static CudaDevice open() {
    return open(0, ContentCache.ofEnvironment(System.getenv()), System.getenv());
  }

  /**
   * A GPU.
   *
   * @param ordinal its number, from 0, as the driver counts
   * @param cache for the machine code that the driver makes of PTX
   * @param environment may name the driver's library in {@code MODELC_LIBCUDA}, and say whether
   *     kernels for its capability alone are taken, see {@link Sm90a}
   * @throws DeviceException if there is no driver, too old a one, or no such GPU
   */
  public static CudaDevice open(
      int ordinal, Optional<ContentCache> cache, Map<String, String> environment) {
    boolean sm90a = Sm90a.wanted(environment, true);
    return new CudaDevice(Libcuda.open(environment), ordinal, cache, sm90a);
  }

  private String name(int device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(NAME_BYTES);
      cuda.call(Function.DEVICE_GET_NAME, text.address(), NAME_BYTES, device);
      return text.getString(0);
    }
  }

  /** Makes something that {@code free} frees; closing the device does, too. */
  private long owned(Function make, Function free, long... arguments) {
    long handle = cuda.readLong(make, arguments);
    resources.add(free, handle);
    return handle;
  }

  /** The GPU, its compute capability, and the newest CUDA that its driver knows. */
  @Override
  public String name() {
    return name + " (sm_" + capability + ", driver for CUDA " + cuda.version() + ")";
  }

  /** Code for capability 9.0 alone does not run on newer devices, nor do old drivers read it. */
  @Override
  public DeviceProgram choice(DeviceProgram program) {
    boolean able = capability == HOPPER && cuda.knows(CUDA_12);
    return able && sm90aWanted ? program.sm90a().orElse(program) : program;
  }

  @Override
  public void load(DeviceProgram program) {
    cuda.call(Function.CTX_SET_CURRENT, context);
    DeviceProgram.Module chosen =
        program
            .moduleFor(capability)
            .orElseThrow(
                () ->
                    new DeviceException(
                        "R0904",
                        name
                            + " has compute capability "
                            + capability / 10.0
                            + ", and the kernels are for 8.0 and later",
                        "use a GPU of the Ampere generation or later, or --device cpu"));
    if (module != 0) {
      resources.free(Function.MODULE_UNLOAD, module);
      kernels.clear();
    }
    var code = new MachineCode(cuda, cache, capability, name);
    module = code.load(chosen.ptx());
    resources.add(Function.MODULE_UNLOAD, module);
    // All now, for the driver may load them lazily, and must not while a graph is captured.
    try (Arena arena = Arena.ofConfined()) {
      for (String kernel : program.kernels()) {
        long text = arena.allocateFrom(kernel).address();
        kernels.put(kernel, cuda.readLong(Function.MODULE_GET_FUNCTION, module, text));
      }
    }
    program.entries().forEach(e -> e.launches().forEach(this::allowShared));
  }

  /** A kernel that has more shared memory than usual has to be allowed it. */
  private void allowShared(DeviceProgram.Launch l) {
    if (l.sharedBytes() > SHARED_BYTES) {
      long function = java.util.Objects.requireNonNull(kernels.get(l.kernel()));
      cuda.call(Function.FUNC_SET_ATTRIBUTE, function, MAX_DYNAMIC_SHARED, l.sharedBytes());
    }
  }

  @Override
  public Memory allocate(String what, long bytes) {
    cuda.call(Function.CTX_SET_CURRENT, context);
    return new CudaMemory(new MemoryTaker(cuda, resources, name).take(what, bytes), bytes);
  }

  /** Memory of the GPU. */
  private final class CudaMemory implements Memory {
    private final long address;
    private final long bytes;

    CudaMemory(long address, long bytes) {
      this.address = address;
      this.bytes = bytes;
    }

    @Override
    public long bytes() {
      return bytes;
    }

    long at(long offset, long length) {
      java.util.Objects.checkFromIndexSize(offset, length, bytes);
      return address + offset;
    }

    @Override
    public void write(long at, MemorySegment host) {
      long length = host.byteSize();
      if (length > 0) {
        cuda.call(Function.CTX_SET_CURRENT, context);
        cuda.call(Function.MEMCPY_HTOD_ASYNC, at(at, length), host.address(), length, stream);
      }
    }

    @Override
    public void read(long at, MemorySegment host) {
      long length = host.byteSize();
      if (length > 0) {
        cuda.call(Function.CTX_SET_CURRENT, context);
        cuda.call(Function.MEMCPY_DTOH_ASYNC, host.address(), at(at, length), length, stream);
      }
    }

    @Override
    public void forget(long at, long length) {}

    @Override
    public void close() {
      resources.free(Function.MEM_FREE, address);
    }
  }

  @Override
  public HostMemory hostMemory(long bytes) {
    MemorySegment segment = pinned(bytes);
    return new HostMemory() {
      @Override
      public MemorySegment segment() {
        return segment;
      }

      @Override
      public void close() {
        resources.free(Function.MEM_FREE_HOST, segment.address());
      }
    };
  }

  private MemorySegment pinned(long bytes) {
    cuda.call(Function.CTX_SET_CURRENT, context);
    long address = new MemoryTaker(cuda, resources, name).takeOnHost(bytes);
    return MemorySegment.ofAddress(address).reinterpret(bytes).fill((byte) 0);
  }

  @Override
  public Staging staging(long bytes) {
    HostMemory host = hostMemory(bytes);
    Memory twin = allocate("a batch sent ahead", bytes);
    long sent = owned(Function.EVENT_CREATE, Function.EVENT_DESTROY, DEFAULT_EVENT);
    return new CudaStaging(host, (CudaMemory) twin, sent);
  }

  /** Pinned memory, its twin, and the event of a copy to it. */
  private final class CudaStaging implements Staging {
    private final HostMemory host;
    private final CudaMemory twin;
    private final long sent;

    CudaStaging(HostMemory host, CudaMemory twin, long sent) {
      this.host = host;
      this.twin = twin;
      this.sent = sent;
    }

    @Override
    public MemorySegment segment() {
      return host.segment();
    }

    @Override
    public void send(long bytes) {
      cuda.call(Function.CTX_SET_CURRENT, context);
      if (bytes > 0) {
        long from = segment().address();
        cuda.call(Function.MEMCPY_HTOD_ASYNC, twin.at(0, bytes), from, bytes, copies);
      }
      cuda.call(Function.EVENT_RECORD, sent, copies);
    }

    @Override
    public void deliver(Memory to, long at, long bytes) {
      cuda.call(Function.CTX_SET_CURRENT, context);
      cuda.call(Function.STREAM_WAIT_EVENT, stream, sent, 0);
      long target = ((CudaMemory) to).at(at, bytes);
      cuda.call(Function.MEMCPY_DTOD_ASYNC, target, twin.at(0, bytes), bytes, stream);
    }

    /** Freed only once no copy is under way. */
    @Override
    public void close() {
      resources.freeAll(
          () -> {
            cuda.call(Function.CTX_SET_CURRENT, context);
            cuda.call(Function.STREAM_SYNCHRONIZE, copies);
          },
          () -> resources.free(Function.EVENT_DESTROY, sent),
          twin::close,
          host::close);
    }
  }

  @Override
  public void launch(
      String kernel,
      List<Long> grid,
      int threadsX,
      int threadsY,
      long sharedBytes,
      List<Argument> arguments) {
    Long function = kernels.get(kernel);
    if (function == null) {
      throw new IllegalStateException("no kernel " + kernel + " is loaded");
    }
    if (grid.get(1) > LARGEST_GRID_YZ || grid.get(2) > LARGEST_GRID_YZ) {
      throw new DeviceException(
          "R0908",
          "kernel " + kernel + " needs a grid of " + grid + " blocks, too many for a GPU",
          "use a smaller batch");
    }
    cuda.call(Function.CTX_SET_CURRENT, context);
    try (Arena arena = Arena.ofConfined()) {
      // An array of pointers to the values of the parameters, 64 bits each.
      MemorySegment values = arena.allocate(JAVA_LONG, Math.max(1, arguments.size()));
      MemorySegment pointers = arena.allocate(ADDRESS, Math.max(1, arguments.size()));
      for (int i = 0; i < arguments.size(); i++) {
        values.setAtIndex(JAVA_LONG, i, value(arguments.get(i)));
        pointers.setAtIndex(ADDRESS, i, values.asSlice(8L * i));
      }
      cuda.call(
          Function.LAUNCH_KERNEL,
          function,
          grid.get(0),
          grid.get(1),
          grid.get(2),
          threadsX,
          threadsY,
          1,
          sharedBytes,
          stream,
          pointers.address(),
          0);
    }
  }

  private static long value(Argument argument) {
    return switch (argument) {
      case Argument.Buffer b -> ((CudaMemory) b.memory()).at(b.from(), b.bytes());
      case Argument.Size s -> s.value();
    };
  }

  /** Has the GPU's time of each replay measured, which costs a few microseconds. */
  public void measureTimes(boolean on) {
    timed = on;
  }

  /** How long the GPU took for the last replay, in milliseconds, once it is finished. */
  public OptionalDouble lastMillis() {
    if (!timed) {
      return OptionalDouble.empty();
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_FLOAT);
      cuda.call(Function.CTX_SET_CURRENT, context);
      cuda.call(Function.EVENT_ELAPSED_TIME, out.address(), begun, ended);
      return OptionalDouble.of(out.get(JAVA_FLOAT, 0));
    }
  }

  @Override
  public Recorded record(Runnable work) {
    long executable = captured(work);
    return new Recorded() {
      @Override
      public void replay() {
        cuda.call(Function.CTX_SET_CURRENT, context);
        if (timed) {
          cuda.call(Function.EVENT_RECORD, begun, stream);
        }
        cuda.call(Function.GRAPH_LAUNCH, executable, stream);
        if (timed) {
          cuda.call(Function.EVENT_RECORD, ended, stream);
        }
      }

      @Override
      public void close() {
        resources.free(Function.GRAPH_EXEC_DESTROY, executable);
      }
    };
  }

  private long captured(Runnable work) {
    cuda.call(Function.CTX_SET_CURRENT, context);
    cuda.call(Function.STREAM_BEGIN_CAPTURE, stream, CAPTURE_THREAD_LOCAL);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      try {
        work.run();
      } catch (RuntimeException e) {
        // The stream must leave its capture; that it was in vain is known.
        cuda.result(Function.STREAM_END_CAPTURE, stream, out.address());
        destroyGraph(out.get(JAVA_LONG, 0));
        throw e;
      }
      cuda.call(Function.STREAM_END_CAPTURE, stream, out.address());
      long graph = out.get(JAVA_LONG, 0);
      try {
        return owned(Function.GRAPH_INSTANTIATE, Function.GRAPH_EXEC_DESTROY, graph, 0);
      } finally {
        destroyGraph(graph);
      }
    }
  }

  /** Frees what was captured: its executable form needs it no more. */
  private void destroyGraph(long graph) {
    if (graph != 0) {
      resources.add(Function.GRAPH_DESTROY, graph);
      resources.free(Function.GRAPH_DESTROY, graph);
    }
  }

  @Override
  public void finish() {
    cuda.call(Function.CTX_SET_CURRENT, context);
    cuda.call(Function.STREAM_SYNCHRONIZE, stream);
  }

  @Override
  public void close() {
    resources.close();
  }
}
