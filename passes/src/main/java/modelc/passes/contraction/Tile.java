package modelc.passes.contraction;

import modelc.passes.Target;

/**
 * The shape of a block of sums held in registers: {@code rows} scalars of the row operand times
 * {@code vectors} vectors of the column operand.
 *
 * @param lanes of one vector
 */
record Tile(int rows, int vectors, int lanes) {
  /** More gain nothing: with single vectors every product needs a broadcast of its own. */
  private static final int MOST_ROWS = 16;

  /** Rows with an address each, in a register: those of more would be read back from the stack. */
  private static final int MOST_ADDRESSES = 12;

  /** Sums that hide the latency of a multiply-add: two begun each cycle, four cycles, and some. */
  private static final int BUSY_SUMS = 12;

  /**
   * The tallest tile that leaves registers for one row of the column operand and a broadcast:
   * others spill.
   */
  static Tile tallest(int vectors, int lanes, Target target) {
    int registers = target.vectorRegisters();
    int rows = Math.min((registers - 1 - vectors) / vectors, registers - 4);
    return new Tile(Math.clamp(rows, 1, MOST_ROWS), vectors, lanes);
  }

  /**
   * The same tile with rows that divide a run of evenly spaced ones, where that leaves it busy: one
   * address does for all of them. Else it has no more rows than there are addresses for.
   */
  Tile spaced(long run) {
    for (int r = rows; r * vectors >= Math.min(BUSY_SUMS, sums()); r--) {
      if (run % r == 0) {
        return new Tile(r, vectors, lanes);
      }
    }
    return new Tile(Math.min(rows, MOST_ADDRESSES), vectors, lanes);
  }

  /** The same tile with no more rows than needed to cover {@code count} rows in as many tiles. */
  Tile fitted(long count) {
    long tiles = Math.ceilDiv(count, (long) rows);
    return tiles == 0 ? this : new Tile((int) Math.ceilDiv(count, tiles), vectors, lanes);
  }

  int sums() {
    return rows * vectors;
  }

  /** Columns of one tile. */
  int width() {
    return vectors * lanes;
  }
}
