package modelc.bundle;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import modelc.runtime.ArgumentSpec;
import modelc.runtime.EntrySpec;
import modelc.runtime.Kind;
import modelc.runtime.Npy;
import modelc.runtime.Predictor;
import modelc.runtime.ResultSpec;
import modelc.runtime.Session;
import modelc.runtime.Tensor;
import modelc.runtime.UsageException;

/** Runs a model over examples in {@code .npy} files, and writes its outputs as such. */
public final class Examples {
  private Examples() {}

  /**
   * Does so.
   *
   * @param inputs a file for each input, as {@code NAME=FILE}, or {@code FILE} where there is one
   * @param outputs where outputs go, likewise; those not named go nowhere
   * @throws UsageException if an input is missing, or there is none of a name
   */
  public static void predict(Session session, List<String> inputs, List<String> outputs) {
    EntrySpec infer =
        session
            .model()
            .spec()
            .entry("infer")
            .orElseThrow(() -> new AssertionError("no entry infer"));
    List<ArgumentSpec> arguments = infer.arguments(Kind.INPUT);
    Map<String, Path> from =
        named(inputs, arguments.stream().map(ArgumentSpec::name).toList(), "input");
    Map<String, Path> to =
        named(
            outputs, infer.results(Kind.OUTPUT).stream().map(ResultSpec::name).toList(), "output");
    try (Arena arena = Arena.ofConfined()) {
      var read = new LinkedHashMap<String, Tensor>();
      for (ArgumentSpec a : arguments) {
        Path file = from.get(a.name());
        if (file == null) {
          throw new UsageException(
              "C0105",
              "input " + a.name() + " is not given",
              "add --input " + a.name() + "=FILE.npy");
        }
        read.put(a.name(), Npy.read(file, arena).as(a.type(), arena));
      }
      Map<String, Tensor> results = new Predictor(session).predict(read, arena);
      to.forEach((name, file) -> Npy.write(file, Objects.requireNonNull(results.get(name))));
    }
  }

  private static Map<String, Path> named(List<String> options, List<String> names, String what) {
    var found = new LinkedHashMap<String, Path>();
    for (String option : options) {
      int equals = option.indexOf('=');
      String name =
          equals > 0 ? option.substring(0, equals) : names.size() == 1 ? names.getFirst() : "";
      if (!names.contains(name)) {
        throw new UsageException(
            "C0104",
            name.isEmpty()
                ? "--" + what + " " + option + " does not say which"
                : "there is no " + what + " " + name,
            "write --" + what + " NAME=FILE, with one of " + String.join(", ", names));
      }
      found.put(name, Path.of(option.substring(equals + 1)));
    }
    return found;
  }
}
