package modelc.passes.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.passes.Gpu;
import modelc.passes.Hardware;
import modelc.passes.Target;
import modelc.passes.contraction.Contraction;
import modelc.passes.contraction.ConvShape;
import modelc.passes.contraction.Epilogue;
import modelc.passes.contraction.Lowered;
import modelc.passes.contraction.Matmul;
import modelc.passes.contraction.Operand;
import modelc.passes.testing.ContractionCase.Prepared;

/**
 * Matrix products, and convolutions with both their gradients, of hostile sizes: 1, a tile and one
 * more or less, primes, strides that leave a rest, groups; each for several machines. What is
 * expected is the sum of the factors as the machine takes them, rounded where it rounds them.
 */
public final class ContractionTable {
  private static final List<Target> TARGETS = List.of(Target.AVX2, Target.AVX512);

  /** batch, m, n, k, whether x and whether y is transposed. */
  private static final int[][] PRODUCTS = {
    {1, 1, 1, 1, 0, 0}, {1, 1, 10, 5, 0, 0}, {1, 5, 7, 3, 1, 0}, {1, 6, 16, 8, 0, 1},
    {1, 7, 17, 9, 1, 1}, {3, 13, 23, 31, 0, 0}, {2, 12, 24, 4, 1, 0}, {1, 11, 40, 33, 0, 1},
    {1, 37, 53, 129, 0, 0}, {1, 150, 53, 70, 0, 0}, {1, 150, 120, 64, 1, 1}, {1, 3, 9, 0, 0, 0},
    {1, 64, 128, 784, 0, 0}, {1, 130, 200, 112, 0, 1},
  };

  /** images, c, h, w, k, r, s, stride h and w, dilation h and w, groups, whether reversed. */
  private static final int[][] CONVOLUTIONS = {
    {9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, {5, 1, 8, 9, 6, 5, 5, 1, 1, 1, 1, 1, 0},
    {7, 6, 9, 9, 16, 5, 5, 1, 1, 1, 1, 1, 0}, {9, 16, 5, 5, 120, 5, 5, 1, 1, 1, 1, 1, 0},
    {3, 3, 11, 9, 8, 3, 2, 2, 1, 1, 1, 1, 0}, {4, 5, 12, 11, 17, 3, 3, 1, 2, 2, 1, 1, 1},
    {2, 37, 9, 9, 53, 5, 5, 2, 2, 1, 1, 1, 0}, {3, 4, 10, 10, 6, 3, 3, 2, 3, 1, 2, 2, 0},
    {1, 7, 13, 12, 24, 1, 1, 2, 2, 1, 1, 1, 0}, {2, 1, 9, 8, 3, 3, 3, 1, 1, 1, 1, 3, 1},
    {1, 16, 20, 20, 40, 3, 3, 1, 1, 1, 1, 1, 0}, {6, 2, 7, 7, 23, 7, 7, 1, 1, 1, 1, 1, 1},
    {1, 128, 6, 6, 32, 3, 3, 1, 1, 1, 1, 1, 0}, {2, 128, 6, 6, 24, 3, 3, 2, 2, 1, 1, 2, 0},
    {3, 3, 9, 9, 5, 2, 2, 3, 3, 2, 2, 1, 0},
  };

  private ContractionTable() {}

  /** The products, for CPUs. */
  public static List<ContractionCase> products() {
    return TARGETS.stream().flatMap(t -> products(t).stream()).toList();
  }

  /** The products for one machine. */
  public static List<ContractionCase> products(Hardware hardware) {
    var cases = new ArrayList<ContractionCase>();
    for (int[] sizes : PRODUCTS) {
      String name = "product" + Arrays.toString(sizes);
      cases.add(new ContractionCase(name, hardware, 1, () -> product(sizes, hardware)));
    }
    return cases;
  }

  /** The convolutions: each forward, for its weights, and for its input, padded first or not. */
  public static List<ContractionCase> convolutions() {
    return TARGETS.stream().flatMap(t -> convolutions(t).stream()).toList();
  }

  /** The convolutions for one machine. */
  public static List<ContractionCase> convolutions(Hardware hardware) {
    var cases = new ArrayList<ContractionCase>();
    for (int[] sizes : CONVOLUTIONS) {
      Supplier<Convolution> c = () -> new Convolution(sizes, hardware);
      add(cases, "forward", hardware, sizes, () -> c.get().forward());
      add(cases, "weights", hardware, sizes, () -> c.get().weightGradient());
      add(cases, "input", hardware, sizes, () -> c.get().inputGradient(true));
      add(cases, "unpadded", hardware, sizes, () -> c.get().inputGradient(false));
    }
    return cases;
  }

  private static void add(
      List<ContractionCase> to,
      String of,
      Hardware hardware,
      int[] sizes,
      Supplier<Prepared> prepare) {
    to.add(new ContractionCase(of + Arrays.toString(sizes), hardware, sizes[0], prepare));
  }

  /** Stores what it is given, row-major with these sizes after the first axis. */
  private record Store(Buffer to, List<Integer> sizes) implements Epilogue {
    Store(Buffer to, Integer... sizes) {
      this(to, List.of(sizes));
    }

    @Override
    public void write(LoopBuilder b, Expr value, List<Expr> index, int lanes, Optional<Expr> mask) {
      Expr at = index.getFirst();
      for (int i = 1; i < index.size(); i++) {
        Expr size = LoopBuilder.index(sizes.get(i - 1));
        at = LoopBuilder.add(LoopBuilder.mul(at, size), index.get(i));
      }
      if (mask.isPresent()) {
        b.storeMasked(to, at, value, mask.get());
      } else {
        b.store(to, at, value);
      }
    }

    @Override
    public Set<Buffer> buffers() {
      return Set.of(to);
    }
  }

  private static Buffer buffer(String name, Dim size) {
    return Buffer.global(name, DType.F32, size);
  }

  private static float[] random(int size, long seed) {
    var random = new Random(seed);
    var values = new float[size];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() * 2 - 1;
    }
    return values;
  }

