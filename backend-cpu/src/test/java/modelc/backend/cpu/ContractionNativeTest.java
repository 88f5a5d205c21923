package modelc.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.passes.Target;
import modelc.passes.contraction.Contraction;
import modelc.passes.contraction.ConvShape;
import modelc.passes.contraction.Epilogue;
import modelc.passes.contraction.Lowered;
import modelc.passes.contraction.Matmul;
import modelc.passes.contraction.Operand;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Contractions as machine code against plain loops in double. Small shapes with all checks are the
 * passes' tests.
 */
class ContractionNativeTest {
  private static final Symbol BATCH = new Symbol("batch", 9);

  /** Stores what it is given, row-major with these sizes after the first axis. */
  private record Store(Buffer to, long... sizes) implements Epilogue {
    @Override
    public void write(LoopBuilder b, Expr value, List<Expr> index, int lanes, Optional<Expr> mask) {
      Expr at = index.getFirst();
      for (int i = 1; i < index.size(); i++) {
        at = LoopBuilder.add(LoopBuilder.mul(at, LoopBuilder.index(sizes[i - 1])), index.get(i));
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

  private static float[] random(long size, long seed) {
    var random = new Random(seed);
    var values = new float[Math.toIntExact(size)];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() * 2 - 1;
    }
    return values;
  }

  private static float[] run(
      Lowered lowered, List<Buffer> arguments, long batch, float[]... inputs) {
    try (var runner = NativeRunner.of(lowered.entry("contraction", arguments))) {
      for (long i = 0; i + 4 <= runner.arena().byteSize(); i += 4) {
        runner.arena().set(ValueLayout.JAVA_FLOAT, i, Float.NaN);
      }
      var memory = new ArrayList<MemorySegment>();
      for (float[] values : inputs) {
        memory.add(runner.allocate(values));
      }
      MemorySegment output = memory.getLast();
      runner.run(2, Map.of(BATCH, batch), memory.toArray(MemorySegment[]::new));
      return output.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  private static void compare(float[] actual, double[] expected, double terms) {
    for (int i = 0; i < expected.length; i++) {
      double tolerance = 1e-6 * Math.sqrt(terms + 1) * 4;
      assertThat((double) actual[i]).as("element %d", i).isCloseTo(expected[i], within(tolerance));
    }
  }

  private static org.assertj.core.data.Offset<Double> within(double tolerance) {
    return org.assertj.core.data.Offset.offset(tolerance);
  }

  @ParameterizedTest
  @CsvSource({
    // batch, m, n, k, x transposed, y transposed
    "1,1,1,1,false,false",
    "1,1,10,5,false,false",
    "1,5,7,3,true,false",
    "1,6,16,8,false,true",
    "1,7,17,9,true,true",
    "3,13,23,31,false,false",
    "2,12,24,4,true,false",
    "1,11,40,33,false,true",
    "1,37,53,129,false,false",
    "1,150,53,70,false,false",
    "1,150,120,64,true,true",
    "1,3,9,0,false,false",
    "1,64,128,784,false,false",
  })
  void matmul(int batch, int m, int n, int k, boolean xTransposed, boolean yTransposed) {
    Buffer x = buffer("x", Dim.of((long) batch * m * k));
    Buffer y = buffer("y", Dim.of((long) batch * k * n));
    Buffer out = buffer("out", Dim.of((long) batch * m * n));
    var product =
        new Matmul(
            Dim.of(batch),
            Dim.of(m),
            Dim.of(n),
            Dim.of(k),
            new Operand(
                x, Dim.of((long) m * k), Dim.of(xTransposed ? 1 : k), Dim.of(xTransposed ? m : 1)),
            new Operand(
                y, Dim.of((long) k * n), Dim.of(yTransposed ? 1 : n), Dim.of(yTransposed ? k : 1)));
    Lowered lowered = Contraction.matmul("mm", product, new Store(out, m, n), Target.AVX2);
    float[] xs = random((long) batch * m * k, 1);
    float[] ys = random((long) batch * k * n, 2);
    float[] actual = run(lowered, List.of(x, y, out), 1, xs, ys, new float[batch * m * n]);
    var expected = new double[batch * m * n];
    for (int b = 0; b < batch; b++) {
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          for (int p = 0; p < k; p++) {
            double a = xs[b * m * k + (xTransposed ? p * m + i : i * k + p)];
            expected[(b * m + i) * n + j] +=
                a * ys[b * k * n + (yTransposed ? j * k + p : p * n + j)];
          }
        }
      }
    }
    compare(actual, expected, k);
  }

  @ParameterizedTest
  @CsvSource({
    // images, c, h, w, k, r, s, strideH, strideW, dilationH, dilationW, groups, reversal
    "9,1,1,1,1,1,1,1,1,1,1,1,false", "5,1,8,9,6,5,5,1,1,1,1,1,false",
        "7,6,9,9,16,5,5,1,1,1,1,1,false",
    "9,16,5,5,120,5,5,1,1,1,1,1,false", "3,3,11,9,8,3,2,2,1,1,1,1,false",
        "4,5,12,11,17,3,3,1,2,2,1,1,true",
    "2,37,9,9,53,5,5,2,2,1,1,1,false", "3,4,10,10,6,3,3,2,3,1,2,2,false",
        "1,7,13,12,24,1,1,2,2,1,1,1,false",
    "2,1,9,8,3,3,3,1,1,1,1,3,true", "1,16,20,20,40,3,3,1,1,1,1,1,false",
        "6,2,7,7,23,7,7,1,1,1,1,1,true",
    "1,128,6,6,32,3,3,1,1,1,1,1,false", "2,128,6,6,24,3,3,2,2,1,1,2,false",
        "3,3,9,9,5,2,2,3,3,2,2,1,false",
  })
  void convolution(
      int images,
      int c,
      int h,
      int w,
      int k,
      int r,
      int s,
      int sh,
      int sw,
      int dh,
      int dw,
      int groups,
      boolean reversal) {
    int oh = (h - (r - 1) * dh - 1) / sh + 1;
    int ow = (w - (s - 1) * dw - 1) / sw + 1;
    var shape =
        new ConvShape(Dim.of(BATCH), c, h, w, k, r, s, sh, sw, dh, dw, groups, reversal, oh, ow);
    int all = c * groups;
    var conv = new Reference(shape, images);
    float[] xs = random((long) images * h * w * all, 3);
    float[] ws = random((long) k * c * r * s, 4);
    float[] dys = random((long) images * oh * ow * k, 5);
    Buffer x = buffer("x", Dim.of(BATCH).times((long) h * w * all));
    Buffer weights = buffer("w", Dim.of((long) k * c * r * s));
    Buffer y = buffer("y", Dim.of(BATCH).times((long) oh * ow * k));
    Buffer dw_ = buffer("dw", Dim.of((long) k * c * r * s));

    var expectedY = new double[dys.length];
    conv.each((xi, wi, yi) -> expectedY[yi] += (double) xs[xi] * ws[wi]);
    Lowered forward =
        Contraction.convForward("f", shape, x, weights, new Store(y, oh, ow, k), Target.AVX2);
    compare(
        run(forward, List.of(x, weights, y), images, xs, ws, new float[dys.length]),
        expectedY,
        c * r * s);

    var expectedW = new double[ws.length];
    conv.each((xi, wi, yi) -> expectedW[wi] += (double) xs[xi] * dys[yi]);
    Lowered weight =
        Contraction.convWeightGradient("g", shape, x, y, new Store(dw_, c, r, s), Target.AVX2);
    compare(
        run(weight, List.of(x, y, dw_), images, xs, dys, new float[ws.length]),
        expectedW,
        images * oh * ow);

    int padH = ((r - 1) * dh + sh - 1) / sh;
    int padW = ((s - 1) * dw + sw - 1) / sw;
    int dyH = Math.max(oh + padH, (h - 1 + padH * sh) / sh + 1);
    int dyW = Math.max(ow + padW, (w - 1 + padW * sw) / sw + 1);
    var padded = new float[images * dyH * dyW * k];
    for (int i = 0; i < dys.length; i++) {
      int pixel = i / k;
      int line = pixel / ow;
      padded[((line / oh * dyH + line % oh + padH) * dyW + pixel % ow + padW) * k + i % k] = dys[i];
    }
    Buffer dy = buffer("dy", Dim.of(BATCH).times((long) dyH * dyW * k));
    Buffer dx = buffer("dx", Dim.of(BATCH).times((long) h * w * all));
    var expectedX = new double[xs.length];
    conv.each((xi, wi, yi) -> expectedX[xi] += (double) dys[yi] * ws[wi]);
    Lowered input =
        Contraction.convInputGradient(
            "d",
            shape,
            dy,
            dyH,
            dyW,
            (long) padH * sh - (long) (r - 1) * dh,
            (long) padW * sw - (long) (s - 1) * dw,
            weights,
            new Store(dx, h, w, all),
            Target.AVX2);
    compare(
        run(input, List.of(dy, weights, dx), images, padded, ws, new float[xs.length]),
        expectedX,
        k * r * s);
    Lowered unpadded =
        Contraction.convInputGradient(
            "d",
            shape,
            y,
            oh,
            ow,
            -(long) (r - 1) * dh,
            -(long) (s - 1) * dw,
            weights,
            new Store(dx, h, w, all),
            Target.AVX2);
    compare(
        run(unpadded, List.of(y, weights, dx), images, dys, ws, new float[xs.length]),
        expectedX,
        k * r * s);
  }

  /** Every product of a convolution, by definition. */
  private record Reference(ConvShape shape, int images) {
    interface Product {
      void of(int x, int w, int y);
    }

    void each(Product product) {
      int c = (int) shape.c();
      int k = (int) shape.k();
      int r = (int) shape.r();
      int s = (int) shape.s();
      int perGroup = (int) shape.groupOutputs();
      for (int n = 0; n < images; n++) {
        for (int oh = 0; oh < shape.oh(); oh++) {
          for (int ow = 0; ow < shape.ow(); ow++) {
            for (int o = 0; o < k; o++) {
              for (int i = 0; i < c; i++) {
                for (int v = 0; v < r; v++) {
                  for (int u = 0; u < s; u++) {
                    int line = (int) (oh * shape.strideH() + v * shape.dilationH());
                    int column = (int) (ow * shape.strideW() + u * shape.dilationW());
                    int pixel = (int) ((n * shape.h() + line) * shape.w() + column);
                    int tapV = shape.reversal() ? r - 1 - v : v;
                    int tapU = shape.reversal() ? s - 1 - u : u;
                    product.of(
                        (int) (pixel * shape.channels()) + o / perGroup * c + i,
                        ((o * c + i) * r + tapV) * s + tapU,
                        (int) (((n * shape.oh() + oh) * shape.ow() + ow) * k) + o);
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
