package modelc.passes.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.ConvDims;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;
import modelc.passes.testing.OpCase.Range;

/**
 * Every op of Tensor IR over hostile shapes: sizes 0 and 1, a vector's width and its neighbours,
 * primes, run-time sizes below their maximum.
 *
 * <p>Gradients and calls are not in it: they never reach lowering.
 */
public final class OpTable {
  private static final Symbol BATCH = new Symbol("batch", 9);
  private static final Map<Symbol, Long> SYMBOLS = Map.of(BATCH, 5L);
  private static final Range UNIT = new Range(-1, 1);

  /** Single operations, and sums of a few terms. */
  private static final double EXACT = 2e-6;

  /** Sums and products of up to a few thousand terms. */
  private static final double SUMS = 2e-5;

  private final List<OpCase> cases = new ArrayList<>();

  private OpTable() {}

  /** All cases. */
  public static List<OpCase> cases() {
    var t = new OpTable();
    t.elementwise();
    t.indices();
    t.reductions();
    t.cumulativeSums();
    t.dots();
    t.convolutions();
    t.windows();
    t.gathers();
    return List.copyOf(t.cases);
  }

  /** Shapes of elementwise ops. */
  public static List<Shape> shapes() {
    return List.of(
        Shape.SCALAR,
        Shape.of(0),
        Shape.of(1),
        Shape.of(7),
        Shape.of(8),
        Shape.of(9),
        Shape.of(31),
        Shape.of(2, 0, 3),
        Shape.of(3, 5),
        Shape.of(2, 3, 17),
        Shape.of(Dim.of(BATCH)),
        Shape.of(Dim.of(BATCH), Dim.of(13)),
        Shape.of(Dim.of(BATCH), Dim.of(2), Dim.of(3), Dim.of(7)));
  }

  private interface Body {
    Value of(Builder b, List<Value> x);
  }

  private void add(
      String name, double tolerance, List<TensorType> types, List<Range> ranges, Body body) {
    var b = new Builder();
    var parameters = new ArrayList<Value>();
    for (int i = 0; i < types.size(); i++) {
      parameters.add(b.parameter("x" + i, types.get(i)));
    }
    Value result = body.of(b, parameters);
    cases.add(
        new OpCase(
            name, new Function("main", parameters, List.of(result)), SYMBOLS, ranges, tolerance));
  }

  private void add(String name, double tolerance, Body body, TensorType... types) {
    add(name, tolerance, List.of(types), java.util.Collections.nCopies(types.length, UNIT), body);
  }

  private static TensorType f32(Shape s) {
    return new TensorType(DType.F32, s);
  }

  private static TensorType f32(long... sizes) {
    return TensorType.of(DType.F32, sizes);
  }

  private static TensorType batched(long... sizes) {
    var dims = new ArrayList<>(List.of(Dim.of(BATCH)));
    for (long s : sizes) {
      dims.add(Dim.of(s));
    }
    return f32(new Shape(dims));
  }

  private void elementwise() {
    for (Shape s : shapes()) {
      add("add" + s, EXACT, (b, x) -> b.add(x.get(0), x.get(1)), f32(s), f32(s));
      add(
          "chain" + s,
          EXACT,
          (b, x) -> {
            Value t = b.unary(UnaryFn.TANH, b.add(x.get(0), x.get(1)));
            return b.multiply(b.subtract(b.constantLike(t, 1), b.multiply(t, t)), x.get(1));
          },
          f32(s),
          f32(s));
      add(
          "iota" + s,
          EXACT,
          (b, x) -> s.rank() == 0 ? x.get(0) : b.add(x.get(0), b.iota(f32(s), s.rank() - 1)),
          f32(s));
    }
    for (UnaryFn fn : UnaryFn.values()) {
      unary(fn);
    }
    for (BinaryFn fn : BinaryFn.values()) {
      binary(fn);
    }
    TensorType t = f32(3, 11);
    for (CompareFn fn : CompareFn.values()) {
      add("compare " + fn, EXACT, (b, x) -> b.compare(fn, x.get(0), x.get(1)), t, t);
      TensorType i = t.withDType(DType.I32);
      add(
          "compare i32 " + fn,
          EXACT,
          List.of(i, i),
          List.of(new Range(0, 3), new Range(0, 3)),
          (b, x) -> b.compare(fn, x.get(0), x.get(1)));
    }
    add(
        "select",
        EXACT,
        (b, x) -> b.select(x.get(0), x.get(1), x.get(2)),
        t.withDType(DType.BOOL),
        t,
        t);
    for (DType from : DType.values()) {
      for (DType to : DType.values()) {
        if (from != to) {
          add(
              "convert " + from + " to " + to,
              EXACT,
              List.of(t.withDType(from)),
              List.of(new Range(-9, 9)),
              (b, x) -> b.convert(to, x.get(0)));
        }
      }
    }
    add(
        "shared twice",
        EXACT,
        (b, x) -> {
          Value y = b.unary(UnaryFn.EXP, x.get(0));
          return b.add(
              b.reverse(List.of(1), y),
              b.multiply(y, b.broadcast(y.type().shape(), List.of(0), b.sum(List.of(1), y))));
        },
        f32(5, 9));
  }

