package modelc.backend.cpu;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.f32;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.loadMasked;
import static modelc.ir.loop.LoopBuilder.lt;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.splat;
import static modelc.ir.loop.LoopBuilder.sub;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Memory;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every statement as machine code against the interpreter, at the sizes where loops go wrong. */
class StatementTest {
  private static final Symbol N = new Symbol("n", 200);
  private static final int[] ONE = {1};
  private static final long[] SIZES = {0, 1, 2, 7, 8, 9, 16, 17, 100};

  private static Buffer global(String name, DType dtype, Dim size) {
    return Buffer.global(name, dtype, size);
  }

  private static Kernel kernel(List<Buffer> parameters, Consumer<LoopBuilder> body) {
    var b = new LoopBuilder();
    body.accept(b);
    return new Kernel("k", parameters, List.of(N), b.block(), Set.of());
  }

  private static Memory floats(long size) {
    return Differential.numbers(DType.F32, (int) size, 9, true);
  }

  @Test
  void threadsShareAParallelLoop() {
    var x = global("x", DType.F32, Dim.of(N));
    var y = global("y", DType.F32, Dim.of(N).times(3));
    for (int step = 1; step <= 3; step++) {
      int by = step;
      Kernel k =
          kernel(
              List.of(x, y),
              b ->
                  b.loop(
                      LoopKind.PARALLEL,
                      "i",
                      index(0),
                      new Expr.Size(N),
                      by,
                      (c, i) -> c.store(y, mul(i, index(3)), add(load(x, i), f32(1)))));
      for (long n : SIZES) {
        var y0 = Memory.undefined(DType.F32, 3 * n);
        Differential.check(k, 0, Map.of(N, n), new int[] {1, 2, 3, 5}, floats(n), y0);
      }
    }
  }

  @Test
  void parallelLoopsMayBeginAnywhere() {
    var y = global("y", DType.I64, Dim.of(40));
    Kernel k =
        kernel(
            List.of(y),
            b ->
                b.loop(
                    LoopKind.PARALLEL,
                    "i",
                    index(-7),
                    index(24),
                    5,
                    (c, i) -> c.store(y, add(i, index(7)), sub(i, new Expr.Size(N)))));
    Differential.check(
        k, 0, Map.of(N, 3L), new int[] {1, 2, 4, 9}, Memory.undefined(DType.I64, 40));
  }

  @Test
  void nestedLoopsWithBoundsThatDependOnEachOther() {
    var y = global("y", DType.I64, Dim.of(1));
    Kernel k =
        kernel(
            List.of(y),
            b ->
                b.loop(
                    LoopKind.SERIAL,
                    "i",
                    index(0),
                    new Expr.Size(N),
                    3,
                    (c, i) ->
                        c.loop(
                            LoopKind.SERIAL,
                            "j",
                            sub(i, index(2)),
                            add(i, index(3)),
                            2,
                            (d, j) -> {
                              Expr product = mul(add(i, index(1)), sub(j, new Expr.Size(N)));
                              d.store(y, index(0), add(load(y, index(0)), product));
                            })));
    for (long n : SIZES) {
      Differential.check(k, 0, Map.of(N, n), ONE, Memory.ofLongs(5));
    }
  }

  @Test
  void registersOfVectorsIndexedByUnrolledLoops() {
    var x = global("x", DType.F32, Dim.of(72));
    var y = global("y", DType.F32, Dim.of(48));
    Kernel k =
        kernel(
            List.of(x, y),
            b -> {
              Buffer acc = b.alloc("acc", DType.F32, 8, 6, Space.REGISTER);
              b.loop(LoopKind.UNROLL, "i", index(6), (c, i) -> c.store(acc, i, splat(f32(2), 8)));
              b.loop(
                  LoopKind.SERIAL,
                  "k",
                  index(0),
                  index(56),
                  1,
                  (c, k0) ->
                      c.loop(
                          LoopKind.UNROLL,
                          "r",
                          index(3),
                          (d, r) ->
                              d.loop(
                                  LoopKind.UNROLL,
                                  "s",
                                  index(0),
                                  index(8),
                                  4,
                                  (e, s) -> {
                                    Expr at = add(mul(r, index(2)), LoopBuilder.div(s, 4));
                                    Expr v = load(x, add(k0, r), 8);
                                    Expr w = splat(load(x, add(k0, s)), 8);
                                    e.store(acc, at, new Expr.Fma(v, w, load(acc, at)));
                                  })));
              b.loop(
                  LoopKind.UNROLL,
                  "i",
                  index(6),
                  (c, i) -> c.store(y, mul(i, index(8)), load(acc, i)));
            });
    Differential.check(k, 0, Map.of(N, 1L), ONE, floats(72), Memory.undefined(DType.F32, 48));
  }

