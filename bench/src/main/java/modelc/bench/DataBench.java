package modelc.bench;

import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import modelc.data.Data;
import modelc.data.DataSet;
import modelc.data.Request;
import modelc.data.Step;
import modelc.runtime.Column;
import modelc.runtime.ElementType;

/**
 * How many pictures of a folder or zip file one thread reads in a second: decoded, kept in memory,
 * augmented. It trains nothing.
 *
 * <p>Arguments: the place, the side the pictures are brought to, and how many (default 10,000).
 * Time is the thread's own on the processor, so that what else runs on the machine does not count.
 */
public final class DataBench {
  private static final int ROUNDS = 5;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private DataBench() {}

  public static void main(String[] args) {
    Path place = Path.of(args[0]).toAbsolutePath();
    long side = Long.parseLong(args[1]);
    int count = args.length > 2 ? Integer.parseInt(args[2]) : 10_000;
    long start = THREADS.getCurrentThreadCpuTime();
    DataSet plain = open(place, side, 0);
    System.out.printf(
        Locale.ROOT,
        "opened %,d pictures in %.2f s%n",
        plain.size(),
        (THREADS.getCurrentThreadCpuTime() - start) * 1e-9);
    int n = (int) Math.min(count, plain.size());
    report("decoded each time", plain, n);
    DataSet kept = open(place, side, 1024);
    read(kept, n, 1);
    report("kept in memory", kept, n);
    Step flips = new Step("flip", List.of(), Map.of());
    Step shifts = new Step("shift", List.of(4L), Map.of());
    report("kept, shift(4), flip", warmed(open(place, side, 1024, shifts, flips), n), n);
    Step turns = new Step("rotate", List.of(10L), Map.of());
    Step colours = new Step("jitter", List.of(0.2, 0.2, 0.2), Map.of());
    DataSet all = open(place, side, 1024, shifts, flips, turns, colours);
    report("kept, shift, flip, rotate, jitter", warmed(all, n), n);
  }

  private static DataSet open(Path place, long side, long cache, Step... changes) {
    var resize = new Step("resize", List.of(side), Map.of());
    var augment = new Step("augment", Arrays.<Object>asList((Object[]) changes), Map.of());
    return Data.open(
            new Request(
                new Step("image_folder", List.of(place.toString()), Map.of("cache", cache)),
                changes.length == 0 ? List.of(resize) : List.of(resize, augment),
                List.of(new Column("image", ElementType.F32, List.of(3L, side, side))),
                place,
                1))
        .train();
  }

  private static DataSet warmed(DataSet set, int n) {
    read(set, n, 1);
    return set;
  }

  /** Seconds on the processor; every {@code size / n}th picture, so that all classes occur. */
  private static double read(DataSet set, int n, int epoch) {
    MemorySegment[] rows =
        set.columns().stream()
            .map(c -> MemorySegment.ofArray(new long[(int) Math.ceilDiv(c.bytes(), 8L)]))
            .toArray(MemorySegment[]::new);
    for (int c = 0; c < rows.length; c++) {
      rows[c] = rows[c].asSlice(0, set.columns().get(c).bytes());
    }
    long start = THREADS.getCurrentThreadCpuTime();
    for (int i = 0; i < n; i++) {
      set.read(set.size() * i / n, epoch, rows);
    }
    return (THREADS.getCurrentThreadCpuTime() - start) * 1e-9;
  }

  private static void report(String what, DataSet set, int n) {
    var rates = new double[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
      rates[r] = n / read(set, n, r + 1);
    }
    Arrays.sort(rates);
    System.out.printf(
        Locale.ROOT,
        "%-36s %,9.0f a second (%,.0f to %,.0f)%n",
        what,
        rates[ROUNDS / 2],
        rates[0],
        rates[ROUNDS - 1]);
  }
}
