package modelc.ptx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Four warps that execute {@code wgmma} together: the instructions that they executed, which have
 * to be the same, in the same order, with the same operands. Nobody waits for the others here.
 */
final class Warpgroup {
  static final int WARPS = 4;

  /** An instruction, and the values that have to be one for all threads. */
  private record Step(int at, long[] operands) {}

  private final Block block;
  private final int first;
  private final List<Step> steps = new ArrayList<>();
  private final int[] done = new int[WARPS];

  Warpgroup(Block block, int index) {
    this.block = block;
    first = index * WARPS;
  }

  void clear() {
    steps.clear();
    Arrays.fill(done, 0);
  }

  /** A warp executes an instruction for a warpgroup. */
  void step(Warp w, long... operands) {
    if (first + WARPS > block.warps.length || block.warps[first + WARPS - 1].lanes != -1) {
      throw w.fault(
          PtxFault.Kind.BARRIER_DIVERGENCE,
          0,
          "needs four full warps, which the block's end lacks");
    }
    int number = done[w.index - first]++;
    if (number == steps.size()) {
      steps.add(new Step(w.at, operands));
    }
    Step s = steps.get(number);
    if (s.at != w.at) {
      throw w.fault(
          PtxFault.Kind.BARRIER_DIVERGENCE,
          0,
          "is executed while another warp of its warpgroup executes PTX line "
              + block.program.code()[s.at].place().line());
    }
    if (!Arrays.equals(s.operands, operands)) {
      throw w.fault(
          PtxFault.Kind.INVALID_INSTRUCTION,
          0,
          "has other descriptors or another scale-d than in another warp of its warpgroup");
    }
  }

  /** The block has ended: all have to have taken part in all. */
  void end() {
    for (int i = 0; i < WARPS; i++) {
      if (done[i] != steps.size()) {
        Warp w = block.warps[first + i];
        w.at = steps.get(done[i]).at;
        throw w.fault(
            PtxFault.Kind.BARRIER_DIVERGENCE,
            0,
            "divergence: other warps of the warpgroup executed it, and this one has ended");
      }
    }
  }
}
