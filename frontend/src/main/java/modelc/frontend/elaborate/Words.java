package modelc.frontend.elaborate;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import modelc.ir.DType;
import org.jspecify.annotations.Nullable;

/**
 * The names every file knows without the library: primitives, constants, and the words for axes,
 * paddings and types.
 */
final class Words {
  /** Names whose value depends on the entry being compiled. */
  static final Set<String> AMBIENT = Set.of("training", "step", "steps", "epoch", "batch");

  private static final Map<String, Val> FIXED = fixed();

  private Words() {}

  static @Nullable Val lookup(String name) {
    return FIXED.get(name);
  }

  static Collection<String> all() {
    var all = new TreeSet<>(FIXED.keySet());
    all.addAll(AMBIENT);
    return all;
  }

  private static Map<String, Val> fixed() {
    var map = new LinkedHashMap<String, Val>();
    for (Primitive p : Primitive.values()) {
      map.put(p.text(), new Val.Builtin(p));
    }
    map.put("pi", new Val.Real(Math.PI));
    map.put("inf", new Val.Real(Double.POSITIVE_INFINITY));
    map.put("channel", new Val.Axes(List.of(new Val.Axis.Channel())));
    map.put("last", new Val.Axes(List.of(new Val.Axis.Last())));
    map.put("all", new Val.Axes(List.of(new Val.Axis.All())));
    map.put("valid", new Val.Padding.Valid());
    map.put("same", new Val.Padding.Same());
    map.put("full", new Val.Padding.Full());
    map.put("none", Val.NONE);
    for (DType t : DType.values()) {
      map.put(t.toString(), new Val.Element(t));
    }
    return map;
  }
}