  @Test
  void privateBuffersAtAnyIndex() {
    var x = global("x", DType.I32, Dim.of(N));
    var y = global("y", DType.I32, Dim.of(N));
    Kernel k =
        kernel(
            List.of(x, y),
            b -> {
              Buffer p = b.alloc("p", DType.I32, 1, 200, Space.PRIVATE);
              Buffer flags = b.alloc("flags", DType.BOOL, 1, 200, Space.PRIVATE);
              b.loop(
                  LoopKind.SERIAL,
                  "i",
                  new Expr.Size(N),
                  (c, i) -> {
                    c.store(p, sub(sub(new Expr.Size(N), i), index(1)), load(x, i));
                    c.store(flags, i, lt(load(x, i), new Expr.Const(DType.I32, 4)));
                  });
              b.loop(
                  LoopKind.SERIAL,
                  "i",
                  new Expr.Size(N),
                  (c, i) ->
                      c.store(
                          y,
                          i,
                          new Expr.Select(
                              load(flags, i), load(p, i), new Expr.Const(DType.I32, -1))));
            });
    for (long n : SIZES) {
      var x0 = Differential.numbers(DType.I32, (int) n, 3, true);
      Differential.check(k, 0, Map.of(N, n), ONE, x0, Memory.undefined(DType.I32, n));
    }
  }

  @Test
  void branches() {
    var x = global("x", DType.F32, Dim.of(N));
    var y = global("y", DType.F32, Dim.of(N));
    Kernel k =
        kernel(
            List.of(x, y),
            b ->
                b.loop(
                    LoopKind.SERIAL,
                    "i",
                    new Expr.Size(N),
                    (c, i) -> {
                      Expr v = c.let("v", load(x, i));
                      c.whenElse(
                          lt(v, f32(0)),
                          d ->
                              d.whenElse(
                                  lt(v, f32(-2)),
                                  e -> e.store(y, i, f32(1)),
                                  e -> e.store(y, i, f32(2))),
                          d -> d.store(y, i, mul(v, v)));
                      c.when(lt(i, index(3)), d -> d.store(y, i, add(load(y, i), f32(10))));
                      c.when(lt(index(3), index(2)), d -> d.store(y, i, f32(99)));
                      c.whenElse(
                          lt(index(2), index(3)),
                          d -> d.store(y, i, add(load(y, i), f32(100))),
                          d -> d.store(y, i, f32(98)));
                    }));
    for (long n : SIZES) {
      Differential.check(k, 0, Map.of(N, n), ONE, floats(n), Memory.undefined(DType.F32, n));
    }
  }

  /** The last vector of a loop, in both forms masks are made in. */
  @ParameterizedTest
  @EnumSource(DType.class)
  void maskedTails(DType dtype) {
    var x = global("x", dtype, Dim.of(N));
    var y = global("y", dtype, Dim.of(N));
    var z = global("z", dtype, Dim.of(N));
    for (int lanes : new int[] {4, 8, 16}) {
      Kernel k =
          kernel(
              List.of(x, y, z),
              b ->
                  b.loop(
                      LoopKind.SERIAL,
                      "i",
                      index(0),
                      new Expr.Size(N),
                      lanes,
                      (c, i) -> {
                        Expr left = new Expr.Ramp(i, index(1), lanes);
                        Expr n = splat(new Expr.Size(N), lanes);
                        Expr below = c.let("below", new Expr.Compare(CompareFn.LT, left, n));
                        Expr above = c.let("above", new Expr.Compare(CompareFn.GT, n, left));
                        c.emit(new Stmt.Prefetch(x, add(i, index(1000))));
                        c.storeMasked(y, i, loadMasked(x, i, lanes, below), below);
                        c.storeMasked(z, i, loadMasked(x, i, lanes, above), above);
                      }));
      for (long n : SIZES) {
        var x0 = Differential.numbers(dtype, (int) n, 4, false);
        var y0 = Memory.undefined(dtype, n);
        Differential.check(k, 0, Map.of(N, n), ONE, x0, y0, y0);
      }
    }
  }

