package modelc.backend.cpu;

import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import modelc.ir.UnaryFn;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.LoopProgram;
import modelc.passes.Target;
import modelc.passes.contraction.Contraction;
import modelc.passes.contraction.ConvShape;
import modelc.passes.contraction.Epilogue;
import modelc.passes.contraction.Lowered;

/**
 * Times the compilation of LeNet's convolutions and their gradients, and some elementwise kernels;
 * no test.
 */
public final class CompileBench {
  private static final Symbol BATCH = new Symbol("batch", 64);
  private static final List<LoopEntry.Launch> LAUNCHES = new ArrayList<>();
  private static final List<LoopEntry.ArgumentBuffer> ARGUMENTS = new ArrayList<>();

  private CompileBench() {}

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

  private static void add(Lowered lowered) {
    lowered.kernels().forEach(CompileBench::add);
  }

  private static void add(Kernel k) {
    var refs = new ArrayList<LoopEntry.Ref>();
    for (Buffer b : k.parameters()) {
      refs.add(new LoopEntry.Ref.Argument(ARGUMENTS.size()));
      ARGUMENTS.add(new LoopEntry.ArgumentBuffer(b.name(), b.dtype(), b.size()));
    }
    LAUNCHES.add(new LoopEntry.Launch(k, refs, true, true));
  }

  private static Buffer buffer(String name, long size, boolean batched) {
    return Buffer.global(name, DType.F32, batched ? Dim.of(BATCH).times(size) : Dim.of(size));
  }

  private static void conv(String n, long c, long h, long k, long r) {
    long o = h - r + 1;
    var s = new ConvShape(Dim.of(BATCH), c, h, h, k, r, r, 1, 1, 1, 1, 1, false, o, o);
    Buffer x = buffer("x", c * h * h, true);
    Buffer w = buffer("w", k * c * r * r, false);
    Buffer y = buffer("y", k * o * o, true);
    add(Contraction.convForward(n + "f", s, x, w, new Store(y, o, o, k), Target.AVX2));
    long p = o + 2 * (r - 1);
    Buffer dy = buffer("dyp", k * p * p, true);
    add(
        Contraction.convInputGradient(
            n + "d", s, dy, p, p, 0, 0, w, new Store(x, h, h, c), Target.AVX2));
    add(Contraction.convWeightGradient(n + "w", s, x, y, new Store(w, c, r, r), Target.AVX2));
  }

  private static void elementwise(String name, UnaryFn fn) {
    Buffer x = buffer("x", 4704, true);
    Buffer y = buffer("y", 4704, true);
    var b = new LoopBuilder();
    b.loop(
        LoopKind.PARALLEL,
        "n",
        new Expr.Size(BATCH),
        (c, n) ->
            c.loop(
                LoopKind.SERIAL,
                "i",
                index(0),
                index(4704),
                8,
                (d, i) -> {
                  Expr at = LoopBuilder.add(LoopBuilder.mul(n, index(4704)), i);
                  d.store(y, at, new Expr.Unary(fn, load(x, at, 8)));
                }));
    add(new Kernel(name, List.of(x, y), List.of(BATCH), b.block(), Set.of()));
  }

  private static void build() {
    conv("c1", 1, 32, 6, 5);
    conv("c2", 6, 14, 16, 5);
    conv("c3", 16, 5, 120, 5);
    conv("c4", 120, 1, 84, 1);
    conv("c5", 84, 1, 10, 1);
    for (int i = 0; i < 20; i++) {
      elementwise("e" + i, i % 2 == 0 ? UnaryFn.TANH : UnaryFn.EXP);
    }
  }

  public static void main(String[] args) throws java.io.IOException {
    long start = System.nanoTime();
    build();
    var program =
        new LoopProgram(
            "m", List.of(new LoopEntry("train", List.of(BATCH), ARGUMENTS, 0, LAUNCHES)));
    System.out.printf(
        "%d kernels, built in %.0f ms%n", LAUNCHES.size(), (System.nanoTime() - start) / 1e6);
    for (int i = 0; i < (args.length > 0 ? 1 : 5); i++) {
      CompiledObject o = new CpuBackend().compile(program);
      start = System.nanoTime();
      try (var jit = Jit.load(o)) {
        jit.symbol("modelc_train");
      }
      System.out.printf(
          "%.0f ms, load %.0f ms, object %d KB%n",
          o.millis(), (System.nanoTime() - start) / 1e6, o.bytes() >> 10);
      o.parts().forEach(p -> System.out.println("  " + p.times()));
      if (args.length > 0) {
        java.nio.file.Files.writeString(
            java.nio.file.Path.of(args[0]), new CpuBackend().llvmIr(program));
      }
    }
  }
}
