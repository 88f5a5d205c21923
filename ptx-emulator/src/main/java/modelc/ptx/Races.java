package modelc.ptx;

import java.util.Arrays;

/**
 * Finds accesses to one place of memory whose order nothing fixes. Kept for each granule, the
 * smallest piece that the module accesses: who wrote it last, and who has read it since.
 *
 * <p>An access is stamped with block, thread and the clock of the thread's warp. Clocks advance at
 * barriers and warp barriers, where those that meet learn each other's clocks ({@link
 * Warp#clocks}): that orders accesses of one block. Nothing orders two blocks of a launch. A set of
 * readers that do not fit one stamp is kept as something larger: their warp, their block (until all
 * its threads meet), or everyone.
 */
final class Races {
  /** What {@link #conflict} and the next calls return where there is none. */
  static final long NONE = 0;

  static final int MAX_BLOCKS = 1 << 29;
  static final int MAX_CLOCK = (1 << 20) - 1;

  private static final int PAGE = 10;
  private static final long PRESENT = 1;
  private static final long ATOMIC = 2;
  private static final long KIND = 3 << 2;
  private static final long WARP = 1 << 2;
  private static final long BLOCK = 2 << 2;
  private static final long ALL = 3 << 2;

  private final int granule;
  private final int shift;
  private final long[] writers;
  private final long[] readers;

  /** The instruction of the last write and read. */
  private final int[] writeAt;

  private final int[] readAt;
  private final int[] pageLaunch;

  Races(int bytes, int granule) {
    this.granule = granule;
    shift = Integer.numberOfTrailingZeros(granule);
    int n = (bytes + granule - 1) / granule;
    writers = new long[n];
    readers = new long[n];
    writeAt = new int[n];
    readAt = new int[n];
    pageLaunch = new int[(n >> PAGE) + 1];
  }

  int granule() {
    return granule;
  }

  /** Forgets accesses of earlier launches, or earlier blocks where the memory is a block's. */
  private void enter(int g, int launch) {
    int page = g >> PAGE;
    if (pageLaunch[page] != launch) {
      pageLaunch[page] = launch;
      int to = Math.min(writers.length, (page + 1) << PAGE);
      Arrays.fill(writers, page << PAGE, to, NONE);
      Arrays.fill(readers, page << PAGE, to, NONE);
    }
  }

  private static long stamp(Warp w, int lane, boolean atomic) {
    return ((long) w.block.number << 34)
        | ((long) (w.index * 32 + lane) << 24)
        | ((long) w.clocks[w.index] << 4)
        | (atomic ? ATOMIC : 0)
        | PRESENT;
  }

  static int block(long stamp) {
    return (int) (stamp >>> 34);
  }

  /** The thread; -1 where the stamp stands for several. */
  static int thread(long stamp) {
    return (stamp & KIND) == 0 ? (int) (stamp >>> 24) & 1023 : -1;
  }

  static boolean everyone(long stamp) {
    return (stamp & KIND) == ALL;
  }

  private static int clock(long stamp) {
    return (int) (stamp >>> 4) & MAX_CLOCK;
  }

  private static boolean ordered(long stamp, Warp w, int lane) {
    if (stamp == NONE) {
      return true;
    }
    long kind = stamp & KIND;
    if (kind == ALL || block(stamp) != w.block.number) {
      return false;
    }
    if (kind == BLOCK) {
      return w.block.epoch > clock(stamp);
    }
    int thread = (int) (stamp >>> 24) & 1023;
    if (kind == 0 && thread == w.index * 32 + lane) {
      return true;
    }
    int warp = thread >> 5;
    return warp == w.index ? clock(stamp) < w.clocks[warp] : clock(stamp) <= w.clocks[warp];
  }

  /**
   * A read.
   *
   * @return the stamp of the write that it races with
   */
  long read(Warp w, int lane, int offset, int size, boolean atomic, int launch) {
    int end = (offset + size - 1) >> shift;
    for (int g = offset >> shift; g <= end; g++) {
      enter(g, launch);
      long writer = writers[g];
      boolean both = atomic && (writer & ATOMIC) != 0;
      if (writer != NONE && !both && !ordered(writer, w, lane)) {
        return writer;
      }
      long reader = readers[g];
      // A strong read and a later strong write are no race, and plain writes are rare there.
      if (!atomic && (reader & KIND) != ALL) {
        readers[g] = joined(reader, w, lane);
        readAt[g] = w.at;
      }
    }
    return NONE;
  }

  /** The readers with one more. */
  private static long joined(long reader, Warp w, int lane) {
    if (ordered(reader, w, lane)) {
      return stamp(w, lane, false);
    }
    if (block(reader) != w.block.number) {
      return PRESENT | ALL;
    }
    boolean sameWarp = (reader & KIND) != BLOCK && ((reader >>> 29) & 31) == w.index;
    if (sameWarp) {
      return stamp(w, lane, false) | WARP;
    }
    return ((long) w.block.number << 34) | ((long) w.block.epoch << 4) | BLOCK | PRESENT;
  }

  /**
   * A write.
   *
   * @return the stamp of the read or write that it races with
   */
  long write(Warp w, int lane, int offset, int size, boolean atomic, int launch) {
    int end = (offset + size - 1) >> shift;
    for (int g = offset >> shift; g <= end; g++) {
      enter(g, launch);
      long writer = writers[g];
      boolean both = atomic && (writer & ATOMIC) != 0;
      if (!both && !ordered(writer, w, lane)) {
        return writer;
      }
      if (!ordered(readers[g], w, lane)) {
        return readers[g];
      }
      long now = stamp(w, lane, atomic);
      // An atomic access does not hide its thread's plain write from the other threads.
      writers[g] = atomic && writer == (now & ~ATOMIC) ? writer : now;
      readers[g] = NONE;
      writeAt[g] = w.at;
    }
    return NONE;
  }

  /** The instruction that did the access of a stamp that {@link #read} or {@link #write} gave. */
  int instruction(int offset, int size, long stamp) {
    for (int i = 0; i < size; i += granule) {
      int g = (offset + i) >> shift;
      if (readers[g] == stamp) {
        return readAt[g];
      }
      if (writers[g] == stamp) {
        return writeAt[g];
      }
    }
    return -1;
  }

  /** Whether the access of a stamp was a write. */
  boolean wasWrite(int offset, int size, long stamp) {
    for (int i = 0; i < size; i += granule) {
      if (writers[(offset + i) >> shift] == stamp) {
        return true;
      }
    }
    return false;
  }
}