  private void unary(UnaryFn fn) {
    Range range =
        switch (fn) {
          case LOG, SQRT, RSQRT -> new Range(0.1, 4);
          case LOG1P -> new Range(-0.9, 4);
          default -> new Range(-4, 4);
        };
    TensorType t = f32(3, 11);
    switch (fn) {
      case NOT -> {
        add("not bool", EXACT, (b, x) -> b.unary(fn, x.get(0)), t.withDType(DType.BOOL));
        add(
            "not i32",
            EXACT,
            List.of(t.withDType(DType.I32)),
            List.of(range),
            (b, x) -> b.unary(fn, x.get(0)));
      }
      default ->
          add(
              fn.toString(),
              EXACT * 4,
              List.of(t),
              List.of(range),
              (b, x) -> b.unary(fn, x.get(0)));
    }
    if (fn == UnaryFn.NEGATE || fn == UnaryFn.ABS || fn == UnaryFn.SIGN) {
      add(
          fn + " i32",
          EXACT,
          List.of(t.withDType(DType.I32)),
          List.of(range),
          (b, x) -> b.unary(fn, x.get(0)));
    }
  }

  private void binary(BinaryFn fn) {
    TensorType t = f32(3, 11);
    TensorType i = t.withDType(DType.I32);
    TensorType bool = t.withDType(DType.BOOL);
    Body body = (b, x) -> b.binary(fn, x.get(0), x.get(1));
    switch (fn) {
      case AND, OR, XOR -> {
        add(fn + " bool", EXACT, body, bool, bool);
        add(
            fn + " i32",
            EXACT,
            List.of(i, i),
            List.of(new Range(-99, 99), new Range(-99, 99)),
            body);
      }
      case SHIFT_LEFT, SHIFT_RIGHT_LOGICAL ->
          add(
              fn.toString(),
              EXACT,
              List.of(i, i),
              List.of(new Range(-99, 99), new Range(0, 40)),
              body);
      default -> {
        Range divisor = new Range(0.5, 4);
        add(fn.toString(), EXACT * 4, List.of(t, t), List.of(new Range(0.1, 4), divisor), body);
        if (fn != BinaryFn.POWER) {
          add(
              fn + " i32",
              EXACT,
              List.of(i, i),
              List.of(new Range(-99, 99), new Range(1, 9)),
              body);
        }
      }
    }
  }

