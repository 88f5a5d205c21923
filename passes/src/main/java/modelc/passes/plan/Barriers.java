package modelc.passes.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.LoopEntry.Launch;
import modelc.ir.loop.LoopEntry.Ref;

/**
 * Puts barriers only where memory asks for one: a launch that touches what another wrote, or writes
 * what another reads, since the last barrier, unless the same thread runs both.
 *
 * <p>It does not reorder launches.
 */
final class Barriers {
  private record Range(int argument, long from, long to, boolean write) {
    boolean conflicts(Range o) {
      return (write || o.write) && argument == o.argument && from < o.to && o.from < to;
    }
  }

  private record Ran(List<Range> ranges, boolean split) {}

  private Barriers() {}

  /** What a launch writes; everything else it is given it only reads. */
  record Step(Launch launch, Set<Buffer> writes) {}

  static List<Launch> place(List<Step> steps) {
    var out = new ArrayList<Launch>();
    var since = new ArrayList<Ran>();
    for (Step s : steps) {
      Launch l = s.launch();
      var now = new Ran(ranges(s), l.split());
      boolean barrier =
          since.stream()
              .anyMatch(
                  r ->
                      (r.split || now.split)
                          && r.ranges.stream()
                              .anyMatch(a -> now.ranges.stream().anyMatch(a::conflicts)));
      if (barrier) {
        since.clear();
      }
      since.add(now);
      out.add(new Launch(l.kernel(), l.arguments(), l.split(), barrier));
    }
    return out;
  }

  private static List<Range> ranges(Step s) {
    var ranges = new ArrayList<Range>();
    for (int i = 0; i < s.launch().arguments().size(); i++) {
      Buffer b = s.launch().kernel().parameters().get(i);
      boolean write = s.writes().contains(b);
      long bytes = Math.multiplyExact(b.size().max(), b.dtype().bytes());
      ranges.add(
          switch (s.launch().arguments().get(i)) {
            case Ref.Argument a -> new Range(a.index(), 0, Long.MAX_VALUE, write);
            case Ref.Arena a -> new Range(-1, a.byteOffset(), a.byteOffset() + bytes, write);
          });
    }
    return ranges;
  }
}
