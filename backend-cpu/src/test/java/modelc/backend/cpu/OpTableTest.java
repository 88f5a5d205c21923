package modelc.backend.cpu;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.mul;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.UnaryFn;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.LoopVerifier;
import modelc.ir.loop.Memory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every expression on every element type that has it, for several lane counts, against the
 * interpreter: many of them in one kernel each, since compiling takes longer than running.
 */
class OpTableTest {
  private static final int SIZE = 64;

  /** Of both sides together; {@link VectorMathTest} is stricter. */
  private static final double LOOSE = 10;

  /** The kernels' operands: {@code x}, {@code y}, {@code z} of one type, and a mask. */
  private record Operands(Expr x, Expr y, Expr z, Expr mask) {}

  private record Row(String name, double ulps, Function<Operands, Expr> make) {}

  @ParameterizedTest
  @CsvSource({
    "F32,1", "F32,4", "F32,8", "F32,16", "F64,1", "F64,4", "F64,8", "I32,1", "I32,4", "I32,8",
    "I32,16", "I64,1", "I64,4", "I64,8", "BOOL,1", "BOOL,8", "BOOL,16"
  })
  void everyOperation(DType dtype, int lanes) {
    List<Row> table = table(dtype, lanes);
    int legal = 0;
    for (boolean small : new boolean[] {false, true}) {
      for (double ulps : new double[] {0, LOOSE}) {
        legal += run(table.stream().filter(r -> r.ulps() == ulps).toList(), dtype, lanes, small);
      }
    }
    // Half of them a run; what a type lacks is left out by the verifier's rules.
    assertThat(legal / 2).isGreaterThan(dtype == DType.BOOL ? 20 : 35);
  }

  /** One kernel for all rows; row r writes its results to a buffer of its own. */
  private static int run(List<Row> rows, DType dtype, int lanes, boolean small) {
    var x = Buffer.global("x", dtype, Dim.of(SIZE));
    var y = Buffer.global("y", dtype, Dim.of(SIZE));
    var z = Buffer.global("z", dtype, Dim.of(SIZE));
    var p = Buffer.global("p", DType.BOOL, Dim.of(SIZE));
    var parameters = new ArrayList<>(List.of(x, y, z, p));
    var memory =
        new ArrayList<>(
            List.of(
                Differential.numbers(dtype, SIZE, 1, small),
                Differential.numbers(dtype, SIZE, 2, small),
                Differential.numbers(dtype, SIZE, 3, small),
                Differential.numbers(DType.BOOL, SIZE, 4, small)));
    var kept = new ArrayList<Row>();
    for (Row row : rows) {
      if (LoopVerifier.problems(kernel(List.of(row), lanes, List.of(x, y, z, p))).isEmpty()) {
        kept.add(row);
      }
    }
    if (kept.isEmpty()) {
      return 0;
    }
    Kernel kernel = kernel(kept, lanes, parameters);
    for (Buffer b : kernel.parameters().subList(4, kernel.parameters().size())) {
      memory.add(Memory.undefined(b.dtype(), SIZE));
    }
    Differential.check(kernel, rows.getFirst().ulps(), memory.toArray(Memory[]::new));
    return kept.size();
  }

  private static Kernel kernel(List<Row> rows, int lanes, List<Buffer> inputs) {
    var parameters = new ArrayList<>(inputs);
    var b = new LoopBuilder();
    var results = new ArrayList<Buffer>();
    b.loop(
        LoopKind.SERIAL,
        "i",
        index(0),
        index(SIZE),
        lanes,
        (c, i) -> {
          var in =
              new Operands(
                  c.let("a", load(inputs.get(0), i, lanes)),
                  c.let("b", load(inputs.get(1), i, lanes)),
                  c.let("c", load(inputs.get(2), i, lanes)),
                  c.let("m", load(inputs.get(3), i, lanes)));
          for (Row row : rows) {
            Expr e = row.make().apply(in);
            var out = Buffer.global("out_" + row.name(), e.dtype(), Dim.of(SIZE));
            results.add(out);
            c.store(out, i, e);
          }
        });
    parameters.addAll(results);
    return new Kernel("ops", parameters, List.of(), b.block(), Set.of());
  }

