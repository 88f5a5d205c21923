package modelc.ir.loop;

import modelc.ir.Precision;

/**
 * Which elements of its matrices each lane of a warp has in a {@link Stmt.WarpMma}: {@link #ROWS}
 * rows by {@code depth} terms of the first, {@code depth} terms by {@link #COLUMNS} columns of the
 * second, and of the sums. They are PTX's {@code mma.m16n8k8} for tf32 and {@code m16n8k16} for
 * bf16. A lane is member {@code lane % 4} of group {@code lane / 4}.
 *
 * @param depth terms that are added up at once
 * @param run terms side by side that a lane has
 */
public record WarpTile(int depth, int run) {
  public static final int ROWS = 16;
  public static final int COLUMNS = 8;

  /** Lanes of a group, which share its rows and columns. */
  public static final int MEMBERS = 4;

  /** Sums of a lane. */
  public static final int SUMS = 4;

  private static final int GROUPS = 8;

  /**
   * For factors of that precision.
   *
   * @throws IllegalArgumentException if such products are not a warp's
   */
  public static WarpTile of(Precision factors) {
    return switch (factors) {
      case TF32 -> new WarpTile(8, 1);
      case BF16 -> new WarpTile(16, 2);
      case FLOAT32 -> throw new IllegalArgumentException("a warp multiplies no float32 matrices");
    };
  }

  /** Elements of the first matrix that a lane has: of {@link #terms} terms, in two rows each. */
  public int valuesOfA() {
    return 2 * terms();
  }

  /** Terms that a lane has elements of: as many elements of the second matrix. */
  public int terms() {
    return depth / MEMBERS;
  }

  /** Which of its lane's terms element {@code i} of the first matrix is of. */
  public int termOfA(int i) {
    return i % run + run * (i / (2 * run));
  }

  /** The row of a lane's element {@code i} of the first matrix, after its group's first row. */
  public int rowOfA(int i) {
    return GROUPS * (i / run % 2);
  }

  /** The row of a lane's sum {@code i}, after its group's first row. */
  public int rowOfSum(int i) {
    return GROUPS * (i / 2);
  }

  /** The column of sum {@code i} of a member of a group. */
  public int columnOfSum(int member, int i) {
    return 2 * member + i % 2;
  }

  /** The number of term {@code t} of a member of each group. */
  int term(int member, int t) {
    return member * run + t % run + MEMBERS * run * (t / run);
  }
}
