package modelc.passes.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Kernel;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.Gpu;
import modelc.passes.fuse.FusedEntry;
import modelc.passes.fuse.Group;
import modelc.passes.layout.Layout;
import modelc.passes.lower.GpuRows;
import modelc.passes.lower.GroupLowering;
import modelc.passes.lower.Kernels;
import modelc.passes.lower.NotPullableException;
import modelc.passes.lower.Storage;

/**
 * Joins groups that reduce along the same rows, and those that compute of their elements, to one
 * that becomes one GPU kernel: a softmax, a normalisation, a cross-entropy with its gradient.
 *
 * <p>Whether a group needs its own row alone is found out by lowering it.
 */
public final class JoinRows {
  /** Groups after the first reduction that are looked at. */
  private static final int WINDOW = 64;

  /** Groups that are joined, at most. */
  private static final int MAX_STAGES = 12;

  /** Statements of a kernel: each stage computes the elements it needs again. */
  private static final int MAX_STATEMENTS = 1500;

  private final FusedEntry fused;
  private final Gpu gpu;
  private final List<Group> groups;
  private final Set<Value> stored = new HashSet<>();
  private final Set<Value> results;
  private final IdentityHashMap<Group, Set<Value>> reads = new IdentityHashMap<>();

  /** How many groups read each value. */
  private final Map<Value, Integer> readers = new HashMap<>();

  private final Storage trial = new Storage();
  private int declared;

  private JoinRows(FusedEntry fused, Gpu gpu) {
    this.fused = fused;
    this.gpu = gpu;
    groups = new ArrayList<>(fused.groups());
    results = new HashSet<>(fused.entry().function().results());
    groups.forEach(g -> stored.addAll(g.stored()));
    for (Entry.Argument a : fused.entry().arguments()) {
      declare(a.value(), Layout.canonical(a.value().type().rank()));
    }
    stored.forEach(v -> declare(v, fused.layouts().of(v)));
    groups.forEach(this::noteReads);
  }

  private void declare(Value v, Layout layout) {
    String name = "trial" + declared++;
    trial.put(v, Buffer.global(name, v.type().dtype(), v.type().shape().elements()), layout);
  }

  public static FusedEntry run(FusedEntry fused, Gpu gpu) {
    var join = new JoinRows(fused, gpu);
    int i = 0;
    while (i < join.groups.size()) {
      // Joining puts another group in this place.
      i += join.from(i) ? 0 : 1;
    }
    return new FusedEntry(fused.entry(), fused.layouts(), join.groups);
  }

  /** What a group reads that others store. */
  private Set<Value> reads(Group g) {
    var read = new HashSet<Value>();
    var seen = new HashSet<Value>();
    var open = new ArrayList<Value>(g.members());
    while (!open.isEmpty()) {
      for (Value x : open.removeLast().op().operands()) {
        if (!g.members().contains(x) && seen.add(x)) {
          if (stored.contains(x)) {
            read.add(x);
          } else {
            open.add(x);
          }
        }
      }
    }
    return read;
  }

  private void noteReads(Group g) {
    reads.put(g, reads(g));
    readsOf(g).forEach(v -> readers.merge(v, 1, Integer::sum));
  }

  private Set<Value> readsOf(Group g) {
    return reads.getOrDefault(g, Set.of());
  }

  private static boolean isReduction(Group g) {
    return g.kind() == Group.Kind.REDUCE && g.lead().op() instanceof Op.Reduce;
  }

  /** Joins what it can to the reduction at {@code first}; false: there is nothing to join. */
  private boolean from(int first) {
    Group start = groups.get(first);
    if (!isReduction(start) || !GpuRows.fits((Op.Reduce) start.lead().op(), fused.layouts())) {
      return false;
    }
    var stages = new ArrayList<>(List.of(start));
    var computed = new HashSet<>(start.stored());
    // Groups that come after a stage and are none themselves, and so after the joined group.
    var later = new ArrayList<Group>();
    var laterStored = new HashSet<Value>();
    var between = new ArrayList<Group>();
    int end = Math.min(groups.size(), first + WINDOW);
    for (Group g : groups.subList(first + 1, end)) {
      boolean follows = readsOf(g).stream().anyMatch(computed::contains);
      boolean waits = readsOf(g).stream().anyMatch(laterStored::contains);
      if (!waits && joins(stages, g, follows)) {
        stages.add(g);
        computed.addAll(g.stored());
      } else if (follows || waits) {
        later.add(g);
        laterStored.addAll(g.stored());
      } else {
        between.add(g);
      }
    }
    if (stages.size() == 1) {
      return false;
    }
    var order = new ArrayList<>(between);
    order.add(joined(stages));
    order.addAll(later);
    groups.subList(first, end).clear();
    groups.addAll(first, order);
    return true;
  }

  /** The stages as one group, which stores what others read. */
  private Group joined(List<Group> stages) {
    stages.forEach(g -> readsOf(g).forEach(v -> readers.merge(v, -1, Integer::sum)));
    Group joined = Group.rows(stages, v -> results.contains(v) || readers.getOrDefault(v, 0) > 0);
    noteReads(joined);
    return joined;
  }

  private boolean joins(List<Group> stages, Group g, boolean follows) {
    Op.Reduce o = (Op.Reduce) stages.getFirst().lead().op();
    Shape shape = o.x().type().shape();
    if (stages.size() == MAX_STAGES) {
      return false;
    }
    if (isReduction(g)) {
      Op.Reduce other = (Op.Reduce) g.lead().op();
      boolean same =
          other.axes().equals(o.axes())
              && other.x().type().shape().equals(shape)
              && fused.layouts().of(other.x()).equals(fused.layouts().of(o.x()));
      boolean beside =
          stages.getFirst().lead().type().rank() == 0
              || readsOf(g).stream().anyMatch(x -> isRead(stages, x, shape));
      return same && (follows || beside) && lowers(stages, g);
    }
    Dim n = g.lead().type().shape().elements();
    boolean fits =
        n.equals(shape.elements()) || n.equals(stages.getFirst().lead().type().shape().elements());
    return g.kind() == Group.Kind.MAP && follows && fits && lowers(stages, g);
  }

  /** Whether {@code x} has the elements of the rows, and a stage reads it, too. */
  private boolean isRead(List<Group> stages, Value x, Shape shape) {
    return x.type().shape().equals(shape) && stages.stream().anyMatch(s -> readsOf(s).contains(x));
  }

  /** Whether a kernel can be written that has {@code g} as its last stage. */
  private boolean lowers(List<Group> stages, Group g) {
    var more = new ArrayList<>(stages);
    more.add(g);
    Group rows = Group.rows(more, _ -> true);
    try {
      List<Kernel> kernels =
          GroupLowering.lower("trial", rows, fused.layouts(), trial, gpu).kernels();
      int[] statements = {0};
      kernels.forEach(k -> Kernels.walk(k.body(), _ -> {}, _ -> statements[0]++));
      return statements[0] <= MAX_STATEMENTS;
    } catch (NotPullableException e) {
      return false;
    }
  }
}
