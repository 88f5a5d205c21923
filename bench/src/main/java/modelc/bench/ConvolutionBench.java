package modelc.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import modelc.backend.cpu.Machine;
import modelc.backend.cpu.NativeRunner;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.passes.Target;
import modelc.passes.contraction.Contraction;
import modelc.passes.contraction.ConvShape;
import modelc.passes.contraction.Epilogue;
import modelc.passes.contraction.Lowered;
import modelc.passes.contraction.Matmul;
import modelc.passes.contraction.Operand;

/**
 * Times the contraction kernels against the machine's multiply-add peak, measured in the same
 * process between them. It takes no model: every case is one contraction with a plain store.
 *
 * <p>Arguments: threads, rounds, and optionally a part of the names of the cases to run.
 */
public final class ConvolutionBench {
  private static final Target TARGET = Machine.host().target();

  /** Long enough that starting the threads does not show: about 4 ms. */
  private static final long PEAK_STEPS = 1_000_000;

  private static final int PEAK_SUMS = 12;

  private ConvolutionBench() {}

  /** What is timed. */
  record Case(
      String name,
      double flops,
      NativeRunner runner,
      MemorySegment[] memory,
      Map<Symbol, Long> symbols) {
    double nanos(int threads) {
      return runner.time(threads, 1, symbols, memory)[0];
    }
  }

  /** Stores row-major. */
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