  /** Indices that LLVM sees as sums of products of everything at hand. */
  @Test
  void indexArithmetic() {
    var y = global("y", DType.I64, Dim.of(N).times(64));
    Kernel k =
        kernel(
            List.of(y),
            b ->
                b.loop(
                    LoopKind.SERIAL,
                    "i",
                    new Expr.Size(N),
                    (c, i) ->
                        c.loop(
                            LoopKind.UNROLL,
                            "u",
                            index(8),
                            (d, u) ->
                                d.loop(
                                    LoopKind.SERIAL,
                                    "j",
                                    index(8),
                                    (e, j) -> {
                                      Expr n = new Expr.Size(N);
                                      Expr s = e.let("s", add(mul(i, n), sub(mul(j, index(3)), u)));
                                      Expr t = e.let("t", mul(add(s, index(2)), sub(add(j, u), n)));
                                      Expr w = e.let("w", LoopBuilder.rem(mul(t, t), 1000));
                                      Expr m = LoopBuilder.min(LoopBuilder.div(t, 7), mul(w, s));
                                      Expr q =
                                          new Expr.Binary(BinaryFn.DIVIDE, t, sub(i, index(2)));
                                      Expr at = add(mul(add(mul(i, index(8)), u), index(8)), j);
                                      e.store(y, at, add(add(m, q), mul(mul(s, t), add(w, u))));
                                    }))));
    for (long n : SIZES) {
      Differential.check(k, 0, Map.of(N, n), ONE, Memory.undefined(DType.I64, 64 * n));
    }
  }

  @Test
  void namesMayHaveAnyCharacters() {
    var x = global("weights of \"conv\\1\" [é] 2", DType.F32, Dim.of(4));
    var b = new LoopBuilder();
    b.loop(LoopKind.SERIAL, "i j%", index(4), (c, i) -> c.store(x, i, f32(3)));
    var k = new Kernel("a \"strange\" name", List.of(x), List.of(), b.block(), Set.of());
    Memory m = Memory.undefined(DType.F32, 4);
    NativeRunner.run(k, List.of(m), Map.of(), 1);
    org.assertj.core.api.Assertions.assertThat(m.toFloats()).containsOnly(3f);
  }

  @Test
  void whatOnlyGpusHaveIsRefused() {
    var y = global("y", DType.F32, Dim.of(4));
    refuses("barrier", b -> b.emit(new Stmt.Barrier()));
    refuses("shared", b -> b.alloc("s", DType.F32, 1, 4, Space.SHARED));
    refuses("warp", b -> b.store(y, index(0), new Expr.WarpShuffleXor(f32(1), 1)));
    refuses("grid_x", b -> b.loop(LoopKind.GRID_X, "i", index(4), (c, i) -> c.store(y, i, f32(1))));
    refuses(
        "thread_y", b -> b.loop(LoopKind.THREAD_Y, "i", index(4), (c, i) -> c.store(y, i, f32(1))));
    refuses(
        "vectorise", b -> b.loop(LoopKind.VECTOR, "i", index(4), (c, i) -> c.store(y, i, f32(1))));
  }

  private static void refuses(String what, Consumer<LoopBuilder> body) {
    Kernel k = kernel(List.of(global("y", DType.F32, Dim.of(4))), body);
    assertThatThrownBy(() -> NativeRunner.of(k))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining(what);
  }

  @Test
  void limitsHaveMessages() {
    Kernel stack = kernel(List.of(), b -> b.alloc("p", DType.F32, 1, 1 << 20, Space.PRIVATE));
    assertThatThrownBy(() -> NativeRunner.of(stack))
        .hasMessageContaining("bytes of private buffers");
    Kernel unrolled =
        kernel(
            List.of(),
            b ->
                b.loop(
                    LoopKind.UNROLL,
                    "i",
                    index(1000),
                    (c, _) ->
                        c.loop(
                            LoopKind.UNROLL,
                            "j",
                            index(1000),
                            (d, _) -> d.let("v", new Expr.Size(N)))));
    assertThatThrownBy(() -> NativeRunner.of(unrolled))
        .hasMessageContaining("unrolls to more than");
  }
}
