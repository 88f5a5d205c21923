package modelc.passes.layout;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Value;
import modelc.passes.Pass;

/**
 * Gives every result of an entry a value of its own, which is not a parameter, so that each can be
 * computed straight into the memory of its result. Copies are identities ({@code stop_gradient}),
 * which fusion computes with what they copy.
 *
 * <p>A result that is the very argument it replaces stays as it is: nothing is to be done for it.
 */
public final class SeparateResults implements Pass {
  @Override
  public String name() {
    return "separate-results";
  }

  @Override
  public Program run(Program program) {
    return new Program(
        program.model(), program.entries().stream().map(SeparateResults::separate).toList());
  }

  private static Entry separate(Entry entry) {
    Set<Value> taken = new HashSet<>();
    var b = new Builder();
    var results = new ArrayList<Entry.Result>();
    for (Entry.Result r : entry.results()) {
      Value v = r.value();
      boolean unchanged =
          r.aliases().isPresent() && entry.arguments().get(r.aliases().getAsInt()).value() == v;
      if (!unchanged) {
        while (v.op() instanceof Op.Parameter || !taken.add(v)) {
          Value copied = v;
          v = b.with(v.origin(), () -> b.stopGradient(copied));
        }
      }
      results.add(new Entry.Result(r.name(), r.kind(), v, r.aliases()));
    }
    return new Entry(entry.name(), entry.arguments(), List.copyOf(results));
  }
}
