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
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Value;
import modelc.passes.Gpu;
import modelc.passes.Hardware;
import modelc.passes.fuse.FusedEntry;
import modelc.passes.fuse.Group;
import modelc.passes.layout.Layout;
import modelc.passes.lower.GroupLowering;
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
    if (hardware instanceof Gpu) {
      parts = MergeLaunches.run(parts, replaces);
    }
    List<Kernel> kernels = new ArrayList<>();
    new Schedule(parts, replaces).order().forEach(p -> kernels.addAll(p.kernels));
    decideInPlace(kernels);
    MemoryPlanner.Plan plan = plan(kernels);
    List<Launch> launches = Barriers.place(kernels.stream().map(this::step).toList());
    var result = new LoopEntry(entry.name(), symbols(entry), arguments, plan.bytes(), launches);
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

  /**
   * What the names of the kernels of an entry's group begin with, merged ones aside, which compute
   * several.
   *
   * @param group its place among the groups
   */
  public static String prefix(Entry entry, int group) {
    return entry.name() + "_" + group + "_";
  }

  private Part part(int i, Group g) {
    String name = prefix(entry, i) + Names.of(g);
    var lowered = GroupLowering.lower(name, g, fused.layouts(), storage, hardware);
    scratch.addAll(lowered.scratch());
    boolean simple = g.kind() == Group.Kind.MAP || g.kind() == Group.Kind.REDUCE;
    return new Part(lowered.kernels(), simple);
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
      boolean writes = k.parameters().contains(replacement) && Part.writes(k).contains(replacement);
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
    return new Barriers.Step(new Launch(k, to, Work.isWorthSplitting(k), false), Part.writes(k));
  }

  /** The symbols that sizes of an entry use. */
  public static List<Symbol> symbols(Entry entry) {
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
