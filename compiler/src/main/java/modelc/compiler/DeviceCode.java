package modelc.compiler;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import modelc.backend.gpu.GpuEntry;
import modelc.backend.gpu.GpuLaunch;
import modelc.backend.gpu.GpuProgram;
import modelc.ir.Symbol;
import modelc.ir.loop.LoopEntry.ArgumentBuffer;
import modelc.ir.loop.LoopEntry.Ref;
import modelc.runtime.Device;
import modelc.runtime.EntrySpec;
import modelc.runtime.ModelSpec;
import modelc.runtime.NativeCode;
import modelc.runtime.ResultSpec;
import org.jspecify.annotations.Nullable;

/**
 * A program on a device, behind the calling convention of native code: sessions and the trainer see
 * no difference. An entry is a function that copies what it is given to the device, runs the
 * launches, and copies the results back.
 *
 * <p>Weights go to and fro at each call: that is for devices that are checked, not for fast ones.
 */
final class DeviceCode implements NativeCode {
  /** The arena and the barrier come first. */
  private static final int FIXED_SLOTS = 2;

  private static final FunctionDescriptor ENTRY =
      FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);

  private final ModelSpec spec;
  private final GpuProgram program;
  private final Device device;
  private final Arena stubs = Arena.ofShared();
  private final Map<String, MemorySegment> entries = new HashMap<>();
  private volatile @Nullable RuntimeException failure;

  /** Takes over {@code device}: closing the code closes it. */
  DeviceCode(ModelSpec spec, GpuProgram program, Device device) {
    this.spec = spec;
    this.program = program;
    this.device = device;
    device.load(program.ptx());
  }

  @Override
  public synchronized MemorySegment entry(String entryName) {
    return entries.computeIfAbsent(
        entryName,
        name -> {
          var running = new Running(program.entry(name), spec.entry(name).orElseThrow());
          return Linker.nativeLinker().upcallStub(running.handle(), ENTRY, stubs);
        });
  }

  @Override
  public Optional<RuntimeException> failure() {
    return Optional.ofNullable(failure);
  }

  @Override
  public void close() {
    device.close();
    stubs.close();
  }

  /** An entry with its memory on the device. */
  private final class Running {
    private final GpuEntry entry;
    private final List<Device.Memory> buffers = new ArrayList<>();
    private final Device.Memory arena;

    /** Of the entry's buffers, how many are arguments. */
    private final int arguments;

    private final List<Integer> written = new ArrayList<>();

    Running(GpuEntry entry, EntrySpec spec) {
      this.entry = entry;
      arguments = spec.arguments().size();
      for (ArgumentBuffer a : entry.arguments()) {
        buffers.add(device.allocate(a.name(), a.elements().max() * a.dtype().bytes()));
      }
      arena = device.allocate("arena", entry.arenaBytes());
      int own = arguments;
      for (ResultSpec r : spec.results()) {
        written.add(r.aliasOf() >= 0 ? r.aliasOf() : own++);
      }
    }

    MethodHandle handle() {
      try {
        return MethodHandles.lookup()
            .findVirtual(
                Running.class,
                "run",
                MethodType.methodType(int.class, long.class, int.class, int.class))
            .bindTo(this);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }

    /** What native code calls; an exception must not leave it. */
    @SuppressWarnings("unused")
    int run(long context, int thread, int threads) {
      if (thread != 0) {
        return 0;
      }
      try {
        run(MemorySegment.ofAddress(context).reinterpret(8L * slots()));
        return 0;
      } catch (RuntimeException e) {
        failure = e;
        return 1;
      } catch (Error e) {
        failure = new IllegalStateException(e);
        return 1;
      }
    }

    private int slots() {
      return FIXED_SLOTS + entry.symbols().size() + buffers.size();
    }

    private void run(MemorySegment context) {
      var sizes = new HashMap<Symbol, Long>();
      int slot = FIXED_SLOTS;
      for (Symbol s : entry.symbols()) {
        sizes.put(s, context.getAtIndex(JAVA_LONG, slot++));
      }
      ToLongFunction<Symbol> sizeOf = s -> sizes.getOrDefault(s, 0L);
      var host = new ArrayList<MemorySegment>();
      for (ArgumentBuffer a : entry.arguments()) {
        long bytes = a.elements().evaluate(sizeOf) * a.dtype().bytes();
        host.add(MemorySegment.ofAddress(context.getAtIndex(JAVA_LONG, slot++)).reinterpret(bytes));
      }
      for (int i = 0; i < buffers.size(); i++) {
        if (i < arguments) {
          buffers.get(i).write(host.get(i));
        } else {
          buffers.get(i).forget();
        }
      }
      arena.forget();
      entry.launches().forEach(l -> launch(l, sizeOf));
      written.forEach(i -> buffers.get(i).read(host.get(i)));
    }

    private void launch(GpuLaunch l, ToLongFunction<Symbol> sizeOf) {
      List<Long> grid = l.shape().grid().stream().map(b -> b.count(sizeOf)).toList();
      if (grid.contains(0L)) {
        return;
      }
      var operands = new ArrayList<Device.Argument>();
      for (int i = 0; i < l.arguments().size(); i++) {
        operands.add(
            switch (l.arguments().get(i)) {
              case Ref.Argument a -> {
                Device.Memory m = buffers.get(a.index());
                yield new Device.Argument.Buffer(m, 0, m.bytes());
              }
              case Ref.Arena a -> new Device.Argument.Buffer(arena, a.byteOffset(), l.bytes(i));
            });
      }
      for (Symbol s : l.symbols()) {
        operands.add(new Device.Argument.Size(sizeOf.applyAsLong(s)));
      }
      device.launch(l.kernel(), grid, l.shape().threadsX(), l.shape().threadsY(), operands);
    }
  }
}