  private void indices() {
    Shape batch12 = Shape.of(Dim.of(BATCH), Dim.of(12));
    add("reshape split", EXACT, (b, x) -> b.reshape(Shape.of(3, 4, 5), x.get(0)), f32(12, 5));
    add("reshape merge", EXACT, (b, x) -> b.reshape(Shape.of(7, 6), x.get(0)), f32(7, 2, 3));
    add(
        "reshape skew",
        EXACT,
        (b, x) -> b.unary(UnaryFn.EXP, b.reshape(Shape.of(6, 10), x.get(0))),
        f32(4, 15));
    add("reshape batch", EXACT, (b, x) -> b.reshape(batch12, x.get(0)), batched(3, 2, 2));
    add(
        "reshape batch away",
        EXACT,
        (b, x) -> b.reshape(new Shape(List.of(Dim.of(BATCH).times(12))), x.get(0)),
        batched(3, 4));
    add("transpose", EXACT, (b, x) -> b.transpose(List.of(2, 0, 1), x.get(0)), f32(3, 9, 5));
    add(
        "transpose twice",
        EXACT,
        (b, x) -> b.add(b.transpose(List.of(1, 0), x.get(0)), x.get(1)),
        f32(13, 9),
        f32(9, 13));
    add(
        "transpose reshape",
        EXACT,
        (b, x) ->
            b.reshape(Shape.of(Dim.of(BATCH), Dim.of(42)), b.transpose(List.of(0, 2, 1), x.get(0))),
        batched(6, 7));
    add(
        "broadcast rows",
        EXACT,
        (b, x) -> b.broadcast(Shape.of(5, 11), List.of(1), x.get(0)),
        f32(11));
    add(
        "broadcast columns",
        EXACT,
        (b, x) -> b.broadcast(Shape.of(5, 11), List.of(0), x.get(0)),
        f32(5));
    add(
        "broadcast stretch",
        EXACT,
        (b, x) -> b.broadcast(Shape.of(5, 3, 8), List.of(0, 2), x.get(0)),
        f32(5, 1));
    add("broadcast scalar", EXACT, (b, x) -> b.broadcastScalar(batch12, x.get(0)), f32());
    add(
        "slice",
        EXACT,
        (b, x) ->
            b.slice(List.of(1L, 2L), List.of(Dim.of(7), Dim.of(17)), List.of(2L, 3L), x.get(0)),
        f32(9, 19));
    add("reverse", EXACT, (b, x) -> b.reverse(List.of(0, 1), x.get(0)), f32(5, 9));
    add("reverse batch", EXACT, (b, x) -> b.reverse(List.of(0), x.get(0)), batched(9));
    add(
        "pad",
        EXACT,
        (b, x) -> b.pad(List.of(2L, 0L), List.of(1L, 3L), List.of(0L, 0L), 1.5, x.get(0)),
        f32(5, 9));
    add(
        "pad inside",
        EXACT,
        (b, x) -> b.pad(List.of(0L, 1L), List.of(2L, 0L), List.of(1L, 2L), 0, x.get(0)),
        f32(4, 7));
    add(
        "pad crop",
        EXACT,
        (b, x) -> b.pad(List.of(-1L, -2L), List.of(-2L, 3L), List.of(0L, 1L), 0, x.get(0)),
        f32(6, 9));
    add(
        "pad of pad",
        EXACT,
        (b, x) ->
            b.pad(
                List.of(1L),
                List.of(2L),
                List.of(1L),
                2,
                b.pad(List.of(3L), List.of(-1L), List.of(0L), 1, x.get(0))),
        f32(6));
    add(
        "pad empty",
        EXACT,
        (b, x) -> b.pad(List.of(1L), List.of(2L), List.of(1L), 2, x.get(0)),
        f32(0));
    add(
        "pad of exp",
        EXACT,
        (b, x) ->
            b.pad(
                List.of(0L, 0L, 1L),
                List.of(0L, 0L, 1L),
                List.of(0L, 0L, 0L),
                0,
                b.unary(UnaryFn.EXP, x.get(0))),
        batched(3, 6));
    add(
        "concatenate",
        EXACT,
        (b, x) -> b.concatenate(1, x),
        f32(3, 5),
        f32(3, 0),
        f32(3, 9),
        f32(3, 1));
    add(
        "concatenate batch",
        EXACT,
        (b, x) -> b.unary(UnaryFn.EXP, b.concatenate(0, List.of(x.get(0), b.negate(x.get(0))))),
        batched(3));
    add(
        "dense",
        EXACT,
        (b, x) -> b.add(x.get(0), b.dense(f32(2, 3), List.of(1.0, 2.0, 3.0, 4.0, 5.0, 6.0))),
        f32(2, 3));
    add("constant", EXACT, (b, x) -> b.constant(f32(3, 5), 2.5), f32(1));
    add("iota i32", EXACT, (b, x) -> b.iota(TensorType.of(DType.I32, 3, 9), 0), f32(1));
    Range bits = new Range(-1e6, 1e6);
    for (Shape s : List.of(Shape.of(9), Shape.of(3, 7), batch12)) {
      add(
          "random" + s,
          EXACT,
          List.of(TensorType.of(DType.I32, 2)),
          List.of(bits),
          (b, x) -> b.randomBits(s, x.get(0)));
    }
  }

