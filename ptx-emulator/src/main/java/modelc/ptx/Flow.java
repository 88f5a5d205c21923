package modelc.ptx;

import java.util.List;

/** Where control goes after an instruction, and whom it waits for before. */
sealed interface Flow {

  /** A place in the code, known when all of it is decoded. */
  final class Label {
    int at = -1;
  }

  /** To the next instruction. */
  record Next() implements Flow {}

  record Branch(Label target) implements Flow {}

  /**
   * To one of several labels.
   *
   * @param register with the label's number
   */
  record Indexed(int register, List<Label> targets) implements Flow {}

  record Exit() implements Flow {}

  /**
   * Waits for lanes of the warp.
   *
   * @param members the register with the mask of lanes; -1: all lanes of a full warp
   */
  record Sync(int members) implements Flow {}

  /**
   * Waits for threads of the block.
   *
   * @param id the register with the barrier's number
   * @param count the register with the number of threads that have to come; -1: all
   * @param aligned whether all threads of a warp have to come together
   * @param waits false where a thread announces itself only
   * @param predicate to reduce over the threads; -1 where there is none
   */
  record Barrier(int id, int count, boolean aligned, boolean waits, int predicate)
      implements Flow {}
}
