package modelc.ptx;

/** Lanes of a warp that are at the same instruction. */
final class Split {
  /** What they do there. */
  enum State {
    READY,
    /** Wait for other lanes of the warp. */
    WAITING,
    /** Wait for other threads of the block. */
    AT_BARRIER
  }

  int pc;
  int mask;
  State state = State.READY;

  /** The number of the barrier where they wait. */
  int barrier;

  Split(int pc, int mask) {
    this.pc = pc;
    this.mask = mask;
  }
}