  private void reductions() {
    record Over(TensorType type, List<Integer> axes) {}
    List<Over> overs =
        List.of(
            new Over(f32(9), List.of(0)),
            new Over(f32(0), List.of(0)),
            new Over(f32(3, 0), List.of(1)),
            new Over(f32(0, 3), List.of(1)),
            new Over(f32(1, 1), List.of(0)),
            new Over(f32(5, 17), List.of(1)),
            new Over(f32(5, 17), List.of(0)),
            new Over(f32(5, 17), List.of(0, 1)),
            new Over(f32(3, 4, 5), List.of(0, 2)),
            new Over(f32(3, 4, 5), List.of(1)),
            new Over(batched(6), List.of(0)),
            new Over(batched(6, 5), List.of(0, 2)),
            new Over(batched(3), List.of(0, 1)));
    for (ReduceFn fn :
        List.of(ReduceFn.ADD, ReduceFn.MULTIPLY, ReduceFn.MAXIMUM, ReduceFn.MINIMUM)) {
      for (Over o : overs) {
        add(
            "reduce " + fn + " " + o.type() + o.axes(),
            SUMS,
            (b, x) -> b.reduce(fn, o.axes(), x.get(0)),
            o.type());
      }
    }
    for (ReduceFn fn : List.of(ReduceFn.AND, ReduceFn.OR)) {
      add(
          "reduce bool " + fn,
          EXACT,
          (b, x) -> b.reduce(fn, List.of(1), x.get(0)),
          TensorType.of(DType.BOOL, 3, 11));
    }
    add(
        "reduce i32",
        EXACT,
        List.of(TensorType.of(DType.I32, 3, 11)),
        List.of(new Range(-99, 99)),
        (b, x) -> b.sum(List.of(1), x.get(0)));
    add(
        "reduce long rows",
        SUMS,
        (b, x) -> b.sum(List.of(0, 1), b.unary(UnaryFn.EXP, x.get(0))),
        f32(97, 131));
    add("reduce long columns", SUMS, (b, x) -> b.sum(List.of(0, 1), x.get(0)), f32(31, 97, 6));
    add(
        "mean and more",
        SUMS,
        (b, x) -> {
          Value mean = b.multiply(b.sum(List.of(1), x.get(0)), b.constant(f32(7), 1.0 / 19));
          return b.unary(
              UnaryFn.EXP, b.subtract(x.get(0), b.broadcast(Shape.of(7, 19), List.of(0), mean)));
        },
        f32(7, 19));
    add(
        "softmax",
        SUMS,
        (b, x) -> {
          Shape s = x.get(0).type().shape();
          Value max = b.reduce(ReduceFn.MAXIMUM, List.of(1), x.get(0));
          Value e = b.unary(UnaryFn.EXP, b.subtract(x.get(0), b.broadcast(s, List.of(0), max)));
          return b.divide(e, b.broadcast(s, List.of(0), b.sum(List.of(1), e)));
        },
        batched(10));
  }

  private void cumulativeSums() {
    record Along(TensorType type, int axis) {}
    List<Along> alongs =
        List.of(
            new Along(f32(0), 0),
            new Along(f32(1), 0),
            new Along(f32(67), 0),
            new Along(f32(3, 0), 0),
            new Along(f32(5, 17), 0),
            new Along(f32(5, 17), 1),
            new Along(f32(3, 4, 9), 1),
            new Along(batched(6), 0),
            new Along(batched(3, 5), 1));
    for (Along a : alongs) {
      add(
          "cumulative_sum " + a.type() + a.axis(),
          SUMS,
          (b, x) -> b.cumulativeSum(a.axis(), x.get(0)),
          a.type());
    }
    TensorType ints = TensorType.of(DType.I32, 3, 19);
    add("cumulative_sum i32", EXACT, (b, x) -> b.cumulativeSum(1, x.get(0)), ints);
    add(
        "cumulative_sum amid others",
        SUMS,
        (b, x) -> {
          Value sum =
              b.cumulativeSum(1, b.unary(UnaryFn.EXP, b.transpose(List.of(1, 0), x.get(0))));
          return b.multiply(b.unary(UnaryFn.LOG, sum), b.reverse(List.of(1), sum));
        },
        f32(9, 21));
  }

