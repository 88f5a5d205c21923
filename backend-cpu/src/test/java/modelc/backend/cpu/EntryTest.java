package modelc.backend.cpu;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.f32;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.sub;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
import modelc.ir.loop.LoopInterpreter;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.LoopProgram;
import modelc.ir.loop.Memory;
import org.junit.jupiter.api.Test;

/** Entries: launches, the arena, barriers, threads, and programs cut into several modules. */
class EntryTest {
  private static final Symbol N = new Symbol("n", 1000);
  private static final Dim SIZE = Dim.of(N);

  /** {@code y[i] = x[n-1-i] + 1}, on all threads: each reads what the others wrote. */
  private static Kernel reverse(String name) {
    var x = Buffer.global("x", DType.F32, SIZE);
    var y = Buffer.global("y", DType.F32, SIZE);
    var b = new LoopBuilder();
    Expr n = new Expr.Size(N);
    b.loop(
        LoopKind.PARALLEL,
        "i",
        n,
        (c, i) -> c.store(y, i, add(load(x, sub(sub(n, i), index(1))), f32(1))));
    return new Kernel(name, List.of(x, y), List.of(N), b.block(), Set.of());
  }

  /** {@code x[i] *= 2} in place, on one thread. */
  private static Kernel twice() {
    var x = Buffer.global("x", DType.F32, SIZE);
    var y = Buffer.global("y", DType.F32, SIZE);
    var b = new LoopBuilder();
    b.loop(
        LoopKind.SERIAL, "i", new Expr.Size(N), (c, i) -> c.store(y, i, mul(load(x, i), f32(2))));
    return new Kernel("twice", List.of(x, y), List.of(N), b.block(), Set.of());
  }

  private static LoopEntry.Ref argument(int i) {
    return new LoopEntry.Ref.Argument(i);
  }

  private static LoopEntry.Ref arena(long offset) {
    return new LoopEntry.Ref.Arena(offset);
  }

  private static LoopEntry entry(String name, int rounds) {
    Kernel reverse = reverse("reverse_" + name);
    Kernel twice = twice();
    var launches = new ArrayList<LoopEntry.Launch>();
    launches.add(new LoopEntry.Launch(reverse, List.of(argument(0), arena(0)), true, false));
    for (int i = 0; i < rounds; i++) {
      launches.add(new LoopEntry.Launch(reverse, List.of(arena(0), arena(4096)), true, true));
      launches.add(new LoopEntry.Launch(twice, List.of(arena(4096), arena(4096)), false, true));
      launches.add(new LoopEntry.Launch(twice, List.of(arena(4096), arena(4096)), false, false));
      launches.add(new LoopEntry.Launch(reverse, List.of(arena(4096), arena(0)), true, true));
    }
    launches.add(new LoopEntry.Launch(reverse, List.of(arena(0), argument(1)), true, true));
    var arguments =
        List.of(
            new LoopEntry.ArgumentBuffer("x", DType.F32, SIZE),
            new LoopEntry.ArgumentBuffer("y", DType.F32, SIZE));
    return new LoopEntry(name, List.of(N), arguments, 8192, launches);
  }

  @Test
  void barriersOrderTheThreads() {
    LoopEntry e = entry("steps", 40);
    for (long n : new long[] {0, 1, 5, 1000}) {
      Memory x = Memory.undefined(DType.F32, n);
      for (int i = 0; i < n; i++) {
        x.set(i, i % 7);
      }
      var expected = List.of(x.copy(), Memory.undefined(DType.F32, n));
      LoopInterpreter.run(e, expected, Map.of(N, n));
      try (var runner = NativeRunner.of(e)) {
        for (int threads : new int[] {1, 2, 3, 1, 4}) {
          var actual = List.of(x.copy(), Memory.undefined(DType.F32, n));
          runner.run(actual, Map.of(N, n), threads);
          assertThat(actual.get(1).toFloats()).isEqualTo(expected.get(1).toFloats());
        }
      }
    }
  }

