package modelc.ptx;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import modelc.ptx.EmulatorOptions.Order;

/**
 * Runs kernels on emulated device memory, one block after another, and checks every access. Not for
 * several Java threads at once.
 */
public final class Emulator {
  /** The most shared memory that a block can have, on sm_80 and from sm_90 on. */
  private static final int SHARED_SM80 = 163 * 1024;

  private static final int SHARED_SM90 = 227 * 1024;

  /** Of all emulators: they may share memory, and its record of accesses is kept by launch. */
  private static final AtomicInteger LAUNCHES = new AtomicInteger();

  private final DeviceMemory memory;
  private final EmulatorOptions options;

  public Emulator(DeviceMemory memory) {
    this(memory, EmulatorOptions.DEFAULT);
  }

  public Emulator(DeviceMemory memory, EmulatorOptions options) {
    this.memory = memory;
    this.options = options;
  }

  /**
   * Runs a kernel to its end.
   *
   * @param dynamicSharedBytes of each block's {@code .extern .shared} memory
   * @param arguments for each parameter an Integer, Long, Float, Double, Short, byte[] (by value)
   *     or {@link DeviceBuffer}; the kernel may use those bytes of an allocation only that it was
   *     given, unless it was given none of it or its address as a Long
   * @return what the launch did
   * @throws PtxFault what is wrong with the kernel
   * @throws IllegalArgumentException where the arguments do not fit its parameters
   */
  public LaunchReport launch(
      PtxKernel kernel, Dim3 grid, Dim3 block, int dynamicSharedBytes, Object... arguments) {
    Program program = kernel.program();
    checkSizes(program, grid, block);
    checkShared(kernel, sharedBytes(program, dynamicSharedBytes));
    byte[] parameters = Arguments.pack(program, arguments);
    Map<Region, long[]> windows = windows(arguments);
    var launch =
        new Launch(
            program,
            kernel.names(),
            grid,
            block,
            dynamicSharedBytes,
            parameters,
            memory,
            kernel.module().variables(),
            options,
            LAUNCHES.incrementAndGet());
    windows.forEach((region, w) -> region.windows = w);
    try {
      return run(launch);
    } finally {
      windows.keySet().forEach(region -> region.windows = null);
    }
  }

  private static void checkSizes(Program program, Dim3 grid, Dim3 block) {
    int threads = program.maxThreads() < 0 ? 1024 : Math.min(1024, program.maxThreads());
    if (block.x() < 1 || block.y() < 1 || block.z() < 1 || block.count() > threads) {
      throw new IllegalArgumentException(
          "a block of " + block + " threads: kernel " + program.name() + " allows 1 to " + threads);
    }
    if (grid.x() < 1 || grid.y() < 1 || grid.z() < 1 || grid.y() > 65535 || grid.z() > 65535) {
      throw new IllegalArgumentException("a grid of " + grid + " blocks");
    }
    if (grid.count() > Races.MAX_BLOCKS) {
      throw new IllegalArgumentException("a grid of " + grid + " blocks is too large to emulate");
    }
  }

  private static void checkShared(PtxKernel kernel, int bytes) {
    boolean sm80 = kernel.module().target().startsWith("sm_8");
    int most = sm80 ? SHARED_SM80 : SHARED_SM90;
    if (bytes < 0 || bytes > most) {
      throw new IllegalArgumentException(
          bytes
              + " bytes of shared memory: a block of "
              + kernel.module().target()
              + " has "
              + most);
    }
  }

  private static int sharedBytes(Program program, int dynamicShared) {
    int gaps = program.sharedGaps().stream().mapToInt(g -> g[1] - g[0]).sum();
    return program.dynamicShared() - gaps + dynamicShared;
  }

  /** Of each allocation that the launch gets parts of, those parts. */
  private Map<Region, long[]> windows(Object[] arguments) {
    var windows = new LinkedHashMap<Region, long[]>();
    for (Object a : arguments) {
      if (a instanceof DeviceBuffer b) {
        long[] old = windows.getOrDefault(b.region, new long[0]);
        long[] more = Arrays.copyOf(old, old.length + 2);
        more[old.length] = b.offset;
        more[old.length + 1] = (long) b.offset + b.bytes();
        windows.put(b.region, more);
      }
    }
    for (Object a : arguments) {
      if (a instanceof Long address) {
        windows.remove(memory.slot(address >>> DeviceMemory.SLOT_BITS));
      }
    }
    return windows;
  }

  private LaunchReport run(Launch launch) {
    var block = new Block(launch);
    int all = (int) launch.grid().count();
    int n = Math.min(all, options.mostBlocks());
    for (int i : order(n)) {
      // Evenly spread, so that the last is the last.
      block.run(n == all ? i : (int) ((long) i * (all - 1) / Math.max(1, n - 1)));
    }
    long instructions = 0;
    long threadInstructions = 0;
    long flops = 0;
    long divergences = 0;
    for (Warp w : block.warps) {
      instructions += w.total + w.executed;
      threadInstructions += w.threadInstructions;
      flops += w.flops;
      divergences += w.divergences;
    }
    return new LaunchReport(
        launch.program().name(),
        launch.grid(),
        launch.block(),
        instructions,
        threadInstructions,
        flops,
        divergences,
        block.meetings,
        block.memory.globalRead,
        block.memory.globalWritten,
        sharedBytes(launch.program(), launch.dynamicShared()));
  }

  private int[] order(int n) {
    int[] blocks = IntStream.range(0, n).toArray();
    if (options.order() == Order.DESCENDING) {
      return IntStream.range(0, n).map(i -> n - 1 - i).toArray();
    }
    if (options.order() == Order.RANDOM) {
      var random = new Random(options.seed());
      for (int i = n - 1; i > 0; i--) {
        int k = random.nextInt(i + 1);
        int swap = blocks[i];
        blocks[i] = blocks[k];
        blocks[k] = swap;
      }
    }
    return blocks;
  }
}
