package modelc.passes.vectorize;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
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
import modelc.ir.loop.Stmt;
import org.junit.jupiter.api.Test;

/**
 * The form of vectorised loops: which accesses are contiguous, which tails are made. Values are
 * tested elsewhere.
 */
class VectorizeShapeTest {
  private static final Symbol BATCH = new Symbol("batch", 64);
  private final Buffer x = Buffer.global("x", DType.F32, Dim.of(BATCH).times(1000));
  private final Buffer y = Buffer.global("y", DType.F32, Dim.of(BATCH).times(1000));

  private Stmt run(Consumer<LoopBuilder> write) {
    var b = new LoopBuilder();
    write.accept(b);
    var k = new Kernel("k", List.of(x, y), List.of(BATCH), b.block(), Set.of());
    return Vectorize.run(k, 8).body();
  }

  private static List<Stmt> all(Stmt s) {
    var out = new ArrayList<Stmt>();
    collect(s, out);
    return out;
  }

  private static void collect(Stmt s, List<Stmt> out) {
    out.add(s);
    switch (s) {
      case Stmt.Block b -> b.body().forEach(x -> collect(x, out));
      case Stmt.For f -> collect(f.body(), out);
      case Stmt.If i -> {
        collect(i.then(), out);
        i.otherwise().ifPresent(o -> collect(o, out));
      }
      case Stmt.Let _, Stmt.Store _, Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ -> {}
    }
  }

  private static List<Stmt.Store> stores(Stmt s) {
    return all(s).stream()
        .filter(Stmt.Store.class::isInstance)
        .map(Stmt.Store.class::cast)
        .toList();
  }

  private static List<Stmt.For> loops(Stmt s) {
    return all(s).stream().filter(Stmt.For.class::isInstance).map(Stmt.For.class::cast).toList();
  }

  @Test
  void aWholeNumberOfVectorsHasNoTail() {
    Stmt s =
        run(
            b ->
                b.loop(
                    LoopKind.VECTOR,
                    "i",
                    LoopBuilder.index(64),
                    (c, i) -> c.store(y, i, LoopBuilder.load(x, i))));
    assertThat(loops(s)).singleElement().satisfies(f -> assertThat(f.step()).isEqualTo(8));
    assertThat(stores(s))
        .singleElement()
        .satisfies(
            st -> {
              assertThat(st.index().lanes()).isEqualTo(1);
              assertThat(st.value())
                  .isInstanceOfSatisfying(Expr.Load.class, l -> assertThat(l.lanes()).isEqualTo(8));
              assertThat(st.mask()).isEmpty();
            });
  }

  @Test
  void columnsAreReducedSideBySide() {
    assertThat(reducedColumns(16)).containsExactly(16L, 2L);
    assertThat(reducedColumns(64)).containsExactly(32L, 4L);
    // Five vectors are no multiple of two, three or four.
    assertThat(reducedColumns(40)).containsExactly(8L, 1L);
  }

  /** The step of the loop over so many columns, and the vectors the loop inside reads in a turn. */
  private List<Long> reducedColumns(long columns) {
    Stmt s =
        run(
            b ->
                b.loop(
                    LoopKind.VECTOR,
                    "i",
                    LoopBuilder.index(columns),
                    (c, i) -> {
                      Buffer acc = c.alloc("acc", DType.F32, 1, 1, Space.REGISTER);
                      Expr zero = LoopBuilder.index(0);
                      c.store(acc, zero, new Expr.Const(DType.F32, 0));
                      c.loop(
                          LoopKind.SERIAL,
                          "r",
                          LoopBuilder.index(9),
                          (d, r) -> {
                            Expr at =
                                LoopBuilder.add(i, LoopBuilder.mul(r, LoopBuilder.index(columns)));
                            d.store(
                                acc,
                                zero,
                                new Expr.Binary(
                                    BinaryFn.ADD,
                                    LoopBuilder.load(acc, zero),
                                    LoopBuilder.load(x, at)));
                          });
                      c.store(y, i, LoopBuilder.load(acc, zero));
                    }));
    assertThat(loops(s)).hasSize(2);
    return List.of(loops(s).getFirst().step(), (long) stores(loops(s).getLast()).size());
  }

  @Test
  void aMultipleOfTheLanesIsSeenThroughASymbol() {
    Expr n = LoopBuilder.mul(LoopBuilder.index(16), new Expr.Size(BATCH));
    Stmt s =
        run(b -> b.loop(LoopKind.VECTOR, "i", n, (c, i) -> c.store(y, i, LoopBuilder.load(x, i))));
    assertThat(loops(s)).hasSize(1);
  }

  @Test
  void divisionOfAFlatIndexStaysScalarWhereVectorsDoNotCrossRows() {
    Stmt s =
        run(
            b ->
                b.loop(
                    LoopKind.VECTOR,
                    "i",
                    LoopBuilder.index(640),
                    (c, i) ->
                        c.store(
                            y,
                            LoopBuilder.rem(i, 16),
                            LoopBuilder.load(x, LoopBuilder.div(i, 16)))));
    assertThat(stores(s))
        .singleElement()
        .satisfies(
            st -> {
              assertThat(st.index().lanes()).isEqualTo(1);
              assertThat(st.value()).isInstanceOf(Expr.Splat.class);
            });
  }

  @Test
  void divisionThatCrossesRowsIsDoneLaneByLane() {
    Stmt s =
        run(
            b ->
                b.loop(
                    LoopKind.VECTOR,
                    "i",
                    LoopBuilder.index(640),
                    (c, i) -> c.store(y, i, LoopBuilder.load(x, LoopBuilder.rem(i, 10)))));
    assertThat(stores(s).getFirst().value())
        .isInstanceOfSatisfying(Expr.Load.class, l -> assertThat(l.index().lanes()).isEqualTo(8));
  }

  @Test
  void aReductionHasFourAccumulators() {
    Stmt s =
        run(
            b -> {
              Buffer acc = b.alloc("acc", DType.F32, 1, 1, Space.REGISTER);
              Expr zero = LoopBuilder.index(0);
              b.store(acc, zero, LoopBuilder.f32(0));
              b.loop(
                  LoopKind.VECTOR,
                  "i",
                  new Expr.Size(BATCH),
                  (c, i) ->
                      c.store(
                          acc,
                          zero,
                          new Expr.Binary(
                              BinaryFn.ADD, LoopBuilder.load(acc, zero), LoopBuilder.load(x, i))));
              b.store(y, zero, LoopBuilder.load(acc, zero));
            });
    assertThat(loops(s)).extracting(Stmt.For::step).contains(32L, 8L);
    assertThat(all(s))
        .filteredOn(Stmt.Alloc.class::isInstance)
        .extracting(a -> ((Stmt.Alloc) a).buffer())
        .anySatisfy(
            b -> {
              assertThat(b.lanes()).isEqualTo(8);
              assertThat(b.size()).isEqualTo(Dim.of(4));
            });
  }

  @Test
  void whatHasNoVectorFormStaysScalar() {
    // All iterations write one element, and not as a reduction.
    Stmt s =
        run(
            b ->
                b.loop(
                    LoopKind.VECTOR,
                    "i",
                    LoopBuilder.index(64),
                    (c, i) -> c.store(y, LoopBuilder.index(0), LoopBuilder.load(x, i))));
    assertThat(loops(s))
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f.kind()).isEqualTo(LoopKind.SERIAL);
              assertThat(f.step()).isEqualTo(1);
            });
  }
}
