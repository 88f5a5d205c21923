package modelc.passes.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopEntry.ArgumentBuffer;
import modelc.ir.loop.LoopEntry.Launch;
import modelc.ir.loop.LoopEntry.Ref;
import modelc.ir.loop.Stmt;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Value;
import modelc.passes.Hardware;
import modelc.passes.fuse.FusedEntry;
import modelc.passes.fuse.Group;
import modelc.passes.layout.Layout;
import modelc.passes.lower.GroupLowering;
import modelc.passes.lower.Kernels;
import modelc.passes.lower.Storage;

/**
 * Makes one entry out of its fused groups: lowers each, orders the launches so that results can be
 * written over the arguments they replace, gives every buffer its memory and every launch its
 * barrier.
 *
 * <p>A result is written in place only where that is proved harmless; otherwise it is made
 * elsewhere and copied last.
 */
public final class Assembly {
  /** How well memory was used: bytes of the arena, and the most bytes alive at once. */
  public record Memory(long arenaBytes, long lowerBound) {}

  /** The assembled entry. */
  public record Result(LoopEntry entry, Memory memory) {}

  /** What one group became. */
  private static final class Part {
    final List<Kernel> kernels;
    final Set<Buffer> uses = new LinkedHashSet<>();
    final Set<Buffer> writes = new LinkedHashSet<>();

    Part(List<Kernel> kernels) {
      this.kernels = kernels;
      for (Kernel k : kernels) {
        uses.addAll(k.parameters());
        writes.addAll(Assembly.writes(k));
      }
    }
  }

  private final FusedEntry fused;
  private final Entry entry;
  private final Hardware hardware;
  private final Storage storage = new Storage();
  private final Map<Buffer, Ref> refs = new HashMap<>();
  private final List<ArgumentBuffer> arguments = new ArrayList<>();

  /** Buffers of results that replace arguments, and the buffers of those. */
  private final Map<Buffer, Buffer> replaces = new LinkedHashMap<>();

  private final Set<Buffer> scratch = new LinkedHashSet<>();

  private Assembly(FusedEntry fused, Hardware hardware) {
    this.fused = fused;
    this.entry = fused.entry();
    this.hardware = hardware;
  }

  public static Result assemble(FusedEntry fused, Hardware hardware) {
    return new Assembly(fused, hardware).run();
  }