  /** A factor as the hardware takes it. */
  private static double taken(float factor, Hardware hardware) {
    return switch (hardware) {
      case Target _ -> factor;
      case Gpu gpu -> gpu.precision().round(factor);
    };
  }

  private static Prepared product(int[] sizes, Hardware hardware) {
    int batch = sizes[0];
    int m = sizes[1];
    int n = sizes[2];
    int k = sizes[3];
    boolean xTransposed = sizes[4] == 1;
    boolean yTransposed = sizes[5] == 1;
    Buffer x = buffer("x", Dim.of((long) batch * m * k));
    Buffer y = buffer("y", Dim.of((long) batch * k * n));
    Buffer out = buffer("out", Dim.of((long) batch * m * n));
    int xRow = xTransposed ? 1 : k;
    int xColumn = xTransposed ? m : 1;
    int yRow = yTransposed ? 1 : n;
    int yColumn = yTransposed ? k : 1;
    var product =
        new Matmul(
            Dim.of(batch),
            Dim.of(m),
            Dim.of(n),
            Dim.of(k),
            new Operand(x, Dim.of((long) m * k), Dim.of(xRow), Dim.of(xColumn)),
            new Operand(y, Dim.of((long) k * n), Dim.of(yRow), Dim.of(yColumn)));
    float[] xs = random(batch * m * k, 1);
    float[] ys = random(batch * k * n, 2);
    var expected = new double[batch * m * n];
    for (int i = 0; i < expected.length; i++) {
      int b = i / (m * n);
      int row = i / n % m;
      int column = i % n;
      for (int p = 0; p < k; p++) {
        double a = taken(xs[b * m * k + row * xRow + p * xColumn], hardware);
        expected[i] += a * taken(ys[b * k * n + p * yRow + column * yColumn], hardware);
      }
    }
    Lowered lowered = Contraction.matmul("mm", product, new Store(out, m, n), hardware);
    return new Prepared(lowered, List.of(x, y, out), List.of(xs, ys), expected, k);
  }

  /** A convolution with its data, and what it means. */
  private static final class Convolution {
    final Hardware hardware;
    final int images;
    final ConvShape shape;
    final int c;
    final int h;
    final int w;
    final int k;
    final int r;
    final int s;
    final int oh;
    final int ow;
    final int all;
    final float[] xs;
    final float[] ws;
    final float[] dys;
    final Buffer x;
    final Buffer weights;
    final Buffer y;

