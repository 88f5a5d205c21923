package modelc.ir.loop;

import java.util.List;
import modelc.ir.Precision;

/**
 * How the four warps of a {@link Stmt.WarpgroupMma} hold its matrices. The factors lie in shared
 * memory, in runs of 16 bytes of neighbouring terms: first those of all rows (of the second matrix:
 * columns), then the next terms of all rows. The sums are in registers, each warp's 16 rows as in
 * PTX's {@code wgmma} m64nNk8 for tf32 and m64nNk16 for bf16.
 *
 * @param perWord factors in the 4 bytes of an I32 element, the lower bits first
 */
public record WarpgroupTile(Precision factors, int perWord) {
  public static final int THREADS = 128;

  /** Rows of the first matrix and of the sums. */
  public static final int ROWS = 64;

  /** Elements of I32 in a run. */
  public static final int WORDS = 4;

  /** Columns that one instruction can have, in steps of {@link #COLUMN_STEP}. */
  public static final int MAX_COLUMNS = 256;

  public static final int COLUMN_STEP = 8;

  private static final int LANES = 32;
  static final int MEMBERS = 4;
  private static final int WARP_ROWS = 16;
  private static final int BF16_BITS = 16;
  private static final int BF16_NAN = 0x7fff;

  /**
   * For factors of that precision.
   *
   * @throws IllegalArgumentException if such products are not a warpgroup's
   */
  public static WarpgroupTile of(Precision factors) {
    return switch (factors) {
      case TF32 -> new WarpgroupTile(factors, 1);
      case BF16 -> new WarpgroupTile(factors, 2);
      case FLOAT32 ->
          throw new IllegalArgumentException("a warpgroup multiplies no float32 matrices");
    };
  }

  /** Terms in a run of 16 bytes. */
  public int run() {
    return WORDS * perWord;
  }

  /** Terms that one instruction adds up. */
  public int depth() {
    return 2 * run();
  }

  /** Sums of a thread. */
  public static int sums(int columns) {
    return columns * ROWS / THREADS;
  }

  /** The row of sum {@code i} of a thread, after the first row of its group's lanes. */
  public static int rowOfSum(int i) {
    return i / 2 % 2 * (WARP_ROWS / 2);
  }

  /** The column of sum {@code i} of a thread, after {@code 2 * (thread % 4)}. */
  public static int columnOfSum(int i) {
    return i / MEMBERS * COLUMN_STEP + i % 2;
  }

  /** The row of a thread's first sum: {@code 16 * warp + lane / 4}. */
  static int row(int thread) {
    return thread / LANES * WARP_ROWS + thread % LANES / MEMBERS;
  }

  /** The column of a thread's first sum. */
  static int column(int thread) {
    return thread % MEMBERS * 2;
  }

  /** The element after a tile's first that holds a term of a row. */
  long word(int rows, int row, int term) {
    return ((long) (term / run()) * rows + row) * WORDS + term % run() / perWord;
  }

  /** The term that such an element holds. */
  float factor(long word, int term) {
    int shifted = perWord == 1 ? (int) word : (int) word << (term % 2 == 0 ? BF16_BITS : 0);
    return Float.intBitsToFloat(perWord == 1 ? shifted : shifted & -(1 << BF16_BITS));
  }

  /** The element that holds these factors, rounded. */
  int pack(List<Float> values) {
    if (perWord == 1) {
      return Float.floatToRawIntBits(factors.round(values.getFirst()));
    }
    return bf16(values.get(1)) << BF16_BITS | bf16(values.getFirst());
  }

  private int bf16(float x) {
    return Float.isNaN(x) ? BF16_NAN : Float.floatToRawIntBits(factors.round(x)) >>> BF16_BITS;
  }
}