  private Result run() {
    declare();
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < fused.groups().size(); i++) {
      parts.add(part(i, fused.groups().get(i)));
    }
    List<Kernel> kernels = new ArrayList<>();
    List<Part> ordered = order(parts);
    ordered.forEach(p -> kernels.addAll(p.kernels));
    decideInPlace(kernels);
    MemoryPlanner.Plan plan = plan(kernels);
    List<Launch> launches = Barriers.place(kernels.stream().map(this::step).toList());
    var result = new LoopEntry(entry.name(), symbols(), arguments, plan.bytes(), launches);
    return new Result(result, new Memory(plan.bytes(), plan.lowerBound()));
  }

  /** Memory for arguments, results and what groups store. */
  private void declare() {
    for (int i = 0; i < entry.arguments().size(); i++) {
      Entry.Argument a = entry.arguments().get(i);
      Buffer b = buffer(a.name(), a.value());
      storage.put(a.value(), b, Layout.canonical(a.value().type().rank()));
      argument(a.name(), b);
    }
    for (Entry.Result r : entry.results()) {
      if (r.aliases().isEmpty()) {
        Buffer b = buffer(r.name(), r.value());
        storage.put(r.value(), b, Layout.canonical(r.value().type().rank()));
        argument(r.name(), b);
      } else {
        Value old = entry.arguments().get(r.aliases().getAsInt()).value();
        if (old != r.value()) {
          Buffer b = buffer(r.name() + "_new", r.value());
          storage.put(r.value(), b, Layout.canonical(r.value().type().rank()));
          replaces.put(b, Objects.requireNonNull(storage.get(old)).buffer());
        }
      }
    }
    int n = 0;
    for (Group g : fused.groups()) {
      for (Value v : g.stored()) {
        if (storage.get(v) == null) {
          Buffer b = buffer("t" + n++, v);
          storage.put(v, b, fused.layouts().of(v));
          scratch.add(b);
        }
      }
    }
  }

  private final Set<String> names = new HashSet<>();

  private Buffer buffer(String name, Value v) {
    String plain = name.replaceAll("[^A-Za-z0-9_]", "_");
    String unique = plain;
    for (int i = 2; !names.add(unique); i++) {
      unique = plain + "_" + i;
    }
    TensorType t = v.type();
    return Buffer.global(unique, t.dtype(), t.shape().elements());
  }

  private void argument(String name, Buffer b) {
    refs.put(b, new Ref.Argument(arguments.size()));
    arguments.add(new ArgumentBuffer(name, b.dtype(), b.size()));
  }

  private Part part(int i, Group g) {
    String name = entry.name() + "_" + i + "_" + Names.of(g);
    var lowered = GroupLowering.lower(name, g, fused.layouts(), storage, hardware);
    scratch.addAll(lowered.scratch());
    return new Part(lowered.kernels());
  }

  static Set<Buffer> writes(Kernel k) {
    var writes = new LinkedHashSet<Buffer>();
    Kernels.walk(
        k.body(),
        _ -> {},
        s -> {
          if (s instanceof Stmt.Store st) {
            writes.add(st.buffer());
          }
        });
    writes.retainAll(new HashSet<>(k.parameters()));
    return writes;
  }

  /**
   * As given, but with those that replace an argument after all that read it, wherever that is
   * possible.
   */
  private List<Part> order(List<Part> parts) {
    var writers = new HashMap<Buffer, Set<Part>>();
    var users = new HashMap<Buffer, Set<Part>>();
    for (Part p : parts) {
      p.writes.forEach(b -> writers.computeIfAbsent(b, _ -> new LinkedHashSet<>()).add(p));
      p.uses.forEach(b -> users.computeIfAbsent(b, _ -> new LinkedHashSet<>()).add(p));
    }
    var before = new LinkedHashMap<Part, Set<Part>>();
    var after = new HashMap<Part, Set<Part>>();
    for (Part p : parts) {
      var first = new LinkedHashSet<Part>();
      p.uses.forEach(b -> first.addAll(writers.getOrDefault(b, Set.of())));
      first.remove(p);
      before.put(p, first);
      first.forEach(q -> after.computeIfAbsent(q, _ -> new LinkedHashSet<>()).add(p));
    }
    replaces.forEach(
        (replacement, old) -> {
          for (Part w : writers.getOrDefault(replacement, Set.of())) {
            for (Part r : users.getOrDefault(old, Set.of())) {
              if (r != w && !reaches(w, r, after)) {
                Objects.requireNonNull(before.get(w)).add(r);
                after.computeIfAbsent(r, _ -> new LinkedHashSet<>()).add(w);
              }
            }
          }
        });
    return topological(parts, before);
  }

  /**
   * True when {@code to} can only run after {@code from}. Asked of what replaces an argument, which
   * little depends on: the search is short in this direction.
   */
  private static boolean reaches(Part from, Part to, Map<Part, Set<Part>> after) {
    var seen = new HashSet<Part>();
    var open = new ArrayList<>(List.of(from));
    while (!open.isEmpty()) {
      Part p = open.removeLast();
      if (p == to) {
        return true;
      }
      if (seen.add(p)) {
        open.addAll(after.getOrDefault(p, Set.of()));
      }
    }
    return false;
  }

  private static List<Part> topological(List<Part> parts, Map<Part, Set<Part>> before) {
    var order = new LinkedHashSet<Part>();
    for (Part root : parts) {
      var stack = new ArrayList<>(List.of(root));
      while (!stack.isEmpty()) {
        Part p = stack.getLast();
        List<Part> missing =
            Objects.requireNonNull(before.get(p)).stream().filter(q -> !order.contains(q)).toList();
        if (missing.isEmpty()) {
          stack.removeLast();
          order.add(p);
        } else {
          stack.addAll(missing);
        }
      }
    }
    return List.copyOf(order);
  }

  /**
   * Results whose replacement of their argument is proved get its memory; for the others a copy
   * comes last.
   */
  private void decideInPlace(List<Kernel> kernels) {
    var users = new HashMap<Buffer, List<Integer>>();
    for (int i = 0; i < kernels.size(); i++) {
      for (Buffer b : kernels.get(i).parameters()) {
        users.computeIfAbsent(b, _ -> new ArrayList<>()).add(i);
      }
    }
    var copies = new ArrayList<Kernel>();
    replaces.forEach(
        (replacement, old) -> {
          var touching = new TreeSet<>(users.getOrDefault(old, List.of()));
          touching.addAll(users.getOrDefault(replacement, List.of()));
          if (isSafe(touching.stream().map(kernels::get).toList(), old, replacement)) {
            refs.put(replacement, Objects.requireNonNull(refs.get(old)));
          } else {
            scratch.add(replacement);
            copies.add(
                GroupLowering.copy(
                    entry.name() + "_copy_" + old.name(), replacement, old, hardware));
          }
        });
    kernels.addAll(copies);
  }

  private static boolean isSafe(List<Kernel> kernels, Buffer old, Buffer replacement) {
    boolean written = false;
    for (Kernel k : kernels) {
      boolean reads = k.parameters().contains(old);
      boolean writes = k.parameters().contains(replacement) && writes(k).contains(replacement);
      if (reads && (written || writes && !InPlace.isSafe(k, old, replacement))) {
        return false;
      }
      written |= writes;
    }
    return true;
  }

  private MemoryPlanner.Plan plan(List<Kernel> kernels) {
    var first = new LinkedHashMap<Buffer, Integer>();
    var last = new HashMap<Buffer, Integer>();
    for (int i = 0; i < kernels.size(); i++) {
      for (Buffer b : kernels.get(i).parameters()) {
        if (scratch.contains(b)) {
          first.putIfAbsent(b, i);
          last.put(b, i);
        }
      }
    }
    List<Buffer> planned = List.copyOf(first.keySet());
    var lifetimes =
        planned.stream()
            .map(
                b ->
                    new MemoryPlanner.Lifetime(
                        Math.multiplyExact(b.size().max(), b.dtype().bytes()),
                        Objects.requireNonNull(first.get(b)),
                        Objects.requireNonNull(last.get(b))))
            .toList();
    MemoryPlanner.Plan plan = MemoryPlanner.plan(lifetimes);
    for (int i = 0; i < planned.size(); i++) {
      refs.put(planned.get(i), new Ref.Arena(plan.offsets().get(i)));
    }
    return plan;
  }

  private Barriers.Step step(Kernel k) {
    List<Ref> to =
        k.parameters().stream()
            .map(
                b ->
                    Objects.requireNonNull(
                        refs.get(b), () -> "buffer " + b.name() + " has no memory"))
            .toList();
    return new Barriers.Step(new Launch(k, to, Work.isWorthSplitting(k), false), writes(k));
  }

  private List<Symbol> symbols() {
    var symbols = new TreeSet<Symbol>();
    for (Value v : Graph.topological(entry.function().results())) {
      v.type().shape().dims().forEach(d -> symbols.addAll(d.symbols()));
    }
    entry
        .arguments()
        .forEach(a -> a.value().type().shape().dims().forEach(d -> symbols.addAll(d.symbols())));
    return List.copyOf(symbols);
  }
}
