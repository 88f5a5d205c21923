package modelc.frontend.elaborate;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import modelc.ir.TensorType;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Value;

/**
 * One entry while it is built: its graph, its arguments so far, and the current values of its
 * states.
 */
final class Phase {
  enum Kind {
    INIT,
    INFER,
    TRAIN,
    /** The body of a function that is kept whole: no parameters, states or random numbers. */
    PURE
  }

  final Kind kind;
  final Builder builder = new Builder();

  /** Arguments in order of first use. */
  final Map<String, Entry.Argument> arguments = new LinkedHashMap<>();

  /** Current values of states, by path, where they differ from the argument. */
  final Map<String, Value> states = new HashMap<>();

  /** Paths of the parameters and states declared. */
  final Set<String> declared = new HashSet<>();

  Phase(Kind kind) {
    this.kind = kind;
  }

  /** The argument of that name, made at its first use. */
  Value argument(String name, Entry.Kind argumentKind, TensorType type) {
    Entry.Argument known = arguments.get(name);
    if (known == null) {
      known = new Entry.Argument(name, argumentKind, builder.parameter(name, type));
      arguments.put(name, known);
    }
    return known.value();
  }
}
