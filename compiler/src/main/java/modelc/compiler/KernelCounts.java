package modelc.compiler;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopProgram;

/**
 * How often each distinct kernel of a program is launched: equal Loop IR is compiled once. It knows
 * nothing of how long they take.
 *
 * @param launches of each kernel, by its name, in the order of their first launch
 */
public record KernelCounts(Map<String, Integer> launches) {

  public static KernelCounts of(LoopProgram program) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (LoopEntry e : program.entries()) {
      e.launches().forEach(l -> counts.merge(l.kernel().name(), 1, Integer::sum));
    }
    return new KernelCounts(counts);
  }

  public int distinct() {
    return launches.size();
  }

  /** All launches together. */
  public int all() {
    return launches.values().stream().mapToInt(n -> n).sum();
  }

  /** A line for each, and one with the totals. */
  String text() {
    var out = new StringBuilder();
    launches.forEach((name, n) -> out.append(String.format(Locale.ROOT, "%6d %s%n", n, name)));
    return out.append(distinct())
        .append(" distinct kernels, launched ")
        .append(all())
        .append(" times\n")
        .toString();
  }
}