  /** Runs the benchmark. */
  public static void main(String[] args) {
    int threads = args.length > 0 ? Integer.parseInt(args[0]) : 2;
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 15;
    String part = args.length > 2 ? args[2] : "";
    var cases = new ArrayList<Case>();
    for (CaseSource source : sources()) {
      if (source.name.contains(part)) {
        cases.add(source.make.get());
      }
    }
    Case peak = peak(threads);
    var peakNanos = new double[rounds];
    var nanos = new double[cases.size()][rounds];
    for (int round = -1; round < rounds; round++) {
      double p = peak.nanos(threads);
      for (int i = 0; i < cases.size(); i++) {
        double t = cases.get(i).nanos(threads);
        if (round >= 0) {
          nanos[i][round] = t;
        }
      }
      if (round >= 0) {
        peakNanos[round] = p;
      }
    }
    double peakRate = peak.flops / median(peakNanos);
    System.out.printf("%d threads, %d rounds, peak %.0f GF/s%n", threads, rounds, peakRate);
    System.out.printf("%-44s %10s %8s %7s %10s%n", "case", "ms", "GF/s", "% peak", "best ms");
    for (int i = 0; i < cases.size(); i++) {
      double t = median(nanos[i]);
      double rate = cases.get(i).flops / t;
      double best = Arrays.stream(nanos[i]).min().orElseThrow();
      System.out.printf(
          "%-44s %10.3f %8.1f %7.0f %10.3f%n",
          cases.get(i).name, t / 1e6, rate, 100 * rate / peakRate, best / 1e6);
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  record CaseSource(String name, java.util.function.Supplier<Case> make) {}

  static List<CaseSource> sources() {
    var all = new ArrayList<CaseSource>();
    // name, images, c, h (unpadded), k, taps, stride, padding
    convolution(all, "3x3 64->64 56x56 batch 8", 8, 64, 56, 64, 3, 1, 1);
    convolution(all, "5x5 37->53 56x56 stride 2 batch 8", 8, 37, 56, 53, 5, 2, 2);
    convolution(all, "lenet 5x5 1->6 32x32 batch 64", 64, 1, 32, 6, 5, 1, 0);
    convolution(all, "lenet 5x5 6->16 14x14 batch 64", 64, 6, 14, 16, 5, 1, 0);
    convolution(all, "lenet 5x5 16->120 5x5 batch 64", 64, 16, 5, 120, 5, 1, 0);
    convolution(all, "3x3 128->128 28x28 batch 8", 8, 128, 28, 128, 3, 1, 1);
    convolution(all, "3x3 512->512 7x7 batch 8", 8, 512, 7, 512, 3, 1, 1);
    convolution(all, "1x1 256->64 56x56 batch 8", 8, 256, 56, 64, 1, 1, 0);
    convolution(all, "3x3 16->16 32x32 batch 64", 64, 16, 32, 16, 3, 1, 1);
    product(all, "dense 64x784x128", 64, 128, 784, false, false);
    product(all, "dense 64x784x128 dw", 784, 128, 64, true, false);
    product(all, "dense 64x128x10", 64, 10, 128, false, false);
    product(all, "dense 64x128x10 dx", 64, 128, 10, false, true);
    product(all, "dense 64x128x10 dw", 128, 10, 64, true, false);
    product(all, "dense 64x120x84", 64, 84, 120, false, false);
    product(all, "product 1x1024x1024", 1, 1024, 1024, false, false);
    for (int n : new int[] {128, 256, 512, 1024, 2048}) {
      product(all, "product " + n, n, n, n, false, false);
    }
    product(all, "product 1024 both transposed", 1024, 1024, 1024, true, true);
    return all;
  }

  private static Buffer buffer(String name, Dim size) {
    return Buffer.global(name, DType.F32, size);
  }

  private static Case make(
      String name,
      double flops,
      Lowered lowered,
      List<Buffer> arguments,
      Map<Symbol, Long> symbols) {
    var runner = NativeRunner.of(lowered.entry("bench", arguments));
    var memory = new ArrayList<MemorySegment>();
    for (Buffer b : arguments) {
      long size = b.size().evaluate(symbols::get);
      MemorySegment segment = runner.allocate(DType.F32, size);
      for (long i = 0; i < size; i++) {
        segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, (i * 7 % 13) * 0.1f - 0.5f);
      }
      memory.add(segment);
    }
    return new Case(name, flops, runner, memory.toArray(MemorySegment[]::new), symbols);
  }

  private static void convolution(
      List<CaseSource> all,
      String name,
      long images,
      long c,
      long h,
      long k,
      long taps,
      long stride,
      long padding) {
    Symbol batch = new Symbol("batch", images);
    Map<Symbol, Long> symbols = Map.of(batch, images);
    Dim n = Dim.of(batch);
    long padded = h + 2 * padding;
    long oh = (padded - taps) / stride + 1;
    double flops = 2.0 * images * oh * oh * k * c * taps * taps;
    Buffer x = buffer("x", n.times(padded * padded * c));
    Buffer w = buffer("w", Dim.of(k * c * taps * taps));
    Buffer y = buffer("y", n.times(oh * oh * k));
    var shape =
        new ConvShape(n, c, padded, padded, k, taps, taps, stride, stride, 1, 1, 1, false, oh, oh);
    all.add(
        new CaseSource(
            name + " forward",
            () ->
                make(
                    name + " forward",
                    flops,
                    Contraction.convForward(
                        "forward", shape, x, w, new Store(y, oh, oh, k), TARGET),
                    List.of(x, w, y),
                    symbols)));
    var unpadded = new ConvShape(n, c, h, h, k, taps, taps, stride, stride, 1, 1, 1, false, oh, oh);
    long tight = padding - (taps - 1);
    boolean asItIs = Contraction.prefersUnpadded(unpadded, tight, tight);
    long before = asItIs ? 0 : Math.ceilDiv(-tight, stride);
    long offset = before * stride + tight;
    long dyH = asItIs ? oh : Math.max((h - 1 + taps - 1 + offset) / stride + 1, before + oh);
    Buffer dy = buffer("dy", n.times(dyH * dyH * k));
    Buffer dx = buffer("dx", n.times(h * h * c));
    all.add(
        new CaseSource(
            name + " dx",
            () ->
                make(
                    name + " dx",
                    flops,
                    Contraction.convInputGradient(
                        "input",
                        unpadded,
                        dy,
                        dyH,
                        dyH,
                        offset,
                        offset,
                        w,
                        new Store(dx, h, h, c),
                        TARGET),
                    List.of(dy, w, dx),
                    symbols)));
    Buffer dw = buffer("dw", Dim.of(k * c * taps * taps));
    all.add(
        new CaseSource(
            name + " dw",
            () ->
                make(
                    name + " dw",
                    flops,
                    Contraction.convWeightGradient(
                        "weight", shape, x, y, new Store(dw, c, taps, taps), TARGET),
                    List.of(x, y, dw),
                    symbols)));
  }

  private static void product(
      List<CaseSource> all,
      String name,
      long m,
      long n,
      long k,
      boolean xTransposed,
      boolean yTransposed) {
    Buffer x = buffer("x", Dim.of(m * k));
    Buffer y = buffer("y", Dim.of(k * n));
    Buffer out = buffer("out", Dim.of(m * n));
    var left =
        new Operand(x, Dim.of(m * k), Dim.of(xTransposed ? 1 : k), Dim.of(xTransposed ? m : 1));
    var right =
        new Operand(y, Dim.of(k * n), Dim.of(yTransposed ? 1 : n), Dim.of(yTransposed ? k : 1));
    var product = new Matmul(Dim.ONE, Dim.of(m), Dim.of(n), Dim.of(k), left, right);
    all.add(
        new CaseSource(
            name,
            () ->
                make(
                    name,
                    2.0 * m * n * k,
                    Contraction.matmul("product", product, new Store(out, m, n), TARGET),
                    List.of(x, y, out),
                    Map.of())));
  }

  /** Multiply-adds on registers alone, as many chains as hide their latency. */
  static Case peak(int threads) {
    int lanes = TARGET.vectorLanes();
    Buffer out = buffer("out", Dim.of((long) threads * lanes));
    var b = new LoopBuilder();
    b.loop(
        LoopKind.PARALLEL,
        "thread",
        LoopBuilder.index(threads),
        (in, thread) -> {
          Buffer sums = in.alloc("sum", DType.F32, lanes, PEAK_SUMS, Space.REGISTER);
          Expr start = LoopBuilder.mul(thread, LoopBuilder.index(lanes));
          Expr scale = in.let("scale", LoopBuilder.load(out, start, lanes));
          for (int i = 0; i < PEAK_SUMS; i++) {
            in.store(sums, LoopBuilder.index(i), scale);
          }
          in.loop(
              LoopKind.SERIAL,
              "step",
              LoopBuilder.index(PEAK_STEPS),
              (step, _) ->
                  step.loop(
                      LoopKind.UNROLL,
                      "i",
                      LoopBuilder.index(PEAK_SUMS),
                      (u, i) ->
                          u.store(
                              sums, i, LoopBuilder.fma(LoopBuilder.load(sums, i), scale, scale))));
          Expr total = LoopBuilder.load(sums, LoopBuilder.index(0));
          for (int i = 1; i < PEAK_SUMS; i++) {
            total =
                new Expr.Binary(BinaryFn.ADD, total, LoopBuilder.load(sums, LoopBuilder.index(i)));
          }
          in.store(out, start, total);
        });
    var kernel = new Kernel("peak", List.of(out), List.of(), b.block(), Set.of());
    double flops = 2.0 * threads * lanes * PEAK_SUMS * PEAK_STEPS;
    return make("peak", flops, new Lowered(List.of(kernel), List.of()), List.of(out), Map.of());
  }
}
