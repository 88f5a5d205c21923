package modelc.runtime;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;

/**
 * A linear regression as native code, y = w x + b trained by momentum on the mean squared error:
 * Java methods called as native functions through the real convention, with real threads and the
 * real barrier. No compiler is involved.
 */
final class LinearModel implements NativeCode {
  static final int FEATURES = 3;
  static final int MAX_BATCH = 8;
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final int CHUNKS = 4;

  final ConcurrentLinkedQueue<Integer> threadsSeen = new ConcurrentLinkedQueue<>();
  final CountDownLatch blocked = new CountDownLatch(1);
  final CountDownLatch release = new CountDownLatch(1);
  volatile Runnable inside = () -> {};
  volatile boolean closed;
  private final Arena arena = Arena.ofShared();
  private final Map<String, MemorySegment> stubs = new ConcurrentHashMap<>();

  private static ArgumentSpec arg(String name, Kind kind, ElementType type, DimSpec... shape) {
    return new ArgumentSpec(name, kind, type, List.of(shape));
  }

  private static ResultSpec result(
      String name, Kind kind, ElementType type, int alias, DimSpec... shape) {
    return new ResultSpec(name, kind, type, List.of(shape), alias);
  }

  static ModelSpec spec() {
    DimSpec n = DimSpec.of(FEATURES);
    DimSpec batch = DimSpec.of("batch");
    var w = arg("w", Kind.PARAMETER, ElementType.F32, n);
    var b = arg("b", Kind.PARAMETER, ElementType.F32);
    var count = arg("count", Kind.STATE, ElementType.F32);
    var wm = arg("w.m", Kind.OPTIMIZER_STATE, ElementType.F32, n);
    var bm = arg("b.m", Kind.OPTIMIZER_STATE, ElementType.F32);
    var x = arg("x", Kind.INPUT, ElementType.F32, batch, n);
    var t = arg("t", Kind.INPUT, ElementType.F32, batch);
    var y = result("y", Kind.OUTPUT, ElementType.F32, -1, batch);
    var loss = result("loss", Kind.LOSS, ElementType.F32, -1);
    var mae = result("mae", Kind.METRIC, ElementType.F32, -1);
    var seed = arg("seed", Kind.SCALAR, ElementType.I32, DimSpec.of(2));
    var init =
        new EntrySpec(
            "init",
            List.of(seed),
            List.of(
                result("w", Kind.PARAMETER, ElementType.F32, -1, n),
                result("b", Kind.PARAMETER, ElementType.F32, -1),
                result("count", Kind.STATE, ElementType.F32, -1),
                result("w.m", Kind.OPTIMIZER_STATE, ElementType.F32, -1, n),
                result("b.m", Kind.OPTIMIZER_STATE, ElementType.F32, -1)),
            List.of(),
            0);
    var infer = new EntrySpec("infer", List.of(w, b, x), List.of(y), List.of("batch"), 0);
    var eval =
        new EntrySpec("eval", List.of(w, b, x, t), List.of(loss, mae, y), List.of("batch"), 0);
    var train =
        new EntrySpec(
            "train",
            List.of(
                w,
                b,
                count,
                wm,
                bm,
                x,
                t,
                arg("step", Kind.SCALAR, ElementType.F64),
                arg("steps", Kind.SCALAR, ElementType.F64),
                arg("epoch", Kind.SCALAR, ElementType.F64),
                seed),
            List.of(
                loss,
                mae,
                result("finite", Kind.FINITE, ElementType.BOOL, -1),
                result("w", Kind.PARAMETER, ElementType.F32, 0, n),
                result("b", Kind.PARAMETER, ElementType.F32, 1),
                result("count", Kind.STATE, ElementType.F32, 2),
                result("w.m", Kind.OPTIMIZER_STATE, ElementType.F32, 3, n),
                result("b.m", Kind.OPTIMIZER_STATE, ElementType.F32, 4)),
            List.of("batch"),
            64 * CHUNKS);
    var block = new EntrySpec("block", List.of(), List.of(), List.of(), 0);
    var fail = new EntrySpec("fail", List.of(), List.of(), List.of(), 0);
    return new ModelSpec(
        "Linear",
        List.of(new SymbolSpec("batch", MAX_BATCH)),
        List.of(init, infer, eval, train, block, fail));
  }

