package modelc.passes.fuse;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Printer;
import modelc.ir.tensor.Value;

/**
 * The text of the fused stage: each group with what it reads, the ops it computes in Tensor IR's
 * syntax, and what it stores in which layout. It is for people; nothing reads it back.
 */
public final class FusedPrinter {
  private final FusedEntry fused;
  private final Map<Value, String> names = new HashMap<>();
  private final Set<Value> stored = new HashSet<>();
  private final StringBuilder out = new StringBuilder();

  private FusedPrinter(FusedEntry fused) {
    this.fused = fused;
    fused.groups().forEach(g -> stored.addAll(g.stored()));
    int next = 0;
    for (Value v : Graph.topological(fused.entry().function().results())) {
      names.put(v, v.op() instanceof Op.Parameter p ? "%" + p.name() : "%" + next++);
    }
  }

  public static String print(FusedEntry fused) {
    return new FusedPrinter(fused).run();
  }

  private String run() {
    Entry entry = fused.entry();
    out.append("entry ").append(entry.name()).append(" {\n");
    for (int i = 0; i < fused.groups().size(); i++) {
      group(i, fused.groups().get(i));
    }
    for (Entry.Result r : entry.results()) {
      out.append("  result ").append(r.name()).append(" = ").append(name(r.value())).append('\n');
    }
    return out.append("}\n").toString();
  }

  private void group(int i, Group g) {
    var reads = new LinkedHashSet<Value>();
    List<Value> computed = computed(g, reads);
    out.append("  group ").append(i).append(' ').append(g.kind().name().toLowerCase(Locale.ROOT));
    out.append(" reads ").append(list(reads)).append(" {\n");
    for (Value v : computed) {
      out.append("    ").append(Printer.definition(v, this::name)).append('\n');
    }
    for (Value v : g.stored()) {
      out.append("    store ").append(name(v));
      if (!fused.layouts().of(v).isCanonical()) {
        out.append(" layout ").append(fused.layouts().of(v));
      }
      out.append('\n');
    }
    out.append("  }\n");
  }

  /** Everything the group computes, operands first; what it loads goes to {@code reads}. */
  private List<Value> computed(Group g, Set<Value> reads) {
    var needed = new HashSet<Value>();
    var open = new ArrayList<>(g.members());
    while (!open.isEmpty()) {
      Value v = open.removeLast();
      boolean loaded =
          v.op() instanceof Op.Parameter || stored.contains(v) && !g.members().contains(v);
      if (loaded) {
        reads.add(v);
      } else if (needed.add(v)) {
        open.addAll(v.op().operands());
      }
    }
    return Graph.topological(g.members()).stream().filter(needed::contains).toList();
  }

  private String list(Set<Value> values) {
    return String.join(", ", values.stream().map(this::name).sorted().toList());
  }

  private String name(Value v) {
    return names.getOrDefault(v, "%?");
  }
}