  private void dots() {
    for (long[] mnk :
        new long[][] {
          {1, 1, 1}, {5, 7, 3}, {6, 16, 8}, {7, 17, 9}, {13, 33, 31}, {3, 4, 0}, {0, 4, 3}
        }) {
      String name = mnk[0] + "x" + mnk[1] + "x" + mnk[2];
      add(
          "matmul " + name,
          SUMS,
          (b, x) -> b.dotGeneral(List.of(), List.of(), List.of(1), List.of(0), x.get(0), x.get(1)),
          f32(mnk[0], mnk[2]),
          f32(mnk[2], mnk[1]));
    }
    add(
        "dense layer",
        SUMS,
        (b, x) -> {
          Value y = b.dotGeneral(List.of(), List.of(), List.of(1), List.of(1), x.get(0), x.get(1));
          return b.unary(
              UnaryFn.TANH, b.add(y, b.broadcast(y.type().shape(), List.of(1), x.get(2))));
        },
        batched(19),
        f32(11, 19),
        f32(11));
    add(
        "dense gradient",
        SUMS,
        (b, x) -> b.dotGeneral(List.of(), List.of(), List.of(0), List.of(0), x.get(0), x.get(1)),
        batched(11),
        batched(19));
    add(
        "batched matmul",
        SUMS,
        (b, x) ->
            b.dotGeneral(List.of(0, 1), List.of(0, 1), List.of(3), List.of(2), x.get(0), x.get(1)),
        batched(2, 5, 3),
        batched(2, 3, 9));
    add(
        "matmul of heads",
        SUMS,
        (b, x) -> {
          Value heads =
              b.transpose(
                  List.of(0, 2, 1, 3),
                  b.reshape(Shape.of(Dim.of(BATCH), Dim.of(3), Dim.of(2), Dim.of(4)), x.get(0)));
          return b.dotGeneral(List.of(0, 1), List.of(0, 1), List.of(3), List.of(3), heads, heads);
        },
        batched(3, 8));
    add(
        "two contractions",
        SUMS,
        (b, x) ->
            b.dotGeneral(List.of(), List.of(), List.of(0, 2), List.of(1, 0), x.get(0), x.get(1)),
        f32(3, 5, 4),
        f32(4, 3, 7));
    add(
        "matrix times vector",
        SUMS,
        (b, x) -> b.dotGeneral(List.of(), List.of(), List.of(1), List.of(0), x.get(0), x.get(1)),
        f32(9, 17),
        f32(17));
    add(
        "outer product",
        SUMS,
        (b, x) -> b.dotGeneral(List.of(), List.of(), List.of(), List.of(), x.get(0), x.get(1)),
        f32(9),
        f32(17));
    add(
        "dot i32",
        EXACT,
        List.of(TensorType.of(DType.I32, 3, 5), TensorType.of(DType.I32, 5, 9)),
        List.of(new Range(-9, 9), new Range(-9, 9)),
        (b, x) -> b.dotGeneral(List.of(), List.of(), List.of(1), List.of(0), x.get(0), x.get(1)));
  }

