package modelc.bundle;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import com.google.gson.reflect.TypeToken;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.runtime.Call;
import modelc.runtime.DataException;
import modelc.runtime.Safetensors;
import modelc.runtime.Session;
import modelc.runtime.Tensor;

/**
 * What entries have to give: arguments with the results that were computed elsewhere, kept in a
 * safetensors file. Its tensors are called {@code CASE.argument.NAME} and {@code CASE.result.NAME};
 * its metadata {@code cases} tells the rest as JSON.
 */
public record Numbers(List<Case> cases) {
  private static final String CASES = "cases";

  public Numbers {
    cases = List.copyOf(cases);
  }

  /**
   * A call of an entry.
   *
   * @param name of the case, for messages
   * @param sizes of the call, by symbol
   * @param tolerance how far apart numbers may be, of the largest magnitude of a result or of 1
   */
  public record Case(
      String name,
      String entry,
      Map<String, Long> sizes,
      double tolerance,
      Map<String, Tensor> arguments,
      Map<String, Tensor> results) {}

  /** What the metadata say of a case. */
  private record Head(String name, String entry, Map<String, Long> sizes, double tolerance) {}

  /**
   * Writes the file.
   *
   * @throws modelc.runtime.FileException if it cannot
   */
  public void write(Path file) {
    var heads = new ArrayList<Head>();
    var tensors = new LinkedHashMap<String, Tensor>();
    for (int i = 0; i < cases.size(); i++) {
      Case c = cases.get(i);
      heads.add(new Head(c.name, c.entry, c.sizes, c.tolerance));
      String at = i + ".";
      c.arguments.forEach((name, t) -> tensors.put(at + "argument." + name, t));
      c.results.forEach((name, t) -> tensors.put(at + "result." + name, t));
    }
    Safetensors.write(file, Map.of(CASES, new Gson().toJson(heads)), tensors);
  }

  /**
   * Reads a file.
   *
   * @param arena that the tensors live in
   * @throws modelc.runtime.FileException if it cannot be read
   * @throws DataException if it is no such file
   */
  public static Numbers read(Path file, Arena arena) {
    try (var f = Safetensors.open(file)) {
      List<Head> heads;
      try {
        heads =
            new Gson().fromJson(f.metadata().get(CASES), new TypeToken<List<Head>>() {}.getType());
      } catch (JsonParseException e) {
        throw noNumbers(file);
      }
      if (heads == null) {
        throw noNumbers(file);
      }
      var arguments = tensors(f, "argument", heads.size(), arena);
      var results = tensors(f, "result", heads.size(), arena);
      var cases = new ArrayList<Case>();
      for (int i = 0; i < heads.size(); i++) {
        Head h = heads.get(i);
        cases.add(
            new Case(h.name, h.entry, h.sizes, h.tolerance, arguments.get(i), results.get(i)));
      }
      return new Numbers(cases);
    }
  }

  private static DataException noNumbers(Path file) {
    return new DataException(
        "C0126",
        file + " has no numbers to check a model by",
        "name the file that was made with the model");
  }

  /** The tensors of a kind, for each case by their names. */
  private static List<Map<String, Tensor>> tensors(
      Safetensors file, String kind, int cases, Arena arena) {
    var found = new ArrayList<Map<String, Tensor>>();
    for (int i = 0; i < cases; i++) {
      found.add(new LinkedHashMap<>());
    }
    for (Safetensors.Entry e : file.entries()) {
      String[] parts = e.name().split("\\.", 3);
      if (parts.length == 3 && parts[1].equals(kind)) {
        int i = Integer.parseInt(parts[0]);
        found.get(i).put(parts[2], file.read(e, arena));
      }
    }
    return found;
  }

  /** Runs all cases: what is wrong, a line a case; empty if nothing is. */
  public List<String> wrong(Session session) {
    var wrong = new ArrayList<String>();
    for (Case c : cases) {
      try (Call call = session.call(c.entry)) {
        c.sizes.forEach(
            (symbol, n) -> {
              if (call.spec().symbols().contains(symbol)) {
                call.size(symbol, n);
              }
            });
        c.arguments.forEach(call::set);
        call.run();
        c.results.forEach(
            (name, expected) ->
                difference(expected, call.output(name), c.tolerance)
                    .ifPresent(d -> wrong.add(c.name + ": " + name + d)));
      }
    }
    return wrong;
  }

  private static Optional<String> difference(Tensor expected, Tensor actual, double tolerance) {
    if (!expected.shape().equals(actual.shape())) {
      return Optional.of(" has shape " + actual.shape() + ", not " + expected.shape());
    }
    double largest = 1;
    for (long i = 0; i < expected.elements(); i++) {
      double x = Math.abs(expected.number(i));
      largest = Double.isFinite(x) ? Math.max(largest, x) : largest;
    }
    double allowed =
        switch (expected.type()) {
          case F32, F64 -> tolerance * largest;
          case I32, I64, BOOL -> 0;
        };
    for (long i = 0; i < expected.elements(); i++) {
      double e = expected.number(i);
      double a = actual.number(i);
      boolean same = e == a || Double.isNaN(e) && Double.isNaN(a) || Math.abs(e - a) <= allowed;
      if (!same) {
        return Optional.of("[" + i + "] is " + a + ", not " + e);
      }
    }
    return Optional.empty();
  }
}
