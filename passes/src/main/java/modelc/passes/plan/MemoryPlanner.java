package modelc.passes.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Places buffers of known lifetimes in one arena: largest first, each into the smallest gap that
 * fits between the buffers alive at the same time.
 *
 * <p>It knows neither what the buffers hold nor what lies between the steps.
 */
public final class MemoryPlanner {
  /** Every offset is a multiple of this: a cache line, and the widest vectors. */
  public static final long ALIGNMENT = 64;

  /**
   * A buffer.
   *
   * @param first the step that writes it first
   * @param last the last step that uses it
   */
  public record Lifetime(long bytes, int first, int last) {}

  /**
   * Where everything lies.
   *
   * @param offsets of the buffers, in the order given
   * @param bytes of the arena
   * @param lowerBound the most bytes alive at one step: no plan needs less
   */
  public record Plan(List<Long> offsets, long bytes, long lowerBound) {
    public Plan {
      offsets = List.copyOf(offsets);
    }
  }

  private MemoryPlanner() {}

  /** A plan in which no two buffers alive at the same step overlap. */
  public static Plan plan(List<Lifetime> buffers) {
    var order = new ArrayList<Integer>();
    for (int i = 0; i < buffers.size(); i++) {
      order.add(i);
    }
    order.sort(
        Comparator.comparingLong((Integer i) -> -buffers.get(i).bytes())
            .thenComparingInt(i -> buffers.get(i).first()));
    long[] offsets = new long[buffers.size()];
    // Those placed, by offset.
    var placed = new ArrayList<Integer>();
    long end = 0;
    for (int i : order) {
      offsets[i] = place(buffers.get(i), buffers, placed, offsets);
      placed.add(insertion(placed, offsets, offsets[i]), i);
      end = Math.max(end, Math.addExact(offsets[i], size(buffers.get(i))));
    }
    return new Plan(Arrays.stream(offsets).boxed().toList(), end, lowerBound(buffers));
  }

  private static long place(
      Lifetime buffer, List<Lifetime> buffers, List<Integer> placed, long[] offsets) {
    long size = size(buffer);
    long best = -1;
    long bestGap = Long.MAX_VALUE;
    long free = 0;
    for (int j : placed) {
      if (!overlap(buffer, buffers.get(j))) {
        continue;
      }
      long gap = offsets[j] - free;
      if (gap >= size && gap < bestGap) {
        best = free;
        bestGap = gap;
      }
      free = Math.max(free, offsets[j] + size(buffers.get(j)));
    }
    return best >= 0 ? best : free;
  }

  /** The index after all of {@code placed} whose offset is at most {@code offset}. */
  private static int insertion(List<Integer> placed, long[] offsets, long offset) {
    int low = 0;
    int high = placed.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (offsets[placed.get(middle)] <= offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static boolean overlap(Lifetime a, Lifetime b) {
    return a.first() <= b.last() && b.first() <= a.last();
  }

  private static long size(Lifetime l) {
    return Math.ceilDiv(l.bytes(), ALIGNMENT) * ALIGNMENT;
  }

  private static long lowerBound(List<Lifetime> buffers) {
    int steps = buffers.stream().mapToInt(Lifetime::last).max().orElse(-1) + 1;
    long[] change = new long[steps + 1];
    for (Lifetime l : buffers) {
      change[l.first()] += size(l);
      change[l.last() + 1] -= size(l);
    }
    long alive = 0;
    long most = 0;
    for (long c : change) {
      alive += c;
      most = Math.max(most, alive);
    }
    return most;
  }
}
