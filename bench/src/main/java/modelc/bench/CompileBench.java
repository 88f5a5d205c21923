package modelc.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import modelc.backend.cpu.CompiledObject;
import modelc.backend.cpu.CpuBackend;
import modelc.backend.cpu.Machine;
import modelc.compiler.Compiled;
import modelc.compiler.Compiler;
import modelc.compiler.KernelCounts;
import modelc.compiler.Libraries;
import modelc.ir.loop.LoopProgram;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Program;
import modelc.passes.Options;
import modelc.passes.Pass;
import modelc.passes.Pipeline;
import modelc.runtime.Call;
import modelc.runtime.Model;
import modelc.runtime.Session;

/**
 * How long each stage of compiling a model takes, and how many kernels come out; or, with {@code
 * --run}, what a library for inference costs: compilation as a whole, size, memory, time an image.
 *
 * <p>Arguments: {@code [--entry NAME | --run] IMAGE FILE [NAME=VALUE ...]}; the image as {@code
 * 3x224x224}, settings of the model by name. Run it in a fresh process: the first compilation is
 * the one users wait for.
 */
public final class CompileBench {
  private static final int RUNS = 15;

  private final Map<String, Double> millis = new LinkedHashMap<>();

  private CompileBench() {}

  public static void main(String[] args) throws IOException {
    new CompileBench().run(List.of(args));
  }

  private void run(List<String> args) throws IOException {
    boolean one = args.getFirst().equals("--entry");
    boolean runs = args.getFirst().equals("--run");
    String wanted = one ? args.get(1) : "";
    List<String> rest = args.subList(one ? 2 : runs ? 1 : 0, args.size());
    long[] image = Stream.of(rest.getFirst().split("x", -1)).mapToLong(Long::parseLong).toArray();
    var set = new LinkedHashMap<String, String>();
    for (String s : rest.subList(2, rest.size())) {
      int equals = s.indexOf('=');
      set.put(s.substring(0, equals), s.substring(equals + 1));
    }
    Path file = Path.of(rest.get(1));
    long start = System.nanoTime();
    Map<String, String> recipe = runs ? Map.of("batch", "1") : Map.of();
    Program whole = Steps.classifier(file, image, set, recipe);
    millis.put("front end", (System.nanoTime() - start) / 1e6);
    if (runs) {
      inference(new Program(whole.model(), List.of(whole.entry("init"), whole.entry("infer"))));
      return;
    }
    List<Entry> entries =
        whole.entries().stream().filter(e -> !one || e.name().equals(wanted)).toList();
    Program program = new Program(whole.model(), entries);
    for (Pass pass : Pipeline.passes()) {
      Program before = program;
      program = timed(pass.name(), () -> pass.run(before));
    }
    Program prepared = program;
    LoopProgram loops =
        timed(
            "to Loop IR",
            () -> Pipeline.lower(prepared, Machine.host().target(), Options.DEFAULT).program());
    CompiledObject object = timed("backend", () -> new CpuBackend().compile(loops));
    double total = millis.values().stream().mapToDouble(d -> d).sum();
    millis.forEach((name, ms) -> System.out.printf(Locale.ROOT, "%-22s %9.0f ms%n", name, ms));
    KernelCounts kernels = KernelCounts.of(loops);
    System.out.printf(
        Locale.ROOT,
        "%-22s %9.0f ms; %d kernels, %d distinct, %d KB of code%n",
        "total",
        total,
        kernels.all(),
        kernels.distinct(),
        object.bytes() >> 10);
  }

  /** Compiles, links and runs {@code program} for one image. */
  private void inference(Program program) throws IOException {
    Compiled compiled = timed("compile", () -> new Compiler().compile(program));
    Path library = Files.createTempFile("modelc-bench", ".so");
    try {
      Libraries.write(compiled, program, library);
      System.out.printf(
          Locale.ROOT,
          "compiled in %.1f s (%.1f of processor), %d KB of library",
          millis.values().stream().mapToDouble(d -> d).sum() / 1e3,
          processorMillis() / 1e3,
          Files.size(library) >> 10);
    } finally {
      Files.delete(library);
    }
    try (Model model = compiled.load()) {
      for (int threads : new int[] {1, 2}) {
        try (Session session = model.open(threads)) {
          Call call = Steps.inference(session, 1);
          Steps.time(call, 3);
          double before = processorMillis();
          double[] times = DoubleStream.generate(() -> Steps.time(call, 1)).limit(RUNS).toArray();
          System.out.printf(
              Locale.ROOT,
              ", %.1f ms an image with %d (%.1f of processor)",
              Steps.median(times),
              threads,
              (processorMillis() - before) / RUNS);
        }
      }
    }
    System.out.printf(Locale.ROOT, ", at most %d MB of memory%n", peakMegabytes());
  }

  /** What this process has had of the processor, in all its threads. */
  private static double processorMillis() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos() / 1e6;
  }

  /** The most that was ever resident of this process. */
  private static long peakMegabytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
        .findFirst()
        .orElseThrow();
  }

  private <T> T timed(String name, Supplier<T> work) {
    long start = System.nanoTime();
    T result = work.get();
    millis.merge(name, (System.nanoTime() - start) / 1e6, Double::sum);
    return result;
  }
}
