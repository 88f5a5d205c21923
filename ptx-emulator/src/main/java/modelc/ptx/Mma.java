package modelc.ptx;

import modelc.ptx.syntax.Type;

/**
 * The matrix product of a warp, {@code d[16, 8] = a[16, depth] * b[depth, 8] + c[16, 8]}, with the
 * fragments of its lanes as the PTX reference lays them out.
 *
 * <p>Products are exact and summed in float64, the sum is rounded once: hardware keeps fewer bits
 * between, so that its results differ in the last ones.
 */
final class Mma {
  private final int depth;
  private final boolean tf32;
  private final FloatFormat in;
  private final FloatFormat out;

  /** Values in a register: of the operands, and of the result. */
  private final int perIn;

  private final int perOut;

  Mma(int depth, Type in, Type out) {
    this.depth = depth;
    tf32 = in == Type.TF32;
    this.in = FloatFormat.of(in);
    this.out = FloatFormat.of(out);
    perIn = tf32 ? 1 : 2;
    perOut = out == Type.F16 ? 2 : 1;
  }

  boolean fits(int d, int a, int b, int c) {
    return a * perIn == depth / 2 && b * perIn == depth / 4 && c * perOut == 4 && d == c;
  }

  void run(long[] r, int[] d, int[] a, int[] b, int[] c) {
    double[][] left = left(r, a);
    var right = new double[8][depth];
    for (int lane = 0; lane < 32; lane++) {
      int group = lane >> 2;
      int member = lane & 3;
      for (int i = 0; i < depth / 4; i++) {
        int k = tf32 ? member + 4 * i : member * 2 + (i & 1) + 8 * (i >> 1);
        right[group][k] = value(r, b, lane, i);
      }
    }
    for (int lane = 0; lane < 32; lane++) {
      results(r, d, c, lane, left, right);
    }
  }

  /** The first factor of a warp, from the registers that its lanes have of it. */
  double[][] left(long[] r, int[] a) {
    var left = new double[16][depth];
    for (int lane = 0; lane < 32; lane++) {
      for (int i = 0; i < depth / 2; i++) {
        left[rowOfA(lane >> 2, i)][columnOfA(lane & 3, i)] = value(r, a, lane, i);
      }
    }
    return left;
  }

  private void results(long[] r, int[] d, int[] c, int lane, double[][] left, double[][] right) {
    for (int reg = 0; reg < d.length; reg++) {
      long bits = 0;
      for (int half = 0; half < perOut; half++) {
        int i = reg * perOut + half;
        int width = 32 / perOut;
        long old = r[c[reg] + lane] >>> (width * half) & (1L << width) - 1;
        double[] row = left[(lane >> 2) + (i < 2 ? 0 : 8)];
        double[] column = right[(lane & 3) * 2 + (i & 1)];
        double sum = out.decode(old);
        for (int k = 0; k < depth; k++) {
          sum += row[k] * column[k];
        }
        bits |= out.bits(out.round(sum, Rounding.RN)) << (width * half);
      }
      r[d[reg] + lane] = bits;
    }
  }

  private int rowOfA(int group, int i) {
    boolean lower = tf32 ? (i & 1) != 0 : (i >> 1 & 1) != 0;
    return lower ? group + 8 : group;
  }

  private int columnOfA(int member, int i) {
    return tf32 ? member + 4 * (i >> 1) : member * 2 + (i & 1) + 8 * (i >> 2);
  }

  private double value(long[] r, int[] registers, int lane, int i) {
    long bits = r[registers[i / perIn] + lane];
    return in.decode(perIn == 1 ? bits : bits >>> (16 * (i & 1)) & 0xffff);
  }
}