  static Model model() {
    return new Model(spec(), new LinearModel());
  }

  @Override
  public MemorySegment entry(String name) {
    return stubs.computeIfAbsent(
        name,
        n -> {
          try {
            var type = MethodType.methodType(int.class, MemorySegment.class, int.class, int.class);
            return Linker.nativeLinker()
                .upcallStub(
                    MethodHandles.lookup().bind(this, n, type),
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
                    arena);
          } catch (ReflectiveOperationException e) {
            throw new LinkageError(n, e);
          }
        });
  }

  @Override
  public void close() {
    closed = true;
    arena.close();
  }

  /** The memory slot {@code i} points to. */
  private static MemorySegment slot(MemorySegment ctx, int i) {
    MemorySegment m = ctx.reinterpret(1024).getAtIndex(ADDRESS, i).reinterpret(1 << 20);
    if (m.address() % 64 != 0) {
      throw new AssertionError("slot " + i + " is not aligned");
    }
    return m;
  }

  private static float f(MemorySegment m, long i) {
    return m.getAtIndex(JAVA_FLOAT, i);
  }

  /** Nothing may be thrown through a native frame. */
  private static int guarded(Runnable body) {
    try {
      body.run();
      return 0;
    } catch (Throwable e) {
      e.printStackTrace();
      return 99;
    }
  }

  private static void barrier(MemorySegment ctx, int threads) {
    MemorySegment b = slot(ctx, 1);
    int generation = (int) INT.getVolatile(b, 4L);
    if ((int) INT.getAndAdd(b, 0L, 1) == threads - 1) {
      INT.setVolatile(b, 0L, 0);
      INT.setVolatile(b, 4L, generation + 1);
    } else {
      while ((int) INT.getVolatile(b, 4L) == generation) {
        Thread.onSpinWait();
      }
    }
  }

  int init(MemorySegment ctx, int thread, int threads) {
    return guarded(
        () -> {
          if (thread == 0) {
            int seed = slot(ctx, 2).get(JAVA_INT, 0);
            for (int i = 0; i < FEATURES; i++) {
              slot(ctx, 3).setAtIndex(JAVA_FLOAT, i, 0.1f * seed + i);
              slot(ctx, 6).setAtIndex(JAVA_FLOAT, i, 0);
            }
            slot(ctx, 4).set(JAVA_FLOAT, 0, 0.5f);
            slot(ctx, 5).set(JAVA_FLOAT, 0, 0);
            slot(ctx, 7).set(JAVA_FLOAT, 0, 0);
          }
        });
  }

  private static float y(MemorySegment w, MemorySegment b, MemorySegment x, long row) {
    float y = f(b, 0);
    for (int i = 0; i < FEATURES; i++) {
      y += f(w, i) * f(x, row * FEATURES + i);
    }
    return y;
  }

  int infer(MemorySegment ctx, int thread, int threads) {
    return guarded(
        () -> {
          threadsSeen.add(thread);
          long batch = ctx.reinterpret(64).getAtIndex(JAVA_LONG, 2);
          for (long r = thread; r < batch; r += threads) {
            slot(ctx, 6).setAtIndex(JAVA_FLOAT, r, y(slot(ctx, 3), slot(ctx, 4), slot(ctx, 5), r));
          }
        });
  }