    Convolution(int[] z, Hardware hardware) {
      this.hardware = hardware;
      images = z[0];
      c = z[1];
      h = z[2];
      w = z[3];
      k = z[4];
      r = z[5];
      s = z[6];
      oh = (h - (r - 1) * z[9] - 1) / z[7] + 1;
      ow = (w - (s - 1) * z[10] - 1) / z[8] + 1;
      Dim batch = Dim.of(ContractionCase.BATCH);
      boolean reversal = z[12] == 1;
      shape =
          new ConvShape(batch, c, h, w, k, r, s, z[7], z[8], z[9], z[10], z[11], reversal, oh, ow);
      all = c * z[11];
      xs = random(images * h * w * all, 3);
      ws = random(k * c * r * s, 4);
      dys = random(images * oh * ow * k, 5);
      x = buffer("x", batch.times((long) h * w * all));
      weights = buffer("w", Dim.of((long) k * c * r * s));
      y = buffer("y", batch.times((long) oh * ow * k));
    }

    Prepared forward() {
      var expected = new double[dys.length];
      each((xi, wi, yi) -> expected[yi] += taken(xs[xi], hardware) * taken(ws[wi], hardware));
      Lowered lowered =
          Contraction.convForward("f", shape, x, weights, new Store(y, oh, ow, k), hardware);
      return new Prepared(
          lowered, List.of(x, weights, y), List.of(xs, ws), expected, (double) c * r * s);
    }

    Prepared weightGradient() {
      Buffer dw = buffer("dw", Dim.of((long) k * c * r * s));
      var expected = new double[ws.length];
      each((xi, wi, yi) -> expected[wi] += taken(xs[xi], hardware) * taken(dys[yi], hardware));
      Lowered lowered =
          Contraction.convWeightGradient("g", shape, x, y, new Store(dw, c, r, s), hardware);
      return new Prepared(
          lowered, List.of(x, y, dw), List.of(xs, dys), expected, (double) images * oh * ow);
    }

    /** With the output's gradient surrounded by enough zeros, or as it is. */
    Prepared inputGradient(boolean padded) {
      int sh = (int) shape.strideH();
      int sw = (int) shape.strideW();
      int reachH = (r - 1) * (int) shape.dilationH();
      int reachW = (s - 1) * (int) shape.dilationW();
      int padH = padded ? (reachH + sh - 1) / sh : 0;
      int padW = padded ? (reachW + sw - 1) / sw : 0;
      int dyH = padded ? Math.max(oh + padH, (h - 1 + padH * sh) / sh + 1) : oh;
      int dyW = padded ? Math.max(ow + padW, (w - 1 + padW * sw) / sw + 1) : ow;
      var given = new float[images * dyH * dyW * k];
      for (int i = 0; i < dys.length; i++) {
        int pixel = i / k;
        int line = pixel / ow;
        int to = (line / oh * dyH + line % oh + padH) * dyW + pixel % ow + padW;
        given[to * k + i % k] = dys[i];
      }
      Dim batch = Dim.of(ContractionCase.BATCH);
      Buffer dy = buffer("dy", batch.times((long) dyH * dyW * k));
      Buffer dx = buffer("dx", batch.times((long) h * w * all));
      var expected = new double[xs.length];
      each((xi, wi, yi) -> expected[xi] += taken(dys[yi], hardware) * taken(ws[wi], hardware));
      Lowered lowered =
          Contraction.convInputGradient(
              "d",
              shape,
              dy,
              dyH,
              dyW,
              (long) padH * sh - reachH,
              (long) padW * sw - reachW,
              weights,
              new Store(dx, h, w, all),
              hardware);
      return new Prepared(
          lowered, List.of(dy, weights, dx), List.of(given, ws), expected, (double) k * r * s);
    }

    interface Product {
      void of(int x, int w, int y);
    }

    /** Every product of the convolution, by definition. */
    void each(Product product) {
      for (int yi = 0; yi < dys.length; yi++) {
        int o = yi % k;
        int column = yi / k % ow;
        int row = yi / k / ow % oh;
        int n = yi / k / ow / oh;
        for (int wi = o * c * r * s; wi < (o + 1) * c * r * s; wi++) {
          int v = wi / s % r;
          int u = wi % s;
          int tapV = shape.reversal() ? r - 1 - v : v;
          int tapU = shape.reversal() ? s - 1 - u : u;
          int xRow = (int) (row * shape.strideH() + tapV * shape.dilationH());
          int xColumn = (int) (column * shape.strideW() + tapU * shape.dilationW());
          int channel = o / (int) shape.groupOutputs() * c + wi / s / r % c;
          product.of(((n * h + xRow) * w + xColumn) * all + channel, wi, yi);
        }
      }
    }
  }
}
