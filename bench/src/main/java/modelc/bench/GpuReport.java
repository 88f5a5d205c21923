package modelc.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import modelc.backend.gpu.Ptxas;
import modelc.compiler.Compiler;
import modelc.compiler.EmulatedDevice;
import modelc.ir.Symbol;
import modelc.ir.tensor.Program;
import modelc.passes.Gpu;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.analysis.Costs;
import modelc.passes.fuse.FusedEntry;
import modelc.passes.plan.Assembly;
import modelc.ptx.DeviceBuffer;
import modelc.ptx.Dim3;
import modelc.ptx.LaunchReport;
import modelc.ptx.PtxKernel;
import modelc.runtime.Call;
import modelc.runtime.DeviceProgram;
import modelc.runtime.Model;
import modelc.runtime.Session;

/**
 * What each GPU kernel of a training step moves, computes and needs, without a GPU: the bytes its
 * threads load and store, as the emulator counts them, beside the floor, which is each of its
 * buffers once; its floating-point operations, beside those of its products and convolutions in the
 * model; its instructions; and where {@code MODELC_PTXAS} names NVIDIA's assembler its registers,
 * spills and occupancy. Caches are not modelled: bytes are those that threads ask for.
 *
 * <p>Arguments: the network, the batch (default 4). Or a file of PTX, of whose kernels the
 * assembler's part is told alone; ends with 1 if one spills.
 */
public final class GpuReport {
  private static final List<String> ARCHITECTURES = List.of("sm_80", "sm_90");

  private GpuReport() {}

  /** What all launches of a kernel did. */
  private record Sum(
      int launches, int threads, long moved, long bytes, long done, long flops, long instructions) {
    Sum plus(Sum o) {
      return new Sum(
          launches + o.launches,
          threads,
          moved + o.moved,
          bytes + o.bytes,
          done + o.done,
          flops + o.flops,
          instructions + o.instructions);
    }
  }

  /** Counts what launches do. */
  private static final class CountingDevice extends EmulatedDevice {
    final Map<String, Sum> sums = new LinkedHashMap<>();
    private final Map<String, Long> flops;
    String ptx = "";

    CountingDevice(Map<String, Long> flops) {
      this.flops = flops;
    }

    @Override
    public void load(DeviceProgram program) {
      super.load(program);
      ptx = program.moduleFor(80).orElseThrow().ptx();
    }

    @Override
    protected LaunchReport run(PtxKernel kernel, Dim3 grid, Dim3 block, Object... operands) {
      LaunchReport r = super.run(kernel, grid, block, operands);
      long bytes =
          Arrays.stream(operands).mapToLong(o -> o instanceof DeviceBuffer b ? b.bytes() : 0).sum();
      var sum =
          new Sum(
              1,
              (int) block.count(),
              r.globalRead() + r.globalWritten(),
              bytes,
              r.flops(),
              needed(kernel.name()),
              r.threadInstructions());
      sums.merge(kernel.name(), sum, Sum::plus);
      return r;
    }

    /** The second kernel of a product in pieces adds them up: that is no part of the product. */
    private long needed(String kernel) {
      return kernel.endsWith("_sum")
          ? 0
          : flops.entrySet().stream()
              .filter(e -> kernel.startsWith("k_" + e.getKey()))
              .mapToLong(Map.Entry::getValue)
              .sum();
    }
  }

  public static void main(String[] args) throws IOException {
    Optional<Ptxas> ptxas = Ptxas.ofEnvironment();
    if (args[0].endsWith(".ptx")) {
      if (ptxas.isEmpty()) {
        System.err.println(
            "there is no assembler: name ptxas in MODELC_PTXAS (it comes with the CUDA toolkit, or"
                + " pip's nvidia-cuda-nvcc)");
        System.exit(3);
      }
      System.exit(spilling(ptxas.get(), Files.readString(Path.of(args[0]))) ? 1 : 0);
    }
    int batch = args.length > 1 ? Integer.parseInt(args[1]) : 4;
    Program program = Steps.program(args[0], batch);
    var device = new CountingDevice(flops(program, batch));
    try (Model model = new Compiler().on(device, program);
        Session session = model.open(1)) {
      Call step = Steps.prepare(session);
      device.sums.clear();
      step.run();
    }
    print(device.sums, ptxas.isPresent() ? codes(ptxas.get(), device.ptx) : Map.of());
    if (ptxas.isEmpty()) {
      System.out.println("MODELC_PTXAS names no ptxas: no registers, spills and occupancy");
    }
  }

