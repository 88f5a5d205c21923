package modelc.ir.loop;

import modelc.ir.Precision;

/**
 * The product of matrices that the threads of an interpreted warp hold together. Products are exact
 * and added up in float64; a sum is rounded once, to float32.
 */
final class WarpProduct implements ThreadBlock.Together {
  private final Precision factors;
  private final WarpTile tile;

  WarpProduct(Precision factors) {
    this.factors = factors;
    tile = WarpTile.of(factors);
  }

  /** From what each lane has of both factors and of the sums to its new sums. */
  @Override
  public long[][] apply(long[][] given) {
    var a = new double[WarpTile.ROWS][tile.depth()];
    var b = new double[WarpTile.COLUMNS][tile.depth()];
    for (int lane = 0; lane < given.length; lane++) {
      int group = lane / WarpTile.MEMBERS;
      int member = lane % WarpTile.MEMBERS;
      for (int i = 0; i < tile.valuesOfA(); i++) {
        int term = tile.term(member, tile.termOfA(i));
        a[group + tile.rowOfA(i)][term] = factors.round(value(given[lane][i]));
      }
      for (int t = 0; t < tile.terms(); t++) {
        float value = value(given[lane][tile.valuesOfA() + t]);
        b[group][tile.term(member, t)] = factors.round(value);
      }
    }
    var sums = new long[given.length][WarpTile.SUMS];
    for (int lane = 0; lane < given.length; lane++) {
      for (int i = 0; i < WarpTile.SUMS; i++) {
        double[] row = a[lane / WarpTile.MEMBERS + tile.rowOfSum(i)];
        double[] column = b[tile.columnOfSum(lane % WarpTile.MEMBERS, i)];
        double sum = value(given[lane][tile.valuesOfA() + tile.terms() + i]);
        for (int k = 0; k < tile.depth(); k++) {
          sum += row[k] * column[k];
        }
        sums[lane][i] = Double.doubleToRawLongBits((float) sum);
      }
    }
    return sums;
  }

  private static float value(long bits) {
    return (float) Double.longBitsToDouble(bits);
  }
}
