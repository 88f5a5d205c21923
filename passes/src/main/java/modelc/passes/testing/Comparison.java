package modelc.passes.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.ir.Symbol;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopInterpreter;
import modelc.ir.loop.Memory;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Tensor;

/**
 * Runs a lowered entry in the Loop IR interpreter on tensors, and compares tensors within a
 * tolerance.
 *
 * <p>It compiles nothing and asserts nothing.
 */
public final class Comparison {
  private Comparison() {}

  /** What runs an entry on the memory of its arguments and results, which it changes. */
  public interface Runner {
    void run(List<Memory> memories, Map<Symbol, Long> symbols);
  }

  /** The same, by the interpreter. */
  public static List<Tensor> run(
      Entry tensor, LoopEntry entry, List<Tensor> arguments, Map<Symbol, Long> symbols) {
    return run(tensor, entry, arguments, symbols, (m, s) -> LoopInterpreter.run(entry, m, s));
  }

  /**
   * The entry's results in order, aliased ones too; {@code tensor} is the entry before lowering.
   */
  public static List<Tensor> run(
      Entry tensor,
      LoopEntry entry,
      List<Tensor> arguments,
      Map<Symbol, Long> symbols,
      Runner runner) {
    var memories = new ArrayList<Memory>();
    for (Tensor t : arguments) {
      memories.add(Memory.of(t.dtype(), t.data()));
    }
    var places = new HashMap<Integer, Memory>();
    int next = arguments.size();
    for (int i = 0; i < tensor.results().size(); i++) {
      Entry.Result r = tensor.results().get(i);
      if (r.aliases().isPresent()) {
        places.put(i, memories.get(r.aliases().getAsInt()));
      } else {
        LoopEntry.ArgumentBuffer b = entry.arguments().get(next++);
        Memory m =
            Memory.undefined(
                b.dtype(), b.elements().evaluate(s -> symbols.getOrDefault(s, s.max())));
        memories.add(m);
        places.put(i, m);
      }
    }
    runner.run(memories, symbols);
    var results = new ArrayList<Tensor>();
    places.forEach(
        (i, m) -> {
          long[] shape =
              tensor
                  .results()
                  .get(i)
                  .value()
                  .type()
                  .shape()
                  .evaluate(s -> symbols.getOrDefault(s, s.max()));
          results.add(Tensor.of(m.dtype(), shape, m.toDoubles()));
        });
    return results;
  }

  /**
   * What is wrong with {@code actual}, if anything: differences beyond {@code tolerance} of the
   * largest magnitude.
   */
  public static Optional<String> difference(Tensor expected, Tensor actual, double tolerance) {
    if (!Arrays.equals(expected.shape(), actual.shape())) {
      return Optional.of("shape " + Arrays.toString(actual.shape()));
    }
    double scale = 1;
    for (double x : expected.data()) {
      if (Double.isFinite(x)) {
        scale = Math.max(scale, Math.abs(x));
      }
    }
    double allowed = expected.dtype().isFloat() ? tolerance * scale : 0;
    for (int i = 0; i < expected.data().length; i++) {
      double e = expected.data()[i];
      double a = actual.data()[i];
      boolean same = e == a || Double.isNaN(e) && Double.isNaN(a) || Math.abs(e - a) <= allowed;
      if (!same) {
        return Optional.of("element " + i + " is " + a + ", not " + e);
      }
    }
    return Optional.empty();
  }
}