  private void convolutions() {
    convolution("plain", 1, 0, 1, 1, 3, 5, 7, 8, 3);
    convolution("padded", 1, 1, 1, 1, 3, 5, 7, 8, 3);
    convolution("strided", 2, 1, 1, 1, 3, 5, 7, 9, 3);
    convolution("dilated", 1, 2, 2, 1, 2, 4, 9, 9, 3);
    convolution("grouped", 1, 1, 1, 2, 4, 6, 5, 5, 3);
    convolution("depthwise", 2, 1, 1, 6, 6, 6, 7, 7, 3);
    convolution("one by one", 1, 0, 1, 1, 6, 16, 5, 5, 1);
    convolution("5x5", 1, 0, 1, 1, 1, 6, 9, 9, 5);
    add(
        "convolution to the input",
        SUMS,
        (b, x) -> {
          ConvDims d = new ConvDims(0, 1, List.of(2, 3), 0, 1, List.of(2, 3), 0, 1, List.of(2, 3));
          Window w =
              Window.of(List.of(3L, 3L))
                  .withPadding(List.of(1L, 1L), List.of(2L, 2L))
                  .withBaseDilation(List.of(2L, 2L));
          return b.convolution(w, d, true, 1, 1, x.get(0), x.get(1));
        },
        batched(5, 4, 4),
        f32(5, 3, 3, 3));
    add(
        "convolution to the kernel",
        SUMS,
        (b, x) -> {
          ConvDims d = new ConvDims(1, 0, List.of(2, 3), 0, 1, List.of(2, 3), 1, 0, List.of(2, 3));
          Window w =
              Window.of(List.of(4L, 4L))
                  .withPadding(List.of(1L, 1L), List.of(0L, 0L))
                  .withWindowDilation(List.of(2L, 2L));
          return b.convolution(w, d, false, 1, 1, x.get(0), x.get(1));
        },
        batched(3, 8, 8),
        batched(5, 4, 4));
    add(
        "convolution batch groups",
        SUMS,
        (b, x) -> {
          Window w = Window.of(List.of(2L, 2L));
          return b.convolution(w, ConvDims.standard(2), false, 1, 2, x.get(0), x.get(1));
        },
        f32(4, 3, 5, 5),
        f32(6, 3, 2, 2));
    add(
        "convolution 1d",
        SUMS,
        (b, x) -> {
          Window w = Window.of(List.of(3L)).withPadding(List.of(2L), List.of(0L));
          return b.convolution(w, ConvDims.standard(1), false, 1, 1, x.get(0), x.get(1));
        },
        batched(3, 11),
        f32(4, 3, 3));
    add(
        "convolution, negative padding",
        SUMS,
        (b, x) -> {
          Window w = Window.of(List.of(3L, 3L)).withPadding(List.of(-1L, 1L), List.of(2L, -2L));
          return b.convolution(w, ConvDims.standard(2), false, 1, 1, x.get(0), x.get(1));
        },
        batched(2, 7, 7),
        f32(4, 2, 3, 3));
  }

  private void convolution(
      String name,
      long stride,
      long pad,
      long dilation,
      long groups,
      long c,
      long k,
      long h,
      long w,
      long size) {
    Window window =
        Window.of(List.of(size, size))
            .withStride(List.of(stride, stride))
            .withPadding(List.of(pad, pad), List.of(pad, pad))
            .withWindowDilation(List.of(dilation, dilation));
    add(
        "convolution " + name,
        SUMS,
        (b, x) -> {
          Value y =
              b.convolution(window, ConvDims.standard(2), false, groups, 1, x.get(0), x.get(1));
          return b.unary(
              UnaryFn.TANH, b.add(y, b.broadcast(y.type().shape(), List.of(1), x.get(2))));
        },
        batched(c, h, w),
        f32(k, c / groups, size, size),
        f32(k));
  }