  private static List<Row> table(DType dtype, int lanes) {
    var rows = new ArrayList<Row>();
    for (UnaryFn fn : UnaryFn.values()) {
      double ulps =
          switch (fn) {
            case EXP, EXPM1, LOG, LOG1P, RSQRT, TANH, LOGISTIC, ERF, SINE, COSINE -> LOOSE;
            case NEGATE, ABS, SIGN, SQRT, FLOOR, CEIL, ROUND_NEAREST_EVEN, IS_FINITE, NOT -> 0;
          };
      rows.add(new Row("u_" + fn, ulps, in -> new Expr.Unary(fn, in.x())));
    }
    for (BinaryFn fn : BinaryFn.values()) {
      double ulps = fn == BinaryFn.POWER && dtype.isFloat() ? LOOSE : 0;
      rows.add(new Row("b_" + fn, ulps, in -> new Expr.Binary(fn, in.x(), in.y())));
      for (double constant : new double[] {0, 1, -1, 5}) {
        if (dtype != DType.BOOL || constant == 0 || constant == 1) {
          Expr c = LoopBuilder.splat(new Expr.Const(dtype, constant), lanes);
          rows.add(
              new Row(
                  "b_" + fn + "_by" + (int) constant, ulps, in -> new Expr.Binary(fn, in.x(), c)));
          rows.add(
              new Row(
                  "b_" + fn + "_of" + (int) constant, ulps, in -> new Expr.Binary(fn, c, in.y())));
        }
      }
    }
    for (CompareFn fn : CompareFn.values()) {
      rows.add(new Row("c_" + fn, 0, in -> new Expr.Compare(fn, in.x(), in.y())));
    }
    for (DType to : DType.values()) {
      rows.add(new Row("to_" + to, 0, in -> new Expr.Convert(to, in.x())));
    }
    rows.add(new Row("fma", 0, in -> new Expr.Fma(in.x(), in.y(), in.z())));
    rows.add(new Row("select", 0, in -> new Expr.Select(in.mask(), in.x(), in.y())));
    if (lanes > 1) {
      for (ReduceFn fn : ReduceFn.values()) {
        rows.add(
            new Row("h_" + fn, 0, in -> new Expr.Splat(new Expr.Horizontal(fn, in.x()), lanes)));
      }
      rows.add(new Row("lane", 0, in -> new Expr.Splat(new Expr.Lane(in.x(), lanes - 1), lanes)));
      Function<Operands, Expr> ramp =
          in -> new Expr.Ramp(new Expr.Lane(in.x(), 0), new Expr.Lane(in.y(), 1), lanes);
      rows.add(new Row("ramp", 0, ramp));
    }
    return rows;
  }

  /**
   * Loads and stores in every form: a run of lanes, gathered and scattered, with and without masks.
   */
  @ParameterizedTest
  @EnumSource(DType.class)
  void everyAccess(DType dtype) {
    for (int lanes : new int[] {1, 4, 8, 16}) {
      var x = Buffer.global("x", dtype, Dim.of(2 * SIZE));
      var p = Buffer.global("p", DType.BOOL, Dim.of(SIZE));
      var at = Buffer.global("at", DType.I64, Dim.of(SIZE));
      var near = Buffer.global("near", DType.I32, Dim.of(SIZE));
      var outs = new ArrayList<Buffer>();
      var b = new LoopBuilder();
      b.loop(
          LoopKind.SERIAL,
          "i",
          index(0),
          index(SIZE),
          lanes,
          (c, i) -> {
            Expr mask = c.let("mask", load(p, i, lanes));
            Expr gathered = c.let("g", load(at, i, lanes));
            Expr narrow = new Expr.Convert(DType.I64, load(near, i, lanes));
            var indices = new ArrayList<>(List.of(i, add(i, index(3)), gathered, narrow));
            if (lanes > 1) {
              Expr strided = c.let("s", new Expr.Ramp(mul(i, index(2)), index(2), lanes));
              indices.add(strided);
              indices.add(new Expr.Ramp(i, index(1), lanes));
              indices.add(
                  new Expr.Binary(BinaryFn.ADD, strided, LoopBuilder.splat(index(1), lanes)));
              indices.add(new Expr.Splat(i, lanes));
              Expr half =
                  new Expr.Binary(BinaryFn.DIVIDE, gathered, LoopBuilder.splat(index(2), lanes));
              indices.add(half);
            }
            for (Expr e : indices) {
              store(c, outs, dtype, i, new Expr.Load(x, e, lanes, Optional.empty()));
              store(c, outs, dtype, i, new Expr.Load(x, e, lanes, Optional.of(mask)));
            }
            // Different iterations and lanes write different elements: `at` is a permutation.
            var masked = Buffer.global("out" + outs.size(), dtype, Dim.of(SIZE));
            c.storeMasked(masked, i, load(x, i, lanes), mask);
            outs.add(masked);
            var scattered = Buffer.global("out" + outs.size(), dtype, Dim.of(SIZE));
            c.store(scattered, gathered, load(x, i, lanes));
            outs.add(scattered);
            var some = Buffer.global("out" + outs.size(), dtype, Dim.of(SIZE));
            c.storeMasked(some, gathered, load(x, i, lanes), mask);
            outs.add(some);
          });
      var parameters = new ArrayList<>(List.of(x, p, at, near));
      parameters.addAll(outs);
      var kernel = new Kernel("access", parameters, List.of(), b.block(), Set.of());
      var memory = new ArrayList<Memory>();
      memory.add(Differential.numbers(dtype, 2 * SIZE, 1, false));
      memory.add(Differential.numbers(DType.BOOL, SIZE, 2, false));
      memory.add(permutation(DType.I64, 37));
      memory.add(permutation(DType.I32, 21));
      outs.forEach(o -> memory.add(Differential.numbers(dtype, SIZE, 5, false)));
      Differential.check(kernel, 0, memory.toArray(Memory[]::new));
    }
  }

  private static void store(LoopBuilder c, List<Buffer> outs, DType dtype, Expr i, Expr value) {
    var out = Buffer.global("out" + outs.size(), dtype, Dim.of(SIZE));
    outs.add(out);
    c.store(out, i, value);
  }

  private static Memory permutation(DType dtype, int step) {
    var m = Memory.undefined(dtype, SIZE);
    for (int i = 0; i < SIZE; i++) {
      m.setLong(i, (long) i * step % SIZE);
    }
    return m;
  }
}
