package modelc.frontend;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.ir.DType;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Tensor;

/** Compiles small sources and runs their entries by the interpreter. */
public final class Models {
  private Models() {}

  public static Checked compile(String source) {
    return Frontend.load("test.model", source, FrontendOptions.of(new FakeCatalog()));
  }

  /** What is wrong with the source; fails if nothing is. */
  public static List<Diagnostic> errors(String source) {
    return catchThrowableOfType(DiagnosticException.class, () -> compile(source)).diagnostics();
  }

  /** The results of an entry, by name, from its arguments, by name. */
  public static Map<String, Tensor> run(
      Checked checked, String entry, Map<String, Tensor> arguments) {
    Entry e = checked.program().entry(entry);
    var given = new ArrayList<Tensor>();
    for (Entry.Argument a : e.arguments()) {
      Tensor t = arguments.get(a.name());
      if (t == null) {
        throw new AssertionError("entry " + entry + " also needs " + a.name());
      }
      given.add(t);
    }
    List<Tensor> results = Interpreter.run(e.function(), given);
    Map<String, Tensor> named = new LinkedHashMap<>();
    for (int i = 0; i < results.size(); i++) {
      named.put(e.results().get(i).name(), results.get(i));
    }
    return named;
  }

  /** Every first value, from a seed. */
  public static Map<String, Tensor> init(Checked checked, int seed) {
    return run(checked, "init", Map.of("seed", Tensor.vector(DType.I32, seed, 0)));
  }

  /**
   * The value of an expression over the tensors x and y, which become inputs; the names of their
   * axes after batch are given.
   */
  public static Tensor evaluate(String expression, String types, Map<String, Tensor> inputs) {
    Checked c = compile("model M {\n" + types + "\noutput result = " + expression + "\n}");
    return run(c, "infer", inputs).get("result");
  }
}
