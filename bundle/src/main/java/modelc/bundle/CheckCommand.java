package modelc.bundle;

import com.google.gson.Gson;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.cuda.CudaDevice;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code NAME check}: whether a device computes the numbers that came with the model. One JSON
 * object on standard output, what is wrong on standard error.
 */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = {
      "Compares what a device computes with numbers computed elsewhere.",
      "Prints one JSON object; ends with 1 if they differ."
    })
final class CheckCommand implements Callable<Integer> {
  private final Bundled bundled;

  @Mixin RunOptions run;

  @Option(
      names = "--numbers",
      paramLabel = "FILE",
      description = "Arguments and results (default: those beside the model).")
  Optional<Path> numbers = Optional.empty();

  CheckCommand(Bundled bundled) {
    this.bundled = bundled;
  }

  @Override
  public Integer call() {
    Optional<CudaDevice> device = Bundled.device(run.device);
    var artifact = bundled.artifact();
    try (Arena arena = Arena.ofConfined();
        Model model = device.map(artifact::load).orElseGet(artifact::load);
        Session session = model.open(run.threads())) {
      Numbers known = Numbers.read(numbers.orElseGet(bundled::numbers), arena);
      List<String> wrong = known.wrong(session);
      wrong.forEach(w -> System.err.println("wrong: " + w));
      var result = new LinkedHashMap<String, Object>();
      result.put("model", bundled.name());
      result.put("device", device.map(CudaDevice::name).orElse("cpu"));
      result.put("cases", known.cases().size());
      result.put("wrong", wrong.size());
      result.put("right", wrong.isEmpty());
      System.out.println(new Gson().toJson(result));
      return wrong.isEmpty() ? 0 : 1;
    }
  }
}