  /** The barrier is left as it was found, so that an entry can run again and again. */
  @Test
  void entriesRunManyTimes() {
    try (var runner = NativeRunner.of(entry("again", 3))) {
      MemorySegment x = runner.allocate(1f, 2f, 3f);
      MemorySegment y = runner.allocate(DType.F32, 3);
      runner.time(2, 500, Map.of(N, 3L), x, y);
      float[] first = y.toArray(ValueLayout.JAVA_FLOAT);
      runner.run(1, Map.of(N, 3L), x, y);
      assertThat(y.toArray(ValueLayout.JAVA_FLOAT)).isEqualTo(first);
    }
  }

  /**
   * Kernels of large programs are compiled side by side and call each other's helpers and modules.
   */
  @Test
  void largeProgramsAreCutIntoModules() {
    var launches = new ArrayList<LoopEntry.Launch>();
    for (int k = 0; k < 9; k++) {
      var x = Buffer.global("x", DType.F32, SIZE);
      var b = new LoopBuilder();
      UnaryFn fn = k % 2 == 0 ? UnaryFn.TANH : UnaryFn.EXP;
      float scale = k;
      b.loop(
          LoopKind.PARALLEL,
          "i",
          new Expr.Size(N),
          (c, i) ->
              c.loop(
                  LoopKind.UNROLL,
                  "u",
                  index(200),
                  (d, _) -> {
                    Expr v = new Expr.Unary(fn, mul(load(x, i), f32(0.1 + scale * 0.01)));
                    d.store(x, i, v);
                  }));
      var kernel = new Kernel("k" + k, List.of(x), List.of(N), b.block(), Set.of());
      launches.add(new LoopEntry.Launch(kernel, List.of(argument(0)), true, true));
    }
    var arguments = List.of(new LoopEntry.ArgumentBuffer("x", DType.F32, SIZE));
    var e = new LoopEntry("many", List.of(N), arguments, 0, launches);
    var object = new CpuBackend().compile(new LoopProgram("m", List.of(e)));
    assertThat(object.parts()).hasSize(Math.min(4, Runtime.getRuntime().availableProcessors()));
    assertThat(object.assembly()).contains("modelc_many:");
    assertThat(object.optimisedLlvmIr()).contains("@k_k8(");
    Memory expected = Differential.numbers(DType.F32, 50, 1, true);
    Memory actual = expected.copy();
    LoopInterpreter.run(e, List.of(expected), Map.of(N, 50L));
    NativeRunner.run(e, List.of(actual), Map.of(N, 50L), 2);
    for (int i = 0; i < 50; i++) {
      assertThat(actual.get(i))
          .isCloseTo(expected.get(i), org.assertj.core.data.Percentage.withPercentage(0.01));
    }
  }

  @Test
  void writesOutsideABufferAreNoticed() {
    var x = Buffer.global("x", DType.F32, Dim.of(8));
    var b = new LoopBuilder();
    b.store(x, new Expr.Size(N), f32(1));
    var kernel = new Kernel("wild", List.of(x), List.of(N), b.block(), Set.of());
    try (var runner = NativeRunner.of(kernel)) {
      MemorySegment memory = runner.allocate(DType.F32, 8);
      runner.run(1, Map.of(N, 7L), memory);
      assertThatThrownBy(() -> runner.run(1, Map.of(N, 8L), memory)).hasMessageContaining("wrote");
    }
  }

  @Test
  void twoKernelsMayNotShareAName() {
    var launches =
        List.of(
            new LoopEntry.Launch(reverse("same"), List.of(argument(0), argument(1)), true, false),
            new LoopEntry.Launch(reverse("same"), List.of(argument(0), argument(1)), true, true));
    var arguments =
        List.of(
            new LoopEntry.ArgumentBuffer("x", DType.F32, SIZE),
            new LoopEntry.ArgumentBuffer("y", DType.F32, SIZE));
    var e = new LoopEntry("e", List.of(N), arguments, 0, launches);
    assertThatThrownBy(() -> NativeRunner.of(e)).hasMessageContaining("two kernels are named same");
  }
}
