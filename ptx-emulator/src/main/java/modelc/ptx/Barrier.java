package modelc.ptx;

import java.util.BitSet;

/** One of a block's 16 barriers: who has come, and what they brought. */
final class Barrier {
  int arrived;
  int expected;

  /** How many of those who came had their predicate true, and how many brought one. */
  int votes;

  int voters;
  private final BitSet warps = new BitSet(32);

  void arrive(Warp w, int lanes, int holds, boolean votes) {
    arrived += Integer.bitCount(lanes);
    if (votes) {
      this.votes += Integer.bitCount(lanes & holds);
      voters += Integer.bitCount(lanes);
    }
    warps.set(w.index);
  }

  boolean isComplete() {
    return arrived >= expected;
  }

  /** Those who met learn each other's clocks. */
  void join(Warp[] all) {
    var joined = new int[all.length];
    for (int i = warps.nextSetBit(0); i >= 0; i = warps.nextSetBit(i + 1)) {
      for (int k = 0; k < joined.length; k++) {
        joined[k] = Math.max(joined[k], all[i].clocks[k]);
      }
    }
    for (int i = warps.nextSetBit(0); i >= 0; i = warps.nextSetBit(i + 1)) {
      System.arraycopy(joined, 0, all[i].clocks, 0, joined.length);
      all[i].advance();
    }
  }

  void reset() {
    arrived = 0;
    votes = 0;
    voters = 0;
    warps.clear();
  }
}
