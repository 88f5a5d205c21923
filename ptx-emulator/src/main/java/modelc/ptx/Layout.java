package modelc.ptx;

import java.util.ArrayList;
import java.util.List;
import modelc.ptx.syntax.SyntaxException;
import modelc.ptx.syntax.Variable;

/**
 * Places of a kernel's shared and local variables. Between shared variables are gaps, so that an
 * index beyond one does not reach the next unseen.
 */
final class Layout {
  private static final int GAP = 128;
  private static final int LIMIT = 1 << 24;

  private int shared;
  private int local;
  private final List<int[]> gaps = new ArrayList<>();

  static int align(int at, int to) {
    return (at + to - 1) / to * to;
  }

  /** Takes memory for a variable. */
  Symbol.Variable variable(Variable v) {
    boolean isShared = v.space().equals("shared");
    if (v.bytes() < 0 && isShared) {
      return new Symbol.Variable(Space.SHARED, 0, true);
    }
    if (v.bytes() < 0 || v.bytes() > LIMIT - (isShared ? shared : local) - 2 * GAP) {
      throw new SyntaxException(1, "variable " + v.name() + " is too large, or has no size");
    }
    if (!isShared) {
      int at = align(local, v.align());
      local = at + (int) v.bytes();
      return new Symbol.Variable(Space.LOCAL, at, false);
    }
    int at = align(shared, v.align());
    gap(shared, at);
    int end = at + (int) v.bytes();
    shared = end + GAP;
    gap(end, shared);
    return new Symbol.Variable(Space.SHARED, at, false);
  }

  private void gap(int from, int to) {
    if (from < to) {
      gaps.add(new int[] {from, to});
    }
  }

  /** Where memory of a size given at launch begins. */
  int dynamicShared() {
    int at = align(shared, 1024);
    gap(shared, at);
    shared = at;
    return at;
  }

  List<int[]> gaps() {
    return gaps;
  }

  int localBytes() {
    return local;
  }
}
