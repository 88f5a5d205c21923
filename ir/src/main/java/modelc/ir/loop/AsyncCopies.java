package modelc.ir.loop;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The asynchronous copies of one interpreted thread that are under way. A copy reads when it
 * begins; its element is written when the thread has waited, and until then it may not be touched.
 */
final class AsyncCopies {
  private record Element(View to, long index, long bits, Site site) {}

  private List<Element> open = new ArrayList<>();
  private final Deque<List<Element>> groups = new ArrayDeque<>();

  /** Begins to copy one element. */
  void begin(Frame f, View to, long index, long bits, Site site) {
    to.expect(f, index, site);
    open.add(new Element(to, index, bits, site));
  }

  void commit() {
    groups.add(open);
    open = new ArrayList<>();
  }

  /** Waits until at most {@code pending} groups are under way. */
  void await(Frame f, int pending) {
    while (groups.size() > pending) {
      for (Element e : groups.removeFirst()) {
        e.to.land(f, e.index, e.bits, e.site);
      }
    }
  }
}