  int eval(MemorySegment ctx, int thread, int threads) {
    return guarded(
        () -> {
          if (thread == 0) {
            long batch = ctx.reinterpret(64).getAtIndex(JAVA_LONG, 2);
            double loss = 0;
            double mae = 0;
            for (long r = 0; r < batch; r++) {
              float y = y(slot(ctx, 3), slot(ctx, 4), slot(ctx, 5), r);
              float e = y - f(slot(ctx, 6), r);
              loss += e * e;
              mae += Math.abs(e);
              slot(ctx, 9).setAtIndex(JAVA_FLOAT, r, y);
            }
            slot(ctx, 7).set(JAVA_FLOAT, 0, (float) (loss / batch));
            slot(ctx, 8).set(JAVA_FLOAT, 0, (float) (mae / batch));
          }
        });
  }

  /**
   * Each thread sums its share of four chunks into the arena; thread 0 adds them in order and
   * updates.
   */
  int train(MemorySegment ctx, int thread, int threads) {
    return guarded(
        () -> {
          long batch = ctx.reinterpret(64).getAtIndex(JAVA_LONG, 2);
          MemorySegment w = slot(ctx, 3);
          MemorySegment b = slot(ctx, 4);
          MemorySegment x = slot(ctx, 8);
          MemorySegment t = slot(ctx, 9);
          MemorySegment sums = slot(ctx, 0);
          for (int c = thread; c < CHUNKS; c += threads) {
            var sum = new float[FEATURES + 3];
            for (long r = batch * c / CHUNKS; r < batch * (c + 1) / CHUNKS; r++) {
              float e = y(w, b, x, r) - f(t, r);
              for (int i = 0; i < FEATURES; i++) {
                sum[i] += 2 * e * f(x, r * FEATURES + i);
              }
              sum[FEATURES] += 2 * e;
              sum[FEATURES + 1] += e * e;
              sum[FEATURES + 2] += Math.abs(e);
            }
            MemorySegment.copy(sum, 0, sums, JAVA_FLOAT, 64L * c, sum.length);
          }
          barrier(ctx, threads);
          if (thread == 0) {
            update(ctx, batch, sums);
          }
        });
  }

  private static void update(MemorySegment ctx, long batch, MemorySegment sums) {
    var sum = new float[FEATURES + 3];
    for (int c = 0; c < CHUNKS; c++) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += f(sums, 16 * c + i) / batch;
      }
    }
    boolean finite = true;
    for (float s : sum) {
      finite &= Float.isFinite(s);
    }
    slot(ctx, 14).set(JAVA_FLOAT, 0, sum[FEATURES + 1]);
    slot(ctx, 15).set(JAVA_FLOAT, 0, sum[FEATURES + 2]);
    slot(ctx, 16).set(JAVA_BYTE, 0, (byte) (finite ? 1 : 0));
    if (!finite) {
      return;
    }
    double step = slot(ctx, 10).get(JAVA_DOUBLE, 0);
    double steps = slot(ctx, 11).get(JAVA_DOUBLE, 0);
    double epoch = slot(ctx, 12).get(JAVA_DOUBLE, 0);
    int seed = slot(ctx, 13).get(JAVA_INT, 0);
    float rate = (float) (0.05 * (1 - 0.5 * step / steps) / Math.sqrt(epoch) + 1e-6 * seed);
    for (int i = 0; i <= FEATURES; i++) {
      MemorySegment m = slot(ctx, i < FEATURES ? 6 : 7);
      MemorySegment p = slot(ctx, i < FEATURES ? 3 : 4);
      int at = i < FEATURES ? i : 0;
      float velocity = 0.9f * f(m, at) + sum[i];
      m.setAtIndex(JAVA_FLOAT, at, velocity);
      p.setAtIndex(JAVA_FLOAT, at, f(p, at) - rate * velocity);
    }
    slot(ctx, 5).set(JAVA_FLOAT, 0, f(slot(ctx, 5), 0) + 1);
  }

  int block(MemorySegment ctx, int thread, int threads) {
    return guarded(
        () -> {
          inside.run();
          blocked.countDown();
          try {
            release.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
  }

  int fail(MemorySegment ctx, int thread, int threads) {
    return thread == threads - 1 ? 7 : 0;
  }
}
