package modelc.compiler;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.List;
import modelc.ptx.DeviceBuffer;
import modelc.ptx.DeviceMemory;
import modelc.ptx.Dim3;
import modelc.ptx.Emulator;
import modelc.ptx.EmulatorOptions;
import modelc.ptx.PtxModule;
import modelc.runtime.Device;
import org.jspecify.annotations.Nullable;

/**
 * A device that is emulated: slow, and every access is checked. What is wrong with a kernel is a
 * {@link modelc.ptx.PtxFault}.
 */
public final class EmulatedDevice implements Device {
  private final DeviceMemory memory = new DeviceMemory();
  private final Emulator emulator;
  private @Nullable PtxModule module;

  public EmulatedDevice() {
    this(EmulatorOptions.DEFAULT);
  }

  public EmulatedDevice(EmulatorOptions options) {
    emulator = new Emulator(memory, options);
  }

  /** Memory of the emulator. */
  private record Emulated(DeviceBuffer buffer) implements Memory {
    @Override
    public long bytes() {
      return buffer.bytes();
    }

    @Override
    public void write(MemorySegment host) {
      buffer.write(host.toArray(JAVA_BYTE));
    }

    @Override
    public void read(MemorySegment host) {
      byte[] bytes = buffer.slice(0, Math.toIntExact(host.byteSize())).toBytes();
      MemorySegment.copy(bytes, 0, host, JAVA_BYTE, 0, bytes.length);
    }

    @Override
    public void forget() {
      buffer.forget();
    }
  }

  @Override
  public void load(String ptx) {
    module = PtxModule.parse(ptx);
  }

  @Override
  public Memory allocate(String name, long bytes) {
    return new Emulated(memory.allocate(name, Math.toIntExact(bytes)));
  }

  @Override
  public void launch(
      String kernel, List<Long> grid, int threadsX, int threadsY, List<Argument> arguments) {
    if (module == null) {
      throw new IllegalStateException("no module is loaded");
    }
    Object[] operands =
        arguments.stream()
            .map(
                a ->
                    switch (a) {
                      case Argument.Buffer b ->
                          ((Emulated) b.memory())
                              .buffer()
                              .slice(Math.toIntExact(b.from()), Math.toIntExact(b.bytes()));
                      case Argument.Size s -> (Object) s.value();
                    })
            .toArray();
    emulator.launch(
        module.kernel(kernel),
        new Dim3(
            Math.toIntExact(grid.get(0)),
            Math.toIntExact(grid.get(1)),
            Math.toIntExact(grid.get(2))),
        Dim3.of(threadsX, threadsY),
        0,
        operands);
  }

  @Override
  public void close() {
    module = null;
  }
}
