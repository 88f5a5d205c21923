package modelc.ir.loop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import modelc.ir.Dim;
import modelc.ir.Symbol;

/**
 * The rules of entries; their kernels are checked by {@link LoopVerifier}.
 *
 * <ul>
 *   <li>Sizes use the entry's symbols only, and a kernel's symbols are among them. Two kernels of
 *       one name are equal.
 *   <li>A launch has one argument for each parameter: an argument of the entry of the same element
 *       type and at least its size, or a piece of the arena, at a multiple of 64 bytes and within
 *       it at the symbols' maxima.
 *   <li>Pieces of the arena passed to one launch are the same or apart.
 *   <li>Only a kernel with a PARALLEL loop is split.
 * </ul>
 */
final class EntryVerifier {
  private static final long ALIGNMENT = 64;

  private final LoopEntry entry;
  private final List<String> problems = new ArrayList<>();
  private String where = "";

  private EntryVerifier(LoopEntry entry) {
    this.entry = entry;
  }

  static List<String> problems(LoopEntry entry) {
    var v = new EntryVerifier(entry);
    v.entry();
    return v.problems.stream().distinct().toList();
  }

  private void require(boolean condition, String problem) {
    if (!condition) {
      problems.add(
          "entry " + entry.name() + ": " + (where.isEmpty() ? "" : where + ": ") + problem);
    }
  }

  private void entry() {
    Set<Symbol> symbols = Set.copyOf(entry.symbols());
    require(symbols.size() == entry.symbols().size(), "a symbol is declared twice");
    for (LoopEntry.ArgumentBuffer a : entry.arguments()) {
      require(
          symbols.containsAll(a.elements().symbols()),
          "argument "
              + a.name()
              + " has "
              + a.elements()
              + " elements, of which a symbol is not declared");
    }
    require(entry.arenaBytes() >= 0, "the arena has " + entry.arenaBytes() + " bytes");
    var kernels = new HashMap<String, Kernel>();
    var checked = new IdentityHashMap<Kernel, Boolean>();
    for (LoopEntry.Launch l : entry.launches()) {
      Kernel k = l.kernel();
      where = LoopPrinter.launch(entry, l);
      Kernel same = kernels.putIfAbsent(k.name(), k);
      require(same == null || same.equals(k), "another kernel has this name");
      if (checked.put(k, true) == null) {
        problems.addAll(LoopVerifier.problems(k));
      }
      launch(l, symbols);
    }
  }

  private void launch(LoopEntry.Launch l, Set<Symbol> symbols) {
    Kernel k = l.kernel();
    require(
        symbols.containsAll(k.symbols()), "the kernel uses a symbol that the entry does not have");
    require(!l.split() || k.hasParallelLoop(), "it is split, but has no parallel loop");
    if (l.arguments().size() != k.parameters().size()) {
      require(
          false, l.arguments().size() + " arguments for " + k.parameters().size() + " parameters");
      return;
    }
    var pieces = new HashMap<Long, Long>();
    for (int i = 0; i < l.arguments().size(); i++) {
      Buffer p = k.parameters().get(i);
      switch (l.arguments().get(i)) {
        case LoopEntry.Ref.Argument a -> argument(p, a.index());
        case LoopEntry.Ref.Arena a -> {
          long bytes = Math.multiplyExact(p.size().max(), (long) p.dtype().bytes());
          require(
              a.byteOffset() >= 0 && a.byteOffset() % ALIGNMENT == 0,
              p.name() + " is at " + a.byteOffset() + ", no multiple of " + ALIGNMENT);
          require(
              a.byteOffset() + bytes <= entry.arenaBytes(),
              p.name()
                  + " ends at "
                  + (a.byteOffset() + bytes)
                  + ", the arena at "
                  + entry.arenaBytes());
          pieces.merge(a.byteOffset(), bytes, Math::max);
        }
      }
    }
    overlaps(pieces);
  }

  private void argument(Buffer p, int index) {
    if (index < 0 || index >= entry.arguments().size()) {
      require(false, "there is no argument " + index);
      return;
    }
    LoopEntry.ArgumentBuffer a = entry.arguments().get(index);
    require(
        a.dtype() == p.dtype(),
        p.name() + " is " + p.dtype() + ", argument " + a.name() + " " + a.dtype());
    require(
        fits(p.size(), a.elements(), Symbol::max) && fits(p.size(), a.elements(), _ -> 1),
        p.name() + " has " + p.size() + " elements, argument " + a.name() + " " + a.elements());
  }

  private static boolean fits(Dim parameter, Dim argument, ToLongFunction<Symbol> symbols) {
    return parameter.evaluate(symbols) <= argument.evaluate(symbols);
  }

  private void overlaps(Map<Long, Long> pieces) {
    long end = 0;
    for (long start : pieces.keySet().stream().sorted().toList()) {
      require(start >= end, "the arena pieces before and at " + start + " overlap");
      end = Math.max(end, start + pieces.getOrDefault(start, 0L));
    }
  }
}
