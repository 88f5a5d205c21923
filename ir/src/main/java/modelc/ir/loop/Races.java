package modelc.ir.loop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds accesses to one element whose order is not fixed: by different iterations of PARALLEL
 * loops, by different threads of a GPU, by launches that no barrier separates. It sees every access
 * that is made, so what it does not report may still race for other sizes.
 *
 * <p>Whoever accesses memory has a number. A later number means nothing by itself: two accesses are
 * ordered when they have the same number, are in different phases (a barrier between launches), or
 * both by code that one thread runs (launches that are not split; intervals between the barriers of
 * one GPU block). The owner kept for an element is {@code number << 1 | s}, with s = 1 for launches
 * that are not split. The last writer is kept, and the reader; when there are several unordered
 * ones, a number that stands for several.
 */
final class Races {
  private static final int LIMIT = 1 << 30;

  private record Range(int first, int count, String what) {}

  private int next = 1;
  private final List<Range> ranges = new ArrayList<>();

  /**
   * First numbers of the split loops of this phase, by trip count: iteration i is of the same
   * thread in all of them.
   */
  private final Map<Long, Integer> shared = new HashMap<>();

  /** Owners up to this one are of earlier phases. */
  private int epoch;

  /**
   * Stands for several owners of this phase, and for several of the current launch or interval
   * only.
   */
  private int several;

  private int severalHere;

  /**
   * Owners in {@code [orderedFrom, orderedTo)} that have the current low bit come before the
   * current one.
   */
  private int orderedFrom;

  private int orderedTo;
  private int serialBit;

  /** The owner of what the current launch does outside its PARALLEL loop. */
  private int outside;

  private int take(long count, String what) {
    if (count > LIMIT - next) {
      throw new IllegalStateException("too many iterations to tell races apart");
    }
    int first = next;
    next += (int) count;
    ranges.add(new Range(first, (int) count, what));
    return first;
  }

  /** All that was done before comes before all that follows. */
  void beginPhase() {
    ranges.clear();
    shared.clear();
    epoch = next << 1 | 1;
    next++;
    several = take(1, "several") << 1;
    serialBit = 0;
    orderedFrom = 0;
    orderedTo = 0;
  }

  /**
   * A launch of a CPU kernel.
   *
   * @return the owner of what it does outside its PARALLEL loop
   */
  int beginLaunch(boolean split, String kernel) {
    int first = take(2, (split ? "all threads in " : "thread 0 in ") + kernel);
    serialBit = split ? 0 : 1;
    orderedFrom = split ? 0 : epoch;
    orderedTo = split ? 0 : first << 1;
    severalHere = split ? several : (first + 1) << 1 | 1;
    outside = first << 1 | serialBit;
    return outside;
  }

  /**
   * A PARALLEL loop of the current launch.
   *
   * @return the owner of its iteration 0; iterations differ by 2
   */
  int beginParallel(long trips, String loop) {
    Integer first = serialBit == 0 ? shared.get(trips) : null;
    if (first == null) {
      first = take(Math.max(0, trips), "iteration of " + loop);
      if (serialBit == 0) {
        shared.put(trips, first);
      }
    }
    return first << 1 | serialBit;
  }

  /** A block of a GPU kernel, which has to be in a phase of its own. */
  void beginBlock() {
    serialBit = 0;
    orderedFrom = next << 1;
    orderedTo = orderedFrom;
  }

  /**
   * An interval of the current block that begins with a barrier.
   *
   * @return the owner of its thread 0; threads differ by 2
   */
  int beginInterval(int threads) {
    int first = take(threads + 1L, "thread of a block");
    orderedTo = first << 1;
    severalHere = (first + threads) << 1;
    return first << 1;
  }

  private boolean ordered(int owner) {
    return owner >= orderedFrom && owner < orderedTo && (owner & 1) == serialBit;
  }

  private boolean conflicts(int owner, int me) {
    return owner > epoch && owner != me && !ordered(owner);
  }

  void read(Frame f, View v, int granule, long index, Site site) {
    Cells cells = v.cells();
    int me = f.me;
    int writer = cells.writers[granule];
    // Outside the PARALLEL loop every thread writes its own private memory.
    boolean own = writer == outside && v.tracking() == View.Tracking.READS;
    if (conflicts(writer, me) && !own) {
      throw race(f, v, index, site, "reads", "written", writer);
    }
    int reader = cells.readers[granule];
    if (reader == me || reader == several) {
      return;
    }
    boolean alone = reader <= epoch || ordered(reader);
    boolean here = orderedTo != 0 && reader >= orderedTo;
    cells.readers[granule] = alone ? me : here ? severalHere : several;
  }

  void write(Frame f, View v, int granule, long index, Site site) {
    Cells cells = v.cells();
    int me = f.me;
    if (v.tracking() == View.Tracking.ALL) {
      if (conflicts(cells.writers[granule], me)) {
        throw race(f, v, index, site, "writes", "written", cells.writers[granule]);
      }
      if (conflicts(cells.readers[granule], me)) {
        throw race(f, v, index, site, "writes", "read", cells.readers[granule]);
      }
    }
    cells.writers[granule] = me;
  }

  private LoopCheckException race(
      Frame f, View v, long index, Site site, String does, String did, int owner) {
    return site.error(
        f,
        "race: "
            + name(f.me)
            + " "
            + does
            + " "
            + v.name()
            + "["
            + index
            + "], "
            + did
            + " by "
            + name(owner)
            + " with no barrier between");
  }

  private String name(int owner) {
    int number = owner >> 1;
    for (int i = ranges.size() - 1; i >= 0; i--) {
      Range r = ranges.get(i);
      if (number >= r.first && number < r.first + r.count) {
        return owner == several || owner == severalHere
            ? "several"
            : r.what.contains(" of ")
                ? r.what.replaceFirst(" of ", " " + (number - r.first) + " of ")
                : r.what;
      }
    }
    return "?";
  }
}
