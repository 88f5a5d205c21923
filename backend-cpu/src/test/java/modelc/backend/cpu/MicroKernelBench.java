package modelc.backend.cpu;

import static modelc.ir.loop.LoopBuilder.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;

/**
 * Measures a register-tiled 6x16 matrix product written by hand in Loop IR against the FMA peak of
 * the same thread in the same run. It is a program, not a test: times depend on the machine.
 */
public final class MicroKernelBench {
  private static final int K = 256;
  private static final int REPEATS = 2000;

  private MicroKernelBench() {}

  /** Fused multiply-adds between registers only: {@code chains} independent ones a pass. */
  static Kernel peak(int chains) {
    var y = Buffer.global("y", DType.F32, Dim.of(8L * chains));
    var b = new LoopBuilder();
    Buffer acc = b.alloc("acc", DType.F32, 8, chains, Space.REGISTER);
    Expr a = b.let("a", load(y, index(0), 8));
    b.loop(
        LoopKind.UNROLL,
        "i",
        index(chains),
        (c, i) -> c.store(acc, i, load(y, mul(i, index(8)), 8)));
    b.loop(
        LoopKind.SERIAL,
        "k",
        index((long) K * REPEATS),
        (c, _) ->
            c.loop(
                LoopKind.UNROLL,
                "i",
                index(chains),
                (d, i) -> d.store(acc, i, fma(load(acc, i), a, a))));
    b.loop(
        LoopKind.UNROLL, "i", index(chains), (c, i) -> c.store(y, mul(i, index(8)), load(acc, i)));
    return new Kernel("peak", List.of(y), List.of(), b.block(), Set.of());
  }

  /** {@code c[6][16] += x[6][K] * y[K][16]}, many times; {@code x} has the given strides. */
  static Kernel tile(
      String name, Expr rowStride, Expr colStride, Expr yStride, List<Symbol> symbols) {
    int lanes = 8;
    var x = Buffer.global("x", DType.F32, Dim.of(6L * K));
    var y = Buffer.global("y", DType.F32, Dim.of(16L * K));
    var out = Buffer.global("c", DType.F32, Dim.of(96));
    var b = new LoopBuilder();
    b.loop(
        LoopKind.SERIAL,
        "repeat",
        index(REPEATS),
        (r, _) -> {
          Buffer acc = r.alloc("acc", DType.F32, lanes, 12, Space.REGISTER);
          r.loop(LoopKind.UNROLL, "i", index(12), (c, i) -> c.store(acc, i, splat(f32(0), lanes)));
          r.loop(
              LoopKind.SERIAL,
              "k",
              index(K),
              (c, k) -> {
                Expr row = mul(k, yStride);
                Expr y0 = c.let("y0_", load(y, row, lanes));
                Expr y1 = c.let("y1_", load(y, add(row, index(lanes)), lanes));
                c.loop(
                    LoopKind.UNROLL,
                    "i",
                    index(6),
                    (d, i) -> {
                      Expr v =
                          d.let(
                              "v",
                              splat(load(x, add(mul(i, rowStride), mul(k, colStride))), lanes));
                      Expr a = mul(i, index(2));
                      d.store(acc, a, fma(v, y0, load(acc, a)));
                      Expr a1 = add(a, index(1));
                      d.store(acc, a1, fma(v, y1, load(acc, a1)));
                    });
              });
          r.loop(
              LoopKind.UNROLL,
              "i",
              index(12),
              (c, i) -> {
                Expr at = mul(i, index(lanes));
                c.store(out, at, add(load(out, at, lanes), load(acc, i)));
              });
        });
    return new Kernel(name, List.of(x, y, out), symbols, b.block(), Set.of());
  }

  public static void main(String[] args) {
    var lda = new Symbol("lda", 1 << 20);
    var peak = NativeRunner.of(peak(10));
    var packed = NativeRunner.of(tile("packed", index(1), index(6), index(16), List.of()));
    var constant = NativeRunner.of(tile("rows", index(K), index(1), index(16), List.of()));
    var symbolic =
        NativeRunner.of(tile("symbolic", new Expr.Size(lda), index(1), index(16), List.of(lda)));
    if (args.length > 0) {
      System.out.println(packed.object().llvmIr());
      System.out.println(packed.object().optimisedLlvmIr());
      System.out.println(packed.object().assembly());
      System.out.println(constant.object().assembly());
      System.out.println(symbolic.object().assembly());
    }
    System.out.println(packed.object().parts().getFirst().times());
    System.out.println(symbolic.object().parts().getFirst().times());
    double tileFlops = 2.0 * 96 * K * REPEATS;
    double peakFlops = 2.0 * 80 * K * REPEATS;
    for (int round = 0; round < 3; round++) {
      double p = rate(peak, peakFlops, Map.of(), peak.allocate(new float[80]));
      System.out.printf("peak %.1f GF/s%n", p);
      for (var r : List.of(packed, constant, symbolic)) {
        MemorySegment x = r.allocate(DType.F32, 6 * K);
        MemorySegment y = r.allocate(DType.F32, 16 * K);
        for (int i = 0; i < 6 * K; i++) {
          x.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1f / (i + 1));
        }
        double g = rate(r, tileFlops, Map.of(lda, (long) K), x, y, r.allocate(DType.F32, 96));
        System.out.printf("  tile %.1f GF/s, %.0f %% of peak%n", g, 100 * g / p);
      }
    }
  }

  private static double rate(
      NativeRunner r, double flops, Map<Symbol, Long> symbols, MemorySegment... arguments) {
    double[] nanos = r.time(1, 21, symbols, arguments);
    Arrays.sort(nanos);
    return flops / nanos[10];
  }
}
