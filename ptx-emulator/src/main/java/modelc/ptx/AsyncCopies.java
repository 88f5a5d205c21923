package modelc.ptx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The {@code cp.async} copies of a warp's threads that are under way. A copy reads global memory
 * when it is issued; shared memory has the bytes when its thread has waited for it, and until then
 * nobody may use them.
 */
final class AsyncCopies {
  /** A copy of up to 16 bytes. */
  private record Copy(int offset, int bytes, long low, long high) {}

  private final Warp warp;
  private final List<List<Copy>> open = new ArrayList<>();
  private final List<Deque<List<Copy>>> groups = new ArrayList<>();

  AsyncCopies(Warp warp) {
    this.warp = warp;
    for (int lane = 0; lane < 32; lane++) {
      open.add(new ArrayList<>());
      groups.add(new ArrayDeque<>());
    }
  }

  void clear() {
    open.forEach(List::clear);
    groups.forEach(Deque::clear);
  }

  /** Issues a copy to the place in shared memory that was found last. */
  void issue(int lane, int bytes, long low, long high) {
    int offset = warp.block.memory.expectCopy(bytes);
    open.get(lane).add(new Copy(offset, bytes, low, high));
  }

  /** Makes the copies of each lane since its last group a group. */
  void commit(int mask) {
    for (int m = mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      groups.get(lane).add(new ArrayList<>(open.get(lane)));
      open.get(lane).clear();
    }
  }

  /** Waits until at most {@code pending} groups of each lane are under way. */
  void await(int mask, int pending) {
    for (int m = mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      Deque<List<Copy>> queue = groups.get(lane);
      while (queue.size() > pending) {
        for (Copy c : queue.removeFirst()) {
          land(lane, c);
        }
      }
    }
  }

  private void land(int lane, Copy c) {
    Memory memory = warp.block.memory;
    warp.block.shared.mark(c.offset, c.bytes, Region.UNDEFINED);
    memory.write(warp, lane, Space.SHARED, c.offset, c.bytes, false);
    memory.set(0, Math.min(8, c.bytes), c.low);
    if (c.bytes == 16) {
      memory.set(8, 8, c.high);
    }
  }
}