  /** The arithmetic of each group of the training step, by what its kernels' names begin with. */
  private static Map<String, Long> flops(Program program, long batch) {
    Options options = Options.DEFAULT;
    Program prepared = Pipeline.prepare(program, options);
    var flops = new HashMap<String, Long>();
    for (FusedEntry e : Pipeline.fuse(prepared, Gpu.SM_80, options)) {
      var sizes = new HashMap<Symbol, Long>();
      Assembly.symbols(e.entry()).forEach(s -> sizes.put(s, batch));
      for (int i = 0; i < e.groups().size(); i++) {
        flops.put(Assembly.prefix(e.entry(), i), Costs.flops(e.groups().get(i).members(), sizes));
      }
    }
    return flops;
  }

  private static Map<String, Map<String, Ptxas.Code>> codes(Ptxas ptxas, String ptx)
      throws IOException {
    var codes = new LinkedHashMap<String, Map<String, Ptxas.Code>>();
    for (String architecture : ARCHITECTURES) {
      codes.put(architecture, ptxas.assemble(ptx, architecture));
    }
    return codes;
  }

  /** Prints what the assembler makes of PTX: whether a kernel spills. */
  private static boolean spilling(Ptxas ptxas, String ptx) throws IOException {
    boolean spilling = false;
    for (String architecture : ARCHITECTURES) {
      var codes = ptxas.assemble(ptx, architecture);
      System.out.printf(
          "%-44s %7s %9s %7s %7s %7s%n",
          architecture, "threads", "registers", "shared", "spilled", "occup.");
      codes.forEach(
          (kernel, c) ->
              System.out.printf(
                  Locale.ROOT,
                  "%-44s %7d %9d %7d %7d %6.0f%%%n",
                  kernel,
                  c.threads(),
                  c.registers(),
                  c.shared(),
                  c.spilled(),
                  100 * c.occupancy()));
      System.out.printf(
          Locale.ROOT,
          "%d kernels: at most %d registers and %d bytes shared; %d spill; lowest occupancy %.0f%%%n",
          codes.size(),
          codes.values().stream().mapToInt(Ptxas.Code::registers).max().orElse(0),
          codes.values().stream().mapToInt(Ptxas.Code::shared).max().orElse(0),
          codes.values().stream().filter(c -> c.spilled() > 0).count(),
          100 * codes.values().stream().mapToDouble(Ptxas.Code::occupancy).min().orElse(1));
      spilling |= codes.values().stream().anyMatch(c -> c.spilled() > 0);
    }
    return spilling;
  }

  private static void print(Map<String, Sum> sums, Map<String, Map<String, Ptxas.Code>> codes) {
    System.out.printf(
        "%-44s %5s %7s %11s %11s %6s %12s %12s %6s %8s",
        "kernel", "times", "threads", "moved", "floor", "x", "flops", "floor", "x", "instr/B");
    codes.keySet().forEach(c -> System.out.printf(" %9s %7s %7s", c, "spilled", "occup."));
    System.out.println();
    sums.forEach(
        (kernel, s) -> {
          System.out.print(line(kernel, s));
          for (Map<String, Ptxas.Code> of : codes.values()) {
            Ptxas.Code c = of.get(kernel);
            if (c != null) {
              System.out.printf(
                  Locale.ROOT, " %9d %7d %6.0f%%", c.registers(), c.spilled(), 100 * c.occupancy());
            }
          }
          System.out.println();
        });
    System.out.println(
        sums.values().stream().reduce(Sum::plus).map(s -> line("all", s)).orElse(""));
  }

  private static String line(String name, Sum s) {
    String arithmetic =
        s.flops() == 0
            ? "%12d %12s %6s".formatted(s.done(), "", "")
            : String.format(
                Locale.ROOT, "%12d %12d %6.2f", s.done(), s.flops(), s.done() / (double) s.flops());
    return String.format(
        Locale.ROOT,
        "%-44s %5d %7d %11d %11d %6.1f %s %8.1f",
        name,
        s.launches(),
        s.threads(),
        s.moved(),
        s.bytes(),
        s.moved() / (double) s.bytes(),
        arithmetic,
        s.instructions() / (double) s.bytes());
  }
}
