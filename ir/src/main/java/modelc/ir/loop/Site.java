package modelc.ir.loop;

import java.util.ArrayList;
import java.util.List;

/**
 * A place in the code of an interpreted kernel, for messages. Two places are different even where
 * equal statements stand.
 */
final class Site {
  private final String kernel;
  private final Stmt stmt;
  private final List<Var> loops;
  private final int[] slots;

  /**
   * A place.
   *
   * @param loops the variables of the loops around it
   * @param slots where a frame has their values
   */
  Site(String kernel, Stmt stmt, List<Var> loops, int[] slots) {
    this.kernel = kernel;
    this.stmt = stmt;
    this.loops = List.copyOf(loops);
    this.slots = slots;
  }

  /** What the threads of a warp do together here. */
  String inWarp() {
    return stmt instanceof Stmt.InBlock ? "product" : "shuffle";
  }

  /** Checks the first index of an access to several elements that a GPU does at once. */
  void aligned(Frame f, long index, int lanes) {
    if (index % lanes != 0) {
      throw error(f, "index " + index + " is no multiple of the " + lanes + " elements at once");
    }
  }

  LoopCheckException error(Frame f, String problem) {
    var values = new ArrayList<String>();
    for (int i = 0; i < slots.length; i++) {
      values.add("%" + loops.get(i).name() + " = " + f.longs[slots[i]]);
    }
    return new LoopCheckException(
        "kernel "
            + kernel
            + ": "
            + LoopPrinter.summary(stmt)
            + ": "
            + problem
            + (values.isEmpty() ? "" : ", where " + String.join(", ", values)));
  }
}
