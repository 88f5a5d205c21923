package modelc.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import modelc.compiler.Compiler;
import modelc.compiler.EmulatedDevice;
import modelc.ptx.DeviceBuffer;
import modelc.ptx.Dim3;
import modelc.ptx.LaunchReport;
import modelc.ptx.PtxKernel;
import modelc.runtime.Call;
import modelc.runtime.DeviceProgram;
import modelc.runtime.Model;
import modelc.runtime.Session;

/**
 * What each GPU kernel of a training step moves and needs, without a GPU: the bytes its threads
 * load and store, as the emulator counts them, beside the floor, which is each of its buffers once;
 * its instructions; and where {@code MODELC_PTXAS} names NVIDIA's assembler its registers, spills
 * and occupancy for compute capabilities 8.0 and 9.0. Caches are not modelled: bytes are those that
 * threads ask for.
 *
 * <p>Arguments: the network, the batch (default 4).
 */
public final class GpuReport {
  private static final List<Integer> CAPABILITIES = List.of(80, 90);
  private static final int WARP = 32;

  /** Of a multiprocessor. */
  private static final int REGISTERS = 65536;

  private static final int THREADS = 2048;
  private static final int BLOCKS = 32;

  /** Registers are given to a warp so many at a time. */
  private static final int REGISTER_UNIT = 256;

  /** Shared memory of a multiprocessor, and what the driver takes of it for each block. */
  private static final Map<Integer, Integer> SHARED = Map.of(80, 164 << 10, 90, 228 << 10);

  private static final int SHARED_OF_DRIVER = 1 << 10;

  private static final Pattern FUNCTION =
      Pattern.compile(
          "Function properties for (\\S+)\\s+\\d+ bytes stack frame, (\\d+) bytes spill stores, "
              + "(\\d+) bytes spill loads\\s+ptxas info\\s+: Used (\\d+) registers(.*)");

  private static final Pattern SHARED_BYTES = Pattern.compile("(\\d+) bytes smem");

  private GpuReport() {}

  /** What all launches of a kernel did. */
  private record Sum(int launches, int threads, long moved, long floor, long instructions) {
    Sum plus(Sum o) {
      return new Sum(
          launches + o.launches,
          threads,
          moved + o.moved,
          floor + o.floor,
          instructions + o.instructions);
    }
  }

  /** What the assembler made of a kernel. */
  private record Code(int registers, int shared, int spilled) {
    /** The share of a multiprocessor's warps that the blocks have which fit on it. */
    double occupancy(int threads, int capability) {
      int warps = Math.ceilDiv(threads, WARP);
      int each = Math.ceilDiv(registers * WARP, REGISTER_UNIT) * REGISTER_UNIT;
      int all = SHARED.getOrDefault(capability, 0);
      int blocks =
          Math.min(
              Math.min(BLOCKS, THREADS / (warps * WARP)),
              Math.min(REGISTERS / (each * warps), all / (shared + SHARED_OF_DRIVER)));
      return blocks * warps / (double) (THREADS / WARP);
    }
  }

  /** Counts what launches do. */
  private static final class CountingDevice extends EmulatedDevice {
    final Map<String, Sum> sums = new LinkedHashMap<>();
    String ptx = "";

    @Override
    public void load(DeviceProgram program) {
      super.load(program);
      ptx = program.moduleFor(CAPABILITIES.getFirst()).orElseThrow().ptx();
    }

    @Override
    protected LaunchReport run(PtxKernel kernel, Dim3 grid, Dim3 block, Object... operands) {
      LaunchReport r = super.run(kernel, grid, block, operands);
      long floor =
          Arrays.stream(operands).mapToLong(o -> o instanceof DeviceBuffer b ? b.bytes() : 0).sum();
      var sum =
          new Sum(
              1,
              (int) block.count(),
              r.globalRead() + r.globalWritten(),
              floor,
              r.threadInstructions());
      sums.merge(kernel.name(), sum, Sum::plus);
      return r;
    }
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    int batch = args.length > 1 ? Integer.parseInt(args[1]) : 4;
    var device = new CountingDevice();
    try (Model model = new Compiler().on(device, Steps.program(args[0], batch));
        Session session = model.open(1)) {
      Call step = Steps.prepare(session);
      device.sums.clear();
      step.run();
    }
    String ptxas = System.getenv("MODELC_PTXAS");
    var codes = new LinkedHashMap<Integer, Map<String, Code>>();
    for (int capability : CAPABILITIES) {
      codes.put(capability, ptxas == null ? Map.of() : assemble(ptxas, capability, device.ptx));
    }
    print(device.sums, codes);
    if (ptxas == null) {
      System.out.println("MODELC_PTXAS names no ptxas: no registers, spills and occupancy");
    }
  }

  private static Map<String, Code> assemble(String ptxas, int capability, String ptx)
      throws IOException, InterruptedException {
    Path file = Files.createTempFile("modelc", ".ptx");
    try {
      Files.writeString(file, ptx);
      Process p =
          new ProcessBuilder(
                  ptxas, "-v", "-arch=sm_" + capability, "-o", "/dev/null", file.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (p.waitFor() != 0) {
        throw new IOException(ptxas + ": " + said);
      }
      var codes = new HashMap<String, Code>();
      for (MatchResult m : FUNCTION.matcher(said).results().toList()) {
        int spilled = Integer.parseInt(m.group(2)) + Integer.parseInt(m.group(3));
        int shared =
            SHARED_BYTES
                .matcher(m.group(5))
                .results()
                .mapToInt(s -> Integer.parseInt(s.group(1)))
                .sum();
        codes.put(m.group(1), new Code(Integer.parseInt(m.group(4)), shared, spilled));
      }
      return codes;
    } finally {
      Files.delete(file);
    }
  }

  private static void print(Map<String, Sum> sums, Map<Integer, Map<String, Code>> codes) {
    System.out.printf(
        "%-44s %5s %7s %11s %11s %6s %9s",
        "kernel", "times", "threads", "moved", "floor", "x", "instr/B");
    codes.keySet().forEach(c -> System.out.printf(" %9s %7s %7s", "sm_" + c, "spilled", "occup."));
    System.out.println();
    sums.forEach(
        (kernel, s) -> {
          System.out.print(line(kernel, s));
          codes.forEach(
              (capability, of) -> {
                Code c = of.get(kernel);
                if (c != null) {
                  System.out.printf(
                      Locale.ROOT,
                      " %9d %7d %6.0f%%",
                      c.registers(),
                      c.spilled(),
                      100 * c.occupancy(s.threads(), capability));
                }
              });
          System.out.println();
        });
    System.out.println(
        sums.values().stream().reduce(Sum::plus).map(s -> line("all", s)).orElse(""));
  }

  private static String line(String name, Sum s) {
    return String.format(
        Locale.ROOT,
        "%-44s %5d %7d %11d %11d %6.1f %9.1f",
        name,
        s.launches(),
        s.threads(),
        s.moved(),
        s.floor(),
        s.moved() / (double) s.floor(),
        s.instructions() / (double) s.floor());
  }
}
