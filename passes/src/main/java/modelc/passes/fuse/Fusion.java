package modelc.passes.fuse;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import modelc.ir.Origin;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.layout.Layouts;
import org.jspecify.annotations.Nullable;

/**
 * Cuts an entry into groups that become kernels. Every kept value joins the group of a value it is
 * computed from elementwise, if no other group would have to run in between; reductions over the
 * same elements share their loops.
 *
 * <p>It writes no loops, and decides nothing about memory but which values have some.
 */
public final class Fusion {
  /** Values a kernel stores, at most: more would not fit the registers. */
  static final int MAX_STORED = 12;

  /** A group in the making. */
  private static final class Draft {
    final Group.Kind kind;
    final List<Value> leads = new ArrayList<>();
    final Set<Value> members = new LinkedHashSet<>();

    /** Values of the loops' size that members read element by element. */
    final Set<Value> elements = new HashSet<>();

    final Set<Draft> after = new LinkedHashSet<>();

    Draft(Group.Kind kind) {
      this.kind = kind;
    }

    Value lead() {
      return leads.getFirst();
    }
  }

  private final Entry entry;
  private final Layouts layouts;
  private final boolean fuse;
  private final Set<Value> kept;
  private final Map<Value, Draft> draftOf = new HashMap<>();
  private final List<Draft> drafts = new ArrayList<>();
  private final Map<Value, Reads> reads = new HashMap<>();

  private Fusion(Entry entry, Layouts layouts, boolean fuse) {
    this.entry = entry;
    this.layouts = layouts;
    this.fuse = fuse;
    kept =
        new LinkedHashSet<>(
            fuse ? Materialization.choose(entry, layouts) : Materialization.all(entry));
  }

  /** {@code fuse} false: every op becomes a group of its own. */
  public static FusedEntry fuse(Entry entry, Layouts layouts, boolean fuse) {
    return new Fusion(entry, layouts, fuse).run();
  }

  private FusedEntry run() {
    for (Value v : kept) {
      Reads r = Reads.of(v, kept);
      reads.put(v, r);
      Draft d = fuse ? join(v, r) : null;
      if (d == null) {
        d = new Draft(Kinds.own(v.op()).orElse(Group.Kind.MAP));
        d.leads.add(v);
        drafts.add(d);
      } else if (d.kind == Group.Kind.REDUCE && v.op() instanceof Op.Reduce) {
        d.leads.add(v);
      }
      d.members.add(v);
      for (Value x : r.elementwise()) {
        if (x.type().rank() > 0
            && x.type().shape().elements().equals(v.type().shape().elements())) {
          d.elements.add(x);
        }
      }
      draftOf.put(v, d);
      for (Value x : r.all()) {
        Draft from = draftOf.get(x);
        if (from != null && from != d) {
          d.after.add(from);
        }
      }
    }
    return new FusedEntry(entry, layouts, groups());
  }

  /**
   * The group that {@code v} can be computed in, or null: the latest that has an element it is
   * computed from, or else one that loads such an element too.
   */
  private @Nullable Draft join(Value v, Reads r) {
    if (v.op() instanceof Op.Reduce) {
      return sharedReduction(v, r);
    }
    if (Kinds.own(v.op()).isPresent()) {
      return null;
    }
    boolean scalar = v.type().rank() == 0;
    @Nullable Draft beside = null;
    for (int i = drafts.size() - 1; i >= 0; i--) {
      Draft d = drafts.get(i);
      boolean map = d.kind == Group.Kind.MAP;
      boolean bundled = scalar && map && d.lead().type().rank() == 0;
      boolean fed = r.elementwise().stream().anyMatch(d.members::contains);
      boolean near =
          map && !fed && beside == null && r.elementwise().stream().anyMatch(d.elements::contains);
      boolean fits = bundled || (fed || near) && d.members.size() < MAX_STORED && takes(d, v);
      if (fits && Collections.disjoint(r.indexed(), d.members) && !wouldCycle(d, r)) {
        if (!near) {
          return d;
        }
        beside = d;
      }
    }
    return beside;
  }

  /**
   * True when the loops of {@code d} run over elements like those of {@code v} and can compute more
   * from theirs.
   */
  private boolean takes(Draft d, Value v) {
    return Kinds.isAligned(d.lead(), v, layouts)
        && switch (d.kind) {
          case MAP, REDUCE, WINDOW, CONTRACTION, SELECT_AND_SCATTER -> true;
          case SCATTER, CONCATENATE, TABLE -> false;
        };
  }

  /** A group that reduces the same axes of elements at least one of which {@code v} needs too. */
  private @Nullable Draft sharedReduction(Value v, Reads r) {
    Op.Reduce o = (Op.Reduce) v.op();
    for (Draft d : drafts) {
      if (d.kind == Group.Kind.REDUCE
          && d.leads.size() < MAX_STORED
          && d.lead().op() instanceof Op.Reduce other
          && other.axes().equals(o.axes())
          && other.x().type().shape().equals(o.x().type().shape())
          && layouts.of(other.x()).equals(layouts.of(o.x()))
          && r.elementwiseOf(o.x()).stream()
              .anyMatch(reads(d.lead()).elementwiseOf(other.x())::contains)
          && Collections.disjoint(r.all(), d.members)
          && !wouldCycle(d, r)) {
        return d;
      }
    }
    return null;
  }

  /** True when something {@code r} reads from another group is computed after {@code d}. */
  private boolean wouldCycle(Draft d, Reads r) {
    var seen = new HashSet<Draft>();
    var open = new ArrayList<Draft>();
    for (Value x : r.all()) {
      Draft from = draftOf.get(x);
      if (from != null && from != d && seen.add(from)) {
        open.add(from);
      }
    }
    while (!open.isEmpty()) {
      for (Draft before : open.removeLast().after) {
        if (before == d) {
          return true;
        }
        if (seen.add(before)) {
          open.add(before);
        }
      }
    }
    return false;
  }

  private List<Group> groups() {
    Set<Value> results = new HashSet<>(entry.function().results());
    Set<Value> readElsewhere = new HashSet<>();
    reads.forEach(
        (v, r) ->
            r.all()
                .forEach(
                    x -> {
                      if (draftOf.get(x) != draftOf.get(v)) {
                        readElsewhere.add(x);
                      }
                    }));
    var groups = new ArrayList<Group>();
    for (Draft d : inOrder()) {
      List<Value> stored =
          d.members.stream().filter(v -> results.contains(v) || readElsewhere.contains(v)).toList();
      Set<Origin> origins = new LinkedHashSet<>();
      d.members.forEach(v -> origins.addAll(reads(v).origins()));
      groups.add(new Group(d.kind, d.leads, d.members, stored, origins));
    }
    return groups;
  }

  /** Depth first, so that a group comes soon after what it reads. */
  private List<Draft> inOrder() {
    var order = new LinkedHashMap<Draft, Boolean>();
    for (Draft root : drafts) {
      var stack = new ArrayList<Draft>();
      stack.add(root);
      while (!stack.isEmpty()) {
        Draft d = stack.getLast();
        List<Draft> missing = d.after.stream().filter(x -> !order.containsKey(x)).toList();
        if (missing.isEmpty()) {
          stack.removeLast();
          order.put(d, true);
        } else {
          stack.addAll(missing);
        }
      }
    }
    return List.copyOf(order.keySet());
  }

  private Reads reads(Value v) {
    return Objects.requireNonNull(reads.get(v));
  }
}
