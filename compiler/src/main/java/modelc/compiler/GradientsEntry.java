package modelc.compiler;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Value;

/**
 * The training step cut off before its update: its results are the loss and the gradient of each
 * parameter, under the parameter's name. It changes nothing that persists.
 */
public final class GradientsEntry {
  /** The entry's name. */
  public static final String NAME = "gradients";

  private GradientsEntry() {}

  /**
   * {@code program} with the entry {@link #NAME} added. Gradients are those of the loss, before
   * clipping.
   *
   * @throws java.util.NoSuchElementException if the program has no training step
   */
  public static Program addTo(Program program) {
    var entries = new ArrayList<>(program.entries());
    entries.add(of(program.entry("train")));
    return new Program(program.model(), entries);
  }

  private static Entry of(Entry train) {
    List<Entry.Result> results = new ArrayList<>();
    for (Value v : Graph.topological(train.function().results())) {
      if (v.op() instanceof Op.Gradient g && g.wrt().op() instanceof Op.Parameter p) {
        if (results.isEmpty()) {
          results.add(result("loss", Entry.Kind.LOSS, g.loss()));
        }
        results.add(result(p.name(), Entry.Kind.OUTPUT, v));
      }
    }
    return new Entry(NAME, train.arguments(), results);
  }

  private static Entry.Result result(String name, Entry.Kind kind, Value value) {
    return new Entry.Result(name, kind, value, OptionalInt.empty());
  }
}