  private void windows() {
    for (ReduceFn fn : List.of(ReduceFn.ADD, ReduceFn.MAXIMUM, ReduceFn.MINIMUM)) {
      pool(fn + " 2x2", fn, 2, 2, 0, 6);
      pool(fn + " 3x3 over", fn, 3, 2, 1, 7);
      pool(fn + " 5x5", fn, 5, 1, 2, 6);
    }
    add(
        "pool symbolic",
        SUMS,
        (b, x) -> b.reduceWindow(ReduceFn.ADD, Window.of(List.of(1L, 3L)), x.get(0)),
        batched(9));
    add(
        "pool dilated",
        SUMS,
        (b, x) ->
            b.reduceWindow(
                ReduceFn.ADD,
                Window.of(List.of(2L, 3L))
                    .withWindowDilation(List.of(2L, 2L))
                    .withBaseDilation(List.of(1L, 3L)),
                x.get(0)),
        f32(5, 6));
    add(
        "pool to the input",
        SUMS,
        (b, x) -> {
          List<Long> one = List.of(1L, 1L, 2L, 2L);
          Window w =
              Window.of(one)
                  .withBaseDilation(one)
                  .withPadding(List.of(0L, 0L, 1L, 1L), List.of(0L, 0L, 2L, 1L));
          return b.reduceWindow(ReduceFn.ADD, w, x.get(0));
        },
        batched(3, 4, 4));
    scatterMax("2x2", 2, 2, 0, 6);
    scatterMax("2x2 rest", 2, 2, 0, 7);
    scatterMax("3x3 over", 3, 2, 1, 7);
    scatterMax("2x2 gaps", 2, 3, 0, 8);
    scatterMax("cropped", 2, 2, -1, 8);
  }

  private static Window pooling(long size, long stride, long pad) {
    return Window.of(List.of(1L, 1L, size, size))
        .withStride(List.of(1L, 1L, stride, stride))
        .withPadding(List.of(0L, 0L, pad, pad), List.of(0L, 0L, pad, pad));
  }

  private void pool(String name, ReduceFn fn, long size, long stride, long pad, long n) {
    add(
        "pool " + name,
        SUMS,
        (b, x) -> b.reduceWindow(fn, pooling(size, stride, pad), b.unary(UnaryFn.EXP, x.get(0))),
        batched(3, n, n));
  }

  private void scatterMax(String name, long size, long stride, long pad, long n) {
    Window w = pooling(size, stride, pad);
    long out = w.outputSize(2, n);
    add(
        "select and scatter " + name,
        SUMS,
        (b, x) -> b.multiply(b.selectAndScatter(w, x.get(0), x.get(1)), x.get(0)),
        batched(3, n, n),
        batched(3, out, out));
    add(
        "select and scatter ties " + name,
        SUMS,
        (b, x) -> b.selectAndScatter(w, b.unary(UnaryFn.SIGN, x.get(0)), x.get(1)),
        batched(3, n, n),
        batched(3, out, out));
  }

  private void gathers() {
    TensorType i5 = TensorType.of(DType.I32, 5);
    TensorType i23 = TensorType.of(DType.I32, 2, 3);
    Range any = new Range(-2, 12);
    Range some = new Range(0, 4);
    add(
        "gather rows",
        EXACT,
        List.of(f32(9, 7), i5),
        List.of(UNIT, any),
        (b, x) -> b.gather(0, x.get(0), x.get(1)));
    add(
        "gather columns",
        EXACT,
        List.of(f32(9, 7), i23),
        List.of(UNIT, any),
        (b, x) -> b.gather(1, x.get(0), x.get(1)));
    add(
        "gather computed",
        EXACT,
        List.of(f32(9, 7), i5),
        List.of(UNIT, any),
        (b, x) -> b.gather(0, b.unary(UnaryFn.EXP, x.get(0)), x.get(1)));
    add(
        "gather scalar",
        EXACT,
        List.of(f32(9, 7), TensorType.scalar(DType.I32)),
        List.of(UNIT, some),
        (b, x) -> b.gather(0, x.get(0), x.get(1)));
    add(
        "scatter rows",
        SUMS,
        List.of(f32(9, 7), i5, f32(5, 7)),
        List.of(UNIT, any, UNIT),
        (b, x) -> b.scatterAdd(0, x.get(0), x.get(1), x.get(2)));
    add(
        "scatter repeated",
        SUMS,
        List.of(f32(9, 7), i23, f32(9, 2, 3)),
        List.of(UNIT, some, UNIT),
        (b, x) -> b.scatterAdd(1, x.get(0), x.get(1), x.get(2)));
    add(
        "scatter batch",
        SUMS,
        List.of(f32(9, 3), new TensorType(DType.I32, Shape.of(Dim.of(BATCH))), batched(3)),
        List.of(UNIT, some, UNIT),
        (b, x) -> b.scatterAdd(0, x.get(0), x.get(1), x.get(2)));
  }
}
