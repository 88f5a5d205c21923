package modelc.passes.fuse;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
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
    final int number;
    final Group.Kind kind;
    final List<Value> leads = new ArrayList<>();
    final Set<Value> members = new LinkedHashSet<>();

    /** Values of the loops' size that members read element by element. */
    final Set<Value> elements = new HashSet<>();

    final Set<Draft> after = new LinkedHashSet<>();
    final Set<Draft> before = new LinkedHashSet<>();

    /** Greater than that of all it is after, so that most searches for cycles end at once. */
    int level;

    Draft(int number, Group.Kind kind) {
      this.number = number;
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

  /** Drafts of maps, by the values among their {@code elements}. */
  private final Map<Value, Set<Draft>> mapsNear = new HashMap<>();

  /** Drafts of maps whose lead is a scalar. */
  private final List<Draft> scalarMaps = new ArrayList<>();

  /** The draft of all dense constants, once there is one. */
  private @Nullable Draft tables;

  /** Drafts of reductions, by the values of which the first lead reduces elements. */
  private final Map<Value, List<Draft>> reductionsOf = new HashMap<>();

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
        d = begin(v, r);
      } else if (d.kind == Group.Kind.REDUCE && v.op() instanceof Op.Reduce) {
        d.leads.add(v);
      }
      d.members.add(v);
      for (Value x : r.elementwise()) {
        if (x.type().rank() > 0
            && x.type().shape().elements().equals(v.type().shape().elements())) {
          d.elements.add(x);
          if (d.kind == Group.Kind.MAP) {
            mapsNear.computeIfAbsent(x, _ -> new LinkedHashSet<>()).add(d);
          }
        }
      }
      draftOf.put(v, d);
      for (Value x : r.all()) {
        Draft from = draftOf.get(x);
        if (from != null && from != d) {
          follow(d, from);
        }
      }
    }
    return new FusedEntry(entry, layouts, groups());
  }

  private Draft begin(Value v, Reads r) {
    var d = new Draft(drafts.size(), Kinds.own(v.op()).orElse(Group.Kind.MAP));
    d.leads.add(v);
    drafts.add(d);
    if (d.kind == Group.Kind.TABLE) {
      tables = d;
    }
    if (d.kind == Group.Kind.MAP && v.type().rank() == 0) {
      scalarMaps.add(d);
    }
    if (v.op() instanceof Op.Reduce o) {
      for (Value x : r.elementwiseOf(o.x())) {
        reductionsOf.computeIfAbsent(x, _ -> new ArrayList<>()).add(d);
      }
    }
    return d;
  }

  /** Notes that {@code d} comes after {@code from}, and raises the levels of what that moves. */
  private static void follow(Draft d, Draft from) {
    if (!d.after.add(from)) {
      return;
    }
    from.before.add(d);
    var open = new ArrayList<>(List.of(from));
    while (!open.isEmpty()) {
      Draft lower = open.removeLast();
      for (Draft upper : lower.before) {
        if (upper.level <= lower.level) {
          upper.level = lower.level + 1;
          open.add(upper);
        }
      }
    }
  }

  /**
   * The group that {@code v} can be computed in, or null: the latest that has an element it is
   * computed from, or else one that loads such an element too.
   */
  private @Nullable Draft join(Value v, Reads r) {
    if (v.op() instanceof Op.Reduce) {
      return sharedReduction(v, r);
    }
    Optional<Group.Kind> own = Kinds.own(v.op());
    if (own.isPresent()) {
      // One kernel stores all dense constants: each by itself would be like no other.
      return own.get() == Group.Kind.TABLE ? tables : null;
    }
    boolean scalar = v.type().rank() == 0;
    // Otherwise the last few of many terms would each make a kernel like no other.
    boolean gathers =
        scalar
            && r.elementwise().stream()
                    .map(draftOf::get)
                    .filter(Objects::nonNull)
                    .distinct()
                    .limit(2)
                    .count()
                > 1;
    @Nullable Draft beside = null;
    for (Draft d : candidates(r, scalar)) {
      boolean map = d.kind == Group.Kind.MAP;
      boolean bundled = scalar && map && d.lead().type().rank() == 0;
      boolean fed = r.elementwise().stream().anyMatch(d.members::contains);
      boolean near =
          map && !fed && beside == null && r.elementwise().stream().anyMatch(d.elements::contains);
      boolean fits =
          bundled || !gathers && (fed || near) && d.members.size() < MAX_STORED && takes(d, v);
      if (fits && Collections.disjoint(r.indexed(), d.members) && !wouldCycle(d, r)) {
        if (!near) {
          return d;
        }
        beside = d;
      }
    }
    return beside;
  }

  /** Groups that have an element {@code r} needs or load one too, the latest first. */
  private Set<Draft> candidates(Reads r, boolean scalar) {
    var found = new TreeSet<>(Comparator.comparingInt((Draft d) -> -d.number));
    for (Value x : r.elementwise()) {
      Draft from = draftOf.get(x);
      if (from != null) {
        found.add(from);
      }
      found.addAll(mapsNear.getOrDefault(x, Set.of()));
    }
    if (scalar) {
      found.addAll(scalarMaps);
    }
    return found;
  }

  /**
   * True when the loops of {@code d} run over elements like those of {@code v} and can compute more
   * from theirs.
   */
  private boolean takes(Draft d, Value v) {
    return Kinds.isAligned(d.lead(), v, layouts)
        && switch (d.kind) {
          case MAP, REDUCE, WINDOW, CUMULATIVE, CONTRACTION, SELECT_AND_SCATTER -> true;
          case SCATTER, CONCATENATE, TABLE, ROWS -> false;
        };
  }

  /** A group that reduces the same axes of elements at least one of which {@code v} needs too. */
  private @Nullable Draft sharedReduction(Value v, Reads r) {
    Op.Reduce o = (Op.Reduce) v.op();
    var candidates = new TreeSet<>(Comparator.comparingInt((Draft d) -> d.number));
    for (Value x : r.elementwiseOf(o.x())) {
      candidates.addAll(reductionsOf.getOrDefault(x, List.of()));
    }
    for (Draft d : candidates) {
      if (d.leads.size() < MAX_STORED
          && d.lead().op() instanceof Op.Reduce other
          && other.axes().equals(o.axes())
          && other.x().type().shape().equals(o.x().type().shape())
          && layouts.of(other.x()).equals(layouts.of(o.x()))
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
      if (from != null && from.level > d.level && seen.add(from)) {
        open.add(from);
      }
    }
    while (!open.isEmpty()) {
      for (Draft before : open.removeLast().after) {
        if (before == d) {
          return true;
        }
        if (before.level > d.level && seen.add(before)) {
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
