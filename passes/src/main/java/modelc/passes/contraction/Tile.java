package modelc.passes.contraction;

import modelc.passes.Target;

/**
 * The shape of a block of sums held in registers: {@code rows} scalars of the row operand times
 * {@code vectors} vectors of the column operand.
 *
 * @param lanes of one vector
 */
record Tile(int rows, int vectors, int lanes) {
  /**
   * Single vectors: more rows than this gain nothing, as every product needs a broadcast of its
   * own.
   */
  private static final int MOST_ROWS = 12;

  /**
   * The tallest tile that leaves registers for one row of the column operand and a broadcast:
   * others spill.
   */
  static Tile tallest(int vectors, Target target) {
    int rows = (target.vectorRegisters() - 1 - vectors) / vectors;
    return new Tile(Math.clamp(rows, 1, MOST_ROWS), vectors, target.vectorLanes());
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
