package modelc.backend.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import modelc.ir.Symbol;
import modelc.ir.loop.LoopEntry.Ref;
import modelc.ir.loop.Memory;
import modelc.ptx.DeviceBuffer;
import modelc.ptx.DeviceMemory;
import modelc.ptx.Dim3;
import modelc.ptx.Emulator;
import modelc.ptx.EmulatorOptions;
import modelc.ptx.PtxModule;

/** An entry run launch by launch in the emulator, whose arena is undefined at first. */
final class EmulatedEntry {
  private final GpuEntry entry;
  private final PtxModule module;
  private final EmulatorOptions options;

  EmulatedEntry(GpuProgram program, String entry, EmulatorOptions options) {
    this.entry = program.entry(entry);
    this.module = PtxModule.parse(program.ptx());
    this.options = options;
  }

  /** Runs it; results are in {@code arguments} afterwards, where the launches wrote them. */
  void run(List<Memory> arguments, Map<Symbol, Long> symbols) {
    var memory = new DeviceMemory();
    var emulator = new Emulator(memory, options);
    var buffers = new ArrayList<DeviceBuffer>();
    for (int i = 0; i < arguments.size(); i++) {
      buffers.add(copied(memory, entry.arguments().get(i).name(), arguments.get(i)));
    }
    DeviceBuffer arena = memory.allocate("arena", Math.toIntExact(entry.arenaBytes()));
    for (GpuLaunch l : entry.launches()) {
      KernelShape s = l.shape();
      int[] grid = s.grid().stream().mapToInt(b -> (int) b.count(symbols::get)).toArray();
      if (grid[0] == 0 || grid[1] == 0 || grid[2] == 0) {
        continue;
      }
      var operands = new ArrayList<Object>();
      for (int i = 0; i < l.arguments().size(); i++) {
        operands.add(
            switch (l.arguments().get(i)) {
              case Ref.Argument a -> buffers.get(a.index());
              case Ref.Arena a -> {
                long bytes = l.bytes(i).evaluate(symbols::get);
                yield arena.slice((int) a.byteOffset(), (int) bytes);
              }
            });
      }
      l.symbols().forEach(x -> operands.add(symbols.get(x)));
      emulator.launch(
          module.kernel(l.kernel()),
          new Dim3(grid[0], grid[1], grid[2]),
          Dim3.of(s.threadsX(), s.threadsY()),
          Math.toIntExact(s.dynamicSharedBytes()),
          operands.toArray());
    }
    for (int i = 0; i < arguments.size(); i++) {
      copyBack(buffers.get(i), arguments.get(i));
    }
  }

  private static DeviceBuffer copied(DeviceMemory memory, String name, Memory m) {
    int n = (int) m.size();
    DeviceBuffer b = memory.allocate(name, n * m.dtype().bytes());
    if (n == 0 || !m.isDefined(0)) {
      return b;
    }
    switch (m.dtype()) {
      case F32 -> b.write(m.toFloats());
      case F64 -> {
        var bits = new long[n];
        for (int i = 0; i < n; i++) {
          bits[i] = Double.doubleToRawLongBits(m.get(i));
        }
        b.write(bits);
      }
      case I32 -> {
        var x = new int[n];
        for (int i = 0; i < n; i++) {
          x[i] = (int) m.getLong(i);
        }
        b.write(x);
      }
      case I64 -> {
        var x = new long[n];
        for (int i = 0; i < n; i++) {
          x[i] = m.getLong(i);
        }
        b.write(x);
      }
      case BOOL -> {
        var x = new byte[n];
        for (int i = 0; i < n; i++) {
          x[i] = (byte) m.getLong(i);
        }
        b.write(x);
      }
    }
    return b;
  }

  private static void copyBack(DeviceBuffer b, Memory m) {
    int n = (int) m.size();
    switch (m.dtype()) {
      case F32 -> {
        float[] x = b.toFloats();
        for (int i = 0; i < n; i++) {
          m.set(i, x[i]);
        }
      }
      case F64 -> {
        long[] x = b.toLongs();
        for (int i = 0; i < n; i++) {
          m.set(i, Double.longBitsToDouble(x[i]));
        }
      }
      case I32 -> {
        int[] x = b.toInts();
        for (int i = 0; i < n; i++) {
          m.setLong(i, x[i]);
        }
      }
      case I64 -> {
        long[] x = b.toLongs();
        for (int i = 0; i < n; i++) {
          m.setLong(i, x[i]);
        }
      }
      case BOOL -> {
        byte[] x = b.toBytes();
        for (int i = 0; i < n; i++) {
          m.setLong(i, x[i]);
        }
      }
    }
  }
}
