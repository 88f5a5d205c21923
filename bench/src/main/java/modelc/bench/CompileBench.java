package modelc.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import modelc.backend.cpu.CompiledObject;
import modelc.backend.cpu.CpuBackend;
import modelc.backend.cpu.Machine;
import modelc.compiler.KernelCounts;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.loop.LoopProgram;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Program;
import modelc.passes.Options;
import modelc.passes.Pass;
import modelc.passes.Pipeline;

/**
 * How long each stage of compiling a model takes, and how many kernels come out. It runs nothing
 * that was compiled.
 *
 * <p>Arguments: {@code [--entry NAME] IMAGE FILE [NAME=VALUE ...]}; the image as {@code 3x224x224},
 * settings of the model by name. Run it in a fresh process: the first compilation is the one users
 * wait for.
 */
public final class CompileBench {
  private final Map<String, Double> millis = new LinkedHashMap<>();

  private CompileBench() {}

  public static void main(String[] args) throws IOException {
    new CompileBench().run(List.of(args));
  }

  private void run(List<String> args) throws IOException {
    boolean one = args.getFirst().equals("--entry");
    String wanted = one ? args.get(1) : "";
    List<String> rest = one ? args.subList(2, args.size()) : args;
    long[] image = Stream.of(rest.getFirst().split("x", -1)).mapToLong(Long::parseLong).toArray();
    var set = new LinkedHashMap<String, String>();
    for (String s : rest.subList(2, rest.size())) {
      int equals = s.indexOf('=');
      set.put(s.substring(0, equals), s.substring(equals + 1));
    }
    DataCatalog catalog =
        _ ->
            List.of(
                new DataCatalog.Column("image", TensorType.of(DType.F32, image)),
                new DataCatalog.Column("label", TensorType.scalar(DType.I32)));
    Path file = Path.of(rest.get(1));
    long start = System.nanoTime();
    Program whole = Frontend.load(file, new FrontendOptions(set, Map.of(), catalog)).program();
    millis.put("front end", (System.nanoTime() - start) / 1e6);
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

  private <T> T timed(String name, Supplier<T> work) {
    long start = System.nanoTime();
    T result = work.get();
    millis.merge(name, (System.nanoTime() - start) / 1e6, Double::sum);
    return result;
  }
}
