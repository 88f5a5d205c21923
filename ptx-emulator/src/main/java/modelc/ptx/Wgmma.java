package modelc.ptx;

import java.util.BitSet;
import modelc.ptx.syntax.Type;

/**
 * The matrix product of a warpgroup, {@code d[64, n] += a[64, depth] * b[depth, n]}, of which each
 * of its warps has 16 rows. Factors come from shared memory, the first from registers too. As with
 * {@link Mma}, products are exact and a sum is rounded once.
 *
 * @param scaleA 1 or -1, and so {@code scaleB}
 * @param transposedA whether rows lie side by side in shared memory, not terms
 * @param transposedB the same of columns
 */
record Wgmma(
    int n, int depth, Type type, int scaleA, int scaleB, boolean transposedA, boolean transposedB) {
  /** Rows of a warp. */
  static final int ROWS = 16;

  int elementBytes() {
    return type == Type.TF32 ? 4 : 2;
  }

  /** The rows of a matrix in shared memory that a product reads, while it reads them. */
  final class Reading {
    private final Warp warp;
    private final BitSet seen = new BitSet();

    Reading(Warp warp) {
      this.warp = warp;
    }

    /** The addresses of the rows of 16 bytes, each once. */
    int[] rows() {
      return seen.stream().map(row -> row * 16).toArray();
    }

    /** Elements {@code [count][depth]} from row or column {@code first} of the result on. */
    double[][] matrix(OperandTile tile, int first, int count, boolean transposed) {
      var m = new double[count][depth];
      int run = tile.run();
      for (int i = 0; i < count; i += transposed ? run : 1) {
        for (int k = 0; k < depth; k += transposed ? 1 : run) {
          begin(tile.row(first + i, k, transposed));
          for (int j = 0; j < run; j++) {
            double value = value(j);
            if (transposed) {
              m[i + j][k] = value;
            } else {
              m[i][k + j] = value;
            }
          }
        }
      }
      return m;
    }

    private void begin(int address) {
      int at = warp.block.memory.readByProduct(warp, address, 16);
      AsyncProxy proxy = warp.block.proxy;
      if (!seen.get(at / 16) && proxy != null) {
        seen.set(at / 16);
        proxy.beginRead(warp, at, 16);
      }
    }

    private double value(int j) {
      return FloatFormat.of(type)
          .decode(warp.block.memory.value(j * elementBytes(), elementBytes()));
    }
  }

  /** Adds the products to a warp's sums, or begins new ones. */
  void multiply(Warp w, int[] d, double[][] a, double[][] b, boolean add) {
    double sign = scaleA * scaleB;
    for (int lane = 0; lane < 32; lane++) {
      for (int i = 0; i < d.length; i++) {
        int row = lane / 4 + (i / 2 % 2 == 0 ? 0 : ROWS / 2);
        double[] left = a[row];
        double[] right = b[i / 4 * 8 + lane % 4 * 2 + i % 2];
        double sum = 0;
        for (int k = 0; k < depth; k++) {
          sum += left[k] * right[k];
        }
        double old = add ? Float.intBitsToFloat((int) w.r[d[i] + lane]) : 0;
        w.r[d[i] + lane] =
            FloatFormat.F32.bits(FloatFormat.F32.round(old + sign * sum, Rounding.RN));
      }
    }
  }
}
