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
import modelc.ir.loop.Buffer;

/**
 * Which parts of an entry have to wait for which: readers for writers, and those that replace an
 * argument, wherever that is possible, for all that read it.
 *
 * <p>It decides nothing about memory.
 */
final class Schedule {
  private final List<Part> parts;
  private final Map<Part, Set<Part>> before = new LinkedHashMap<>();
  private final Map<Part, Set<Part>> after = new HashMap<>();

  /**
   * The constraints among {@code parts}.
   *
   * @param replaces buffers of results that replace arguments, and the buffers of those
   */
  Schedule(List<Part> parts, Map<Buffer, Buffer> replaces) {
    this.parts = parts;
    var writers = new HashMap<Buffer, Set<Part>>();
    var users = new HashMap<Buffer, Set<Part>>();
    for (Part p : parts) {
      p.writes.forEach(b -> writers.computeIfAbsent(b, _ -> new LinkedHashSet<>()).add(p));
      p.uses.forEach(b -> users.computeIfAbsent(b, _ -> new LinkedHashSet<>()).add(p));
    }
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
              if (r != w && !reaches(w, r)) {
                before(w).add(r);
                after.computeIfAbsent(r, _ -> new LinkedHashSet<>()).add(w);
              }
            }
          }
        });
  }

  private Set<Part> before(Part p) {
    return Objects.requireNonNull(before.get(p));
  }

  /**
   * True when {@code to} can only run after {@code from}. Asked of what replaces an argument, which
   * little depends on: the search is short in this direction.
   */
  private boolean reaches(Part from, Part to) {
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

  /** An order that all constraints allow, like the one given. */
  List<Part> order() {
    var order = new LinkedHashSet<Part>();
    for (Part root : parts) {
      var stack = new ArrayList<>(List.of(root));
      while (!stack.isEmpty()) {
        Part p = stack.getLast();
        List<Part> missing = before(p).stream().filter(q -> !order.contains(q)).toList();
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
   * How many parts, at least, have to run after each, one after the other. Parts of one height do
   * not wait for each other.
   */
  Map<Part, Integer> heights() {
    var heights = new HashMap<Part, Integer>();
    for (Part p : order().reversed()) {
      int height = 0;
      for (Part next : after.getOrDefault(p, Set.of())) {
        height = Math.max(height, 1 + Objects.requireNonNull(heights.get(next)));
      }
      heights.put(p, height);
    }
    return heights;
  }
}
