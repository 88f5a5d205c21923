package modelc.ptx;

import org.jspecify.annotations.Nullable;

/** Explains why the threads of a block cannot go on: which waits for which. */
final class Divergence {
  private Divergence() {}

  /** Throws where a thread still waits. */
  static void check(Block block) {
    for (Warp w : block.warps) {
      for (Split s : w.splits()) {
        throw fault(block, w, s);
      }
    }
  }

  private static PtxFault fault(Block block, Warp w, Split s) {
    int lane = Integer.numberOfTrailingZeros(s.mask);
    w.at = s.pc;
    String missing = s.state == Split.State.WAITING ? missingLane(block, w, s) : null;
    if (missing == null) {
      missing = missingThread(block, w, s);
    }
    return w.fault(
        PtxFault.Kind.BARRIER_DIVERGENCE,
        lane,
        "divergence: waits for ever" + (missing == null ? "" : ", for " + missing));
  }

  private static @Nullable String missingLane(Block block, Warp w, Split s) {
    Flow flow = block.program.code()[s.pc].flow();
    int wanted = w.lanes;
    if (flow instanceof Flow.Sync y && y.members() >= 0) {
      wanted = (int) w.r[y.members() + Integer.numberOfTrailingZeros(s.mask)];
    }
    wanted &= ~s.mask;
    return wanted == 0 ? null : where(block, w, Integer.numberOfTrailingZeros(wanted));
  }

  private static @Nullable String missingThread(Block block, Warp from, Split waiting) {
    for (Warp w : block.warps) {
      int there = w == from ? waiting.mask : 0;
      for (Split s : w.splits()) {
        boolean come = s.state == Split.State.AT_BARRIER && s.barrier == waiting.barrier;
        there |= come || s.pc == waiting.pc ? s.mask : 0;
      }
      int absent = w.lanes & ~there;
      if (absent != 0) {
        return where(block, w, Integer.numberOfTrailingZeros(absent));
      }
    }
    return null;
  }

  private static String where(Block block, Warp w, int lane) {
    if ((w.lanes >>> lane & 1) == 0) {
      return "lane " + lane + ", which the block does not have";
    }
    String name = block.name(w.index * 32 + lane);
    for (Split s : w.splits()) {
      if ((s.mask >>> lane & 1) != 0) {
        Inst i = block.program.code()[s.pc];
        return name + ", which waits at PTX line " + i.place().line() + ", " + i.text();
      }
    }
    return name + ", which has ended";
  }
}
