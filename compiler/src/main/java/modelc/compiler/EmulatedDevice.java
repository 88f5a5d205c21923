package modelc.compiler;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import modelc.ptx.DeviceBuffer;
import modelc.ptx.DeviceMemory;
import modelc.ptx.Dim3;
import modelc.ptx.Emulator;
import modelc.ptx.EmulatorOptions;
import modelc.ptx.LaunchReport;
import modelc.ptx.PtxKernel;
import modelc.ptx.PtxModule;
import modelc.runtime.Device;
import modelc.runtime.DeviceProgram;
import modelc.runtime.LimitException;
import org.jspecify.annotations.Nullable;

/**
 * A device that is emulated: slow, and every access is checked. What is wrong with a kernel is a
 * {@link modelc.ptx.PtxFault}.
 */
public class EmulatedDevice implements Device {
  /** The newest kernels that the emulator understands. */
  private static final int CAPABILITY = 90;

  private static final long ALIGNMENT = 64;

  private final DeviceMemory memory = new DeviceMemory();
  private final Emulator emulator;
  private final boolean sm90a;

  /** Of the launch that runs. */
  private int sharedBytes;

  private @Nullable PtxModule module;

  public EmulatedDevice() {
    this(EmulatorOptions.DEFAULT);
  }

  public EmulatedDevice(EmulatorOptions options) {
    this(options, false);
  }

  /**
   * @param sm90a whether it is a device of capability 9.0, and takes kernels for that alone where
   *     there are some
   */
  public EmulatedDevice(EmulatorOptions options, boolean sm90a) {
    emulator = new Emulator(memory, options);
    this.sm90a = sm90a;
  }

  /** Memory of the emulator. */
  private record Emulated(DeviceMemory memory, DeviceBuffer buffer) implements Memory {
    @Override
    public long bytes() {
      return buffer.bytes();
    }

    DeviceBuffer slice(long at, long bytes) {
      return buffer.slice(Math.toIntExact(at), Math.toIntExact(bytes));
    }

    @Override
    public void write(long at, MemorySegment host) {
      slice(at, host.byteSize()).write(host.toArray(JAVA_BYTE));
    }

    @Override
    public void read(long at, MemorySegment host) {
      byte[] bytes = slice(at, host.byteSize()).toBytes();
      MemorySegment.copy(bytes, 0, host, JAVA_BYTE, 0, bytes.length);
    }

    @Override
    public void forget(long at, long bytes) {
      slice(at, bytes).forget();
    }

    @Override
    public void close() {
      memory.free(buffer);
    }
  }

  /** Host memory; its twin is itself, for nothing is ever under way. */
  private static final class Host implements Staging {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    Host(long bytes) {
      segment = arena.allocate(bytes, ALIGNMENT);
    }

    @Override
    public MemorySegment segment() {
      return segment;
    }

    @Override
    public void send(long bytes) {}

    @Override
    public void deliver(Memory to, long at, long bytes) {
      to.write(at, segment.asSlice(0, bytes));
    }

    @Override
    public void close() {
      arena.close();
    }
  }

  @Override
  public String name() {
    return "the emulator of PTX";
  }

  @Override
  public DeviceProgram choice(DeviceProgram program) {
    return sm90a ? program.sm90a().orElse(program) : program;
  }

  @Override
  public void load(DeviceProgram program) {
    module = PtxModule.parse(program.moduleFor(CAPABILITY).orElseThrow().ptx());
  }

  @Override
  public Memory allocate(String name, long bytes) {
    if (bytes > Integer.MAX_VALUE) {
      throw new LimitException(
          "R0910",
          "the emulator has at most 2 GiB, too little for " + name,
          "use a smaller batch or model");
    }
    return new Emulated(memory, memory.allocate(name, (int) bytes));
  }

  @Override
  public HostMemory hostMemory(long bytes) {
    return staging(bytes);
  }

  @Override
  public Staging staging(long bytes) {
    return new Host(bytes);
  }

  @Override
  public Recorded record(Runnable work) {
    return new Recorded() {
      @Override
      public void replay() {
        work.run();
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void finish() {}

  @Override
  public void launch(
      String kernel,
      List<Long> grid,
      int threadsX,
      int threadsY,
      long sharedBytes,
      List<Argument> arguments) {
    if (module == null) {
      throw new IllegalStateException("no module is loaded");
    }
    Object[] operands =
        arguments.stream()
            .map(
                a ->
                    switch (a) {
                      case Argument.Buffer b -> ((Emulated) b.memory()).slice(b.from(), b.bytes());
                      case Argument.Size s -> (Object) s.value();
                    })
            .toArray();
    this.sharedBytes = Math.toIntExact(sharedBytes);
    run(
        module.kernel(kernel),
        new Dim3(
            Math.toIntExact(grid.get(0)),
            Math.toIntExact(grid.get(1)),
            Math.toIntExact(grid.get(2))),
        Dim3.of(threadsX, threadsY),
        operands);
  }

  /**
   * Runs the kernel of a launch. For those who want to run more, or look at what it does.
   *
   * @param operands for each parameter a {@link DeviceBuffer} or a Long
   * @return what the launch did
   */
  protected LaunchReport run(PtxKernel kernel, Dim3 grid, Dim3 block, Object... operands) {
    return emulator.launch(kernel, grid, block, sharedBytes, operands);
  }

  @Override
  public void close() {
    module = null;
  }
}
