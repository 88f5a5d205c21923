package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Value;

/** Entries from their results: with the arguments these reach, and no others. */
final class Entries {
  /** Before their arguments' places are known, results name what they replace. */
  record Update(String name, Entry.Kind kind, Value value) {}

  private Entries() {}

  static Entry of(String name, Phase phase, List<Entry.Result> results) {
    return of(name, phase, results, List.of());
  }

  /** {@code updates} replace the arguments of their names. */
  static Entry of(String name, Phase phase, List<Entry.Result> results, List<Update> updates) {
    var roots = new ArrayList<Value>();
    results.forEach(r -> roots.add(r.value()));
    updates.forEach(u -> roots.add(u.value));
    Set<Value> reached = new HashSet<>(Graph.topological(roots));
    List<Entry.Argument> arguments =
        phase.arguments.values().stream()
            .filter(a -> reached.contains(a.value()))
            .sorted(Comparator.comparingInt(a -> order(a.kind())))
            .toList();
    List<String> names = arguments.stream().map(Entry.Argument::name).toList();
    var all = new ArrayList<>(results);
    for (Update u : updates) {
      all.add(new Entry.Result(u.name, u.kind, u.value, OptionalInt.of(names.indexOf(u.name))));
    }
    return new Entry(name, arguments, all);
  }

  private static int order(Entry.Kind kind) {
    return switch (kind) {
      case PARAMETER -> 0;
      case STATE -> 1;
      case OPTIMIZER_STATE -> 2;
      case INPUT -> 3;
      case SCALAR -> 4;
      case OUTPUT, LOSS, METRIC, TALLY, TALLY_OF, FINITE -> 5;
    };
  }

  /** The first value of everything that persists. */
  static Entry init(Context context) {
    var results = new ArrayList<Entry.Result>();
    for (Weights.Weight w : context.weights.all()) {
      results.add(new Entry.Result(w.path(), w.kind(), w.initial(), OptionalInt.empty()));
    }
    return of("init", context.init, results);
  }
}
