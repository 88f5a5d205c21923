package modelc.runtime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Where everything of a session lies in one piece of a device's memory: first the variables, then a
 * part that the entries share, since one runs at a time: inputs, results, intermediate values. It
 * allocates nothing.
 *
 * @param variables where each begins
 * @param entries by name
 */
record DevicePlan(
    long bytes, Map<String, Long> variables, long variableBytes, Map<String, EntryPlan> entries) {
  /** What a device aligns its memory to, and so the parts of it. */
  static final long ALIGNMENT = 256;

  /**
   * An entry's part.
   *
   * @param slots where each argument begins, then each result that has memory of its own
   * @param arena where its intermediate values begin
   * @param end where it ends
   */
  record EntryPlan(List<Long> slots, long arena, long end) {}

  static DevicePlan of(ModelSpec spec, DeviceProgram program) {
    var variables = new LinkedHashMap<String, Long>();
    long at = 0;
    for (Variable v : spec.variables()) {
      variables.put(v.name(), at);
      at += aligned(v.bytes());
    }
    var entries = new LinkedHashMap<String, EntryPlan>();
    long end = at;
    for (EntrySpec e : spec.entries()) {
      EntryPlan plan = entry(spec, e, program.entry(e.name()).arenaBytes(), variables, at);
      entries.put(e.name(), plan);
      end = Math.max(end, plan.end);
    }
    return new DevicePlan(end, variables, at, entries);
  }

  private static EntryPlan entry(
      ModelSpec spec, EntrySpec e, long arenaBytes, Map<String, Long> variables, long from) {
    var slots = new ArrayList<Long>();
    long at = from;
    for (EntrySlot s : EntrySlot.of(e)) {
      Long variable = s.kind().isVariable() ? variables.get(s.name()) : null;
      slots.add(variable != null ? variable : at);
      if (variable == null) {
        at += aligned(s.bytes(symbol -> spec.symbol(symbol).orElseThrow().max()));
      }
    }
    return new EntryPlan(List.copyOf(slots), at, at + aligned(arenaBytes));
  }

  private static long aligned(long bytes) {
    return Math.max(ALIGNMENT, Math.addExact(bytes, ALIGNMENT - 1) & -ALIGNMENT);
  }

  EntryPlan entry(String name) {
    return java.util.Objects.requireNonNull(entries.get(name));
  }

  /** What needs how much, for a message. */
  String figures() {
    var out = new StringBuilder("weights and optimizer states " + mebibytes(variableBytes));
    entries.forEach(
        (name, e) -> {
          out.append(", ").append(name).append(' ').append(mebibytes(e.end - variableBytes));
          out.append(" (").append(mebibytes(e.end - e.arena)).append(" intermediate values)");
        });
    return out.append("; the entries share their memory").toString();
  }

  static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%,.1f MiB", bytes / (double) (1 << 20));
  }
}
