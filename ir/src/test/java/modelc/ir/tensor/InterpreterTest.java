package modelc.ir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Scalars;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values computed by hand, op by op. */
class InterpreterTest {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double MIN = Integer.MIN_VALUE;
  private static final double MAX = Integer.MAX_VALUE;

  private final Builder b = new Builder();

  /** The value of an expression of constants. */
  private static Tensor value(Value v) {
    return Interpreter.run(new Function("f", List.of(), List.of(v)), List.of()).getFirst();
  }

  private Value dense(DType dtype, long[] shape, double... data) {
    return b.dense(TensorType.of(dtype, shape), boxed(data));
  }

  private static List<Double> boxed(double... data) {
    var list = new ArrayList<Double>();
    for (double d : data) {
      list.add(d);
    }
    return list;
  }

  private Value f32(double... data) {
    return dense(DType.F32, new long[] {data.length}, data);
  }

  private Value i32(double... data) {
    return dense(DType.I32, new long[] {data.length}, data);
  }

  private Value i64(double... data) {
    return dense(DType.I64, new long[] {data.length}, data);
  }

  private Value bool(double... data) {
    return dense(DType.BOOL, new long[] {data.length}, data);
  }

  /** 0, 1, 2 ... in a shape. */
  private Value count(DType dtype, long... shape) {
    double[] data = new double[Tensor.elements(shape)];
    for (int i = 0; i < data.length; i++) {
      data[i] = i;
    }
    return dense(dtype, shape, data);
  }

  private static long[] shape(long... sizes) {
    return sizes;
  }

  private static void assertValue(Value v, double... expected) {
    assertThat(value(v).data()).as("%s", v).containsExactly(expected);
  }

  private static void assertValue(Value v, long[] shape, double... expected) {
    assertThat(value(v)).isEqualTo(new Tensor(v.type().dtype(), shape, expected));
  }

  @Test
  void sources() {
    assertValue(b.constant(TensorType.of(DType.F32, 2, 2), 0.1), shape(2, 2), 0.1, 0.1, 0.1, 0.1);
    assertValue(b.constant(TensorType.of(DType.I32, 1), -0.0), 0.0);
    assertValue(b.constant(TensorType.of(DType.F32, 0, 5), 1), shape(0, 5));
    assertValue(dense(DType.BOOL, shape(2), 1, 0), shape(2), 1, 0);
    assertValue(b.iota(TensorType.of(DType.I32, 2, 3), 0), shape(2, 3), 0, 0, 0, 1, 1, 1);
    assertValue(b.iota(TensorType.of(DType.F32, 2, 3), 1), shape(2, 3), 0, 1, 2, 0, 1, 2);
  }

  @Test
  void randomBitsAreThreefrys() {
    Value bits = b.randomBits(Shape.of(2, 2), i32(0, 0));
    Tensor t = value(bits);
    assertThat(t.dtype()).isEqualTo(DType.I32);
    assertThat(t.data()[0]).isEqualTo(0x6b200159);
    assertThat(t.data()).doesNotHaveDuplicates();
    Tensor other = value(b.randomBits(Shape.of(4), i32(1, 0)));
    assertThat(other.data()).doesNotContain(t.data());
  }

  @Test
  void unaryOfFloats() {
    Value x = f32(-2.5, -0.0, 0, 0.5, INF, NAN);
    assertValue(b.negate(x), 2.5, 0.0, -0.0, -0.5, -INF, NAN);
    assertValue(b.unary(UnaryFn.ABS, x), 2.5, 0.0, 0.0, 0.5, INF, NAN);
    assertValue(b.unary(UnaryFn.SIGN, x), -1, -0.0, 0, 1, 1, NAN);
    assertValue(b.unary(UnaryFn.FLOOR, x), -3, -0.0, 0, 0, INF, NAN);
    assertValue(b.unary(UnaryFn.CEIL, x), -2, -0.0, 0, 1, INF, NAN);
    assertValue(b.unary(UnaryFn.ROUND_NEAREST_EVEN, x), -2, -0.0, 0, 0, INF, NAN);
    assertValue(b.unary(UnaryFn.IS_FINITE, x), 1, 1, 1, 1, 0, 0);
    Value y = f32(0.25, 0.75);
    for (UnaryFn fn :
        List.of(
            UnaryFn.EXP,
            UnaryFn.EXPM1,
            UnaryFn.LOG,
            UnaryFn.LOG1P,
            UnaryFn.SQRT,
            UnaryFn.RSQRT,
            UnaryFn.TANH,
            UnaryFn.LOGISTIC,
            UnaryFn.SINE,
            UnaryFn.COSINE)) {
      double[] expected = {reference(fn, 0.25), reference(fn, 0.75)};
      assertThat(value(b.unary(fn, y)).data())
          .as(fn.toString())
          .containsExactly(expected, offset(1e-15));
    }
    assertValue(b.unary(UnaryFn.LOGISTIC, f32(-1000, 1000, 0)), 0, 1, 0.5);
  }

  /** From the definitions, by other functions than the interpreter's where there are some. */
  private static double reference(UnaryFn fn, double x) {
    return switch (fn) {
      case EXP -> Math.pow(Math.E, x);
      case EXPM1 -> Math.pow(Math.E, x) - 1;
      case LOG -> Math.log10(x) / Math.log10(Math.E);
      case LOG1P -> Math.log(1 + x);
      case SQRT -> Math.pow(x, 0.5);
      case RSQRT -> Math.pow(x, -0.5);
      case TANH -> Math.sinh(x) / Math.cosh(x);
      case LOGISTIC -> 0.5 + 0.5 * Math.tanh(x / 2);
      case SINE -> Math.cos(Math.PI / 2 - x);
      case COSINE -> Math.sin(Math.PI / 2 - x);
      default -> throw new IllegalArgumentException(fn.toString());
    };
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-0.0, -0.0",
    "1e-300, 1.1283791670955126e-300",
    "1e-10, 1.1283791670955126e-10",
    "0.1, 0.1124629160182848922",
    "0.5, 0.5204998778130465377",
    "1, 0.8427007929497148693",
    "-1, -0.8427007929497148693",
    "1.5, 0.9661051464753107270",
    "2, 0.9953222650189527342",
    "2.5, 0.9995930479825550411",
    "3, 0.9999779095030014146",
    "5, 0.9999999999984625402",
    "30, 1",
    "-Infinity, -1",
    "NaN, NaN"
  })
  void erfToDoubleAccuracy(double x, double expected) {
    double actual = Scalars.erf(x);
    if (Double.isNaN(expected) || expected == 0) {
      assertThat(actual).isEqualTo(Double.valueOf(expected));
    } else {
      assertThat(Math.abs(actual / expected - 1)).isLessThan(4e-16);
    }
  }

  @Test
  void erfIsContinuousWhereItsMethodsMeet() {
    assertThat(Scalars.erf(2) - Scalars.erf(Math.nextDown(2.0))).isBetween(-3e-16, 3e-16);
    assertThat(Scalars.erf(Math.nextUp(6.0)) - Scalars.erf(6)).isBetween(-3e-16, 3e-16);
  }

  @Test
  void unaryOfIntegersWraps() {
    assertValue(b.negate(i32(5, MIN)), -5, MIN);
    assertValue(b.unary(UnaryFn.ABS, i32(-5, MIN)), 5, MIN);
    assertValue(b.unary(UnaryFn.SIGN, i32(-5, 0, 7)), -1, 0, 1);
    assertValue(b.unary(UnaryFn.NOT, i32(0, -1, 5)), -1, 0, -6);
    assertValue(b.unary(UnaryFn.NOT, bool(0, 1)), 1, 0);
    assertValue(b.unary(UnaryFn.NOT, i64(4)), -5);
  }

  @Test
  void binaryOfFloats() {
    Value x = f32(5.5, -5.5, 1, NAN, -0.0);
    Value y = f32(2, 2, 0, 1, 0.0);
    assertValue(b.add(x, y), 7.5, -3.5, 1, NAN, 0.0);
    assertValue(b.subtract(x, y), 3.5, -7.5, 1, NAN, -0.0);
    assertValue(b.multiply(x, y), 11, -11, 0, NAN, -0.0);
    assertValue(b.divide(x, y), 2.75, -2.75, INF, NAN, NAN);
    assertValue(b.binary(BinaryFn.REMAINDER, x, y), 1.5, -1.5, NAN, NAN, NAN);
    assertValue(b.binary(BinaryFn.MAXIMUM, x, y), 5.5, 2, 1, NAN, 0.0);
    assertValue(b.binary(BinaryFn.MINIMUM, x, y), 2, -5.5, 0, NAN, -0.0);
    assertValue(b.binary(BinaryFn.MAXIMUM, y, x), 5.5, 2, 1, NAN, 0.0);
    assertValue(
        b.binary(BinaryFn.POWER, f32(2, -8, 0, 1, -1, -2), f32(-1, 3, 0, NAN, INF, 0.5)),
        0.5,
        -512,
        1,
        1,
        1,
        NAN);
  }

  @Test
  void binaryOfIntegers() {
    Value x = i32(MAX, MIN, 7, -7, MIN, 7);
    Value y = i32(1, -1, 2, 2, -1, 0);
    assertValue(b.add(x, y), MIN, MAX, 9, -5, MAX, 7);
    assertValue(b.subtract(i32(MIN), i32(1)), MAX);
    assertValue(b.multiply(i32(65536, 123456789), i32(65536, 987654321)), 0, -67153019);
    assertValue(b.divide(x, y), MAX, MIN, 3, -3, MIN, -1);
    assertValue(b.binary(BinaryFn.REMAINDER, x, y), 0, 0, 1, -1, 0, 7);
    assertValue(b.binary(BinaryFn.MAXIMUM, x, y), MAX, -1, 7, 2, -1, 7);
    assertValue(b.binary(BinaryFn.MINIMUM, x, y), 1, MIN, 2, -7, MIN, 0);
    assertValue(
        b.binary(BinaryFn.POWER, i32(3, -2, 2, 1, -1, 2, 0, 0), i32(4, 3, 31, -5, -5, -1, 0, -1)),
        81,
        -8,
        MIN,
        1,
        -1,
        0,
        1,
        0);
    assertValue(b.binary(BinaryFn.AND, i32(12, -1), i32(10, 5)), 8, 5);
    assertValue(b.binary(BinaryFn.OR, i32(12, -1), i32(10, 5)), 14, -1);
    assertValue(b.binary(BinaryFn.XOR, i32(12, -1), i32(10, 5)), 6, -6);
    assertValue(b.binary(BinaryFn.XOR, bool(0, 0, 1, 1), bool(0, 1, 0, 1)), 0, 1, 1, 0);
    assertValue(b.binary(BinaryFn.AND, bool(0, 0, 1, 1), bool(0, 1, 0, 1)), 0, 0, 0, 1);
    assertValue(b.binary(BinaryFn.OR, bool(0, 0, 1, 1), bool(0, 1, 0, 1)), 0, 1, 1, 1);
    assertValue(
        b.binary(BinaryFn.SHIFT_LEFT, i32(1, 1, 1, 1, 3), i32(4, 31, 32, -1, 31)),
        16,
        MIN,
        0,
        0,
        MIN);
    assertValue(
        b.binary(BinaryFn.SHIFT_RIGHT_LOGICAL, i32(-1, -1, -1, 16), i32(31, 32, -1, 2)),
        1,
        0,
        0,
        4);
  }

  @Test
  void sixtyFourBitIntegersAreExactOrRefused() {
    assertValue(b.add(i64(0x1p52), i64(1)), 0x1p52 + 1);
    assertValue(b.multiply(i64(0x1p40), i64(0x1p20)), 0x1p60);
    assertValue(b.binary(BinaryFn.SHIFT_RIGHT_LOGICAL, i64(-1, -1), i64(60, 64)), 15, 0);
    assertValue(b.binary(BinaryFn.SHIFT_LEFT, i64(1), i64(63)), -0x1p63);
    Value tooFine = b.add(i64(0x1p60), i64(1));
    assertThatThrownBy(() -> value(tooFine))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("1152921504606846977");
  }

  @Test
  void comparisons() {
    Value x = f32(1, 2, 2, NAN, -0.0);
    Value y = f32(2, 2, 1, NAN, 0.0);
    assertValue(b.compare(CompareFn.EQ, x, y), 0, 1, 0, 0, 1);
    assertValue(b.compare(CompareFn.NE, x, y), 1, 0, 1, 1, 0);
    assertValue(b.compare(CompareFn.LT, x, y), 1, 0, 0, 0, 0);
    assertValue(b.compare(CompareFn.LE, x, y), 1, 1, 0, 0, 1);
    assertValue(b.compare(CompareFn.GT, x, y), 0, 0, 1, 0, 0);
    assertValue(b.compare(CompareFn.GE, x, y), 0, 1, 1, 0, 1);
    assertValue(b.select(bool(1, 0), f32(1, NAN), f32(NAN, 2)), 1, 2);
    assertValue(b.compare(CompareFn.LT, bool(0, 1), bool(1, 1)), 1, 0);
  }

  @Test
  void conversions() {
    Value x = f32(1.9, -1.9, NAN, INF, -INF, 3e9, 0.2);
    assertValue(b.convert(DType.I32, x), 1, -1, 0, MAX, MIN, MAX, 0);
    assertValue(b.convert(DType.I64, x), 1, -1, 0, 0x1p63, -0x1p63, 3e9, 0);
    assertValue(b.convert(DType.BOOL, x), 1, 1, 1, 1, 1, 1, 1);
    assertValue(b.convert(DType.BOOL, f32(0, -0.0)), 0, 0);
    assertValue(b.convert(DType.I32, i64(0x1p32 + 5, -1)), 5, -1);
    assertValue(b.convert(DType.F32, i32(MAX)), MAX);
    assertValue(b.convert(DType.F32, bool(1, 0)), 1, 0);
    assertThat(value(b.convert(DType.F64, x)).dtype()).isEqualTo(DType.F64);
  }

  @Test
  void movement() {
    Value x = count(DType.F32, 2, 3);
    assertValue(b.reshape(Shape.of(3, 1, 2), x), shape(3, 1, 2), 0, 1, 2, 3, 4, 5);
    assertValue(b.transpose(List.of(1, 0), x), shape(3, 2), 0, 3, 1, 4, 2, 5);
    Value y = count(DType.F32, 2, 1, 3);
    assertValue(b.transpose(List.of(2, 0, 1), y), shape(3, 2, 1), 0, 3, 1, 4, 2, 5);
    assertValue(
        b.broadcast(Shape.of(2, 2, 3), List.of(1, 2), x),
        shape(2, 2, 3),
        0,
        1,
        2,
        3,
        4,
        5,
        0,
        1,
        2,
        3,
        4,
        5);
    assertValue(
        b.broadcast(Shape.of(2, 2, 3), List.of(0, 1, 2), y),
        shape(2, 2, 3),
        0,
        1,
        2,
        0,
        1,
        2,
        3,
        4,
        5,
        3,
        4,
        5);
    assertValue(b.broadcastScalar(Shape.of(2), b.constant(TensorType.scalar(DType.F32), 7)), 7, 7);
    assertValue(
        b.broadcastScalar(Shape.of(2, 0), b.constant(TensorType.scalar(DType.F32), 7)),
        shape(2, 0));
    assertValue(b.reverse(List.of(1), x), shape(2, 3), 2, 1, 0, 5, 4, 3);
    assertValue(b.reverse(List.of(1, 0), x), shape(2, 3), 5, 4, 3, 2, 1, 0);
    assertValue(b.cumulativeSum(1, x), shape(2, 3), 0, 1, 3, 3, 7, 12);
    assertValue(b.cumulativeSum(0, x), shape(2, 3), 0, 1, 2, 3, 5, 7);
    assertValue(
        b.slice(List.of(0L, 1L), List.of(Dim.of(2), Dim.of(3)), List.of(1L, 1L), x),
        shape(2, 2),
        1,
        2,
        4,
        5);
    assertValue(
        b.slice(List.of(1L, 0L), List.of(Dim.of(2), Dim.of(3)), List.of(3L, 2L), x),
        shape(1, 2),
        3,
        5);
    assertValue(
        b.slice(List.of(1L, 3L), List.of(Dim.of(1), Dim.of(3)), List.of(1L, 1L), x), shape(0, 0));
    assertValue(b.stopGradient(x), 0, 1, 2, 3, 4, 5);
  }

  @Test
  void padding() {
    Value x = f32(1, 2, 3);
    assertValue(b.pad(List.of(1L), List.of(2L), List.of(0L), 9, x), 9, 1, 2, 3, 9, 9);
    assertValue(b.pad(List.of(0L), List.of(0L), List.of(2L), 9, x), 1, 9, 9, 2, 9, 9, 3);
    assertValue(b.pad(List.of(-1L), List.of(1L), List.of(0L), 9, x), 2, 3, 9);
    assertValue(b.pad(List.of(-1L), List.of(-2L), List.of(1L), 9, x), 9, 2);
    assertValue(b.pad(List.of(-3L), List.of(0L), List.of(0L), 9, x));
    assertValue(b.pad(List.of(2L), List.of(0L), List.of(5L), 9, dense(DType.F32, shape(0))), 9, 9);
    assertValue(
        b.pad(List.of(0L, 1L), List.of(1L, 0L), List.of(0L, 1L), -1, count(DType.I32, 1, 2)),
        shape(2, 4),
        -1,
        0,
        -1,
        1,
        -1,
        -1,
        -1,
        -1);
  }

  @Test
  void concatenation() {
    Value x = count(DType.F32, 2, 1);
    Value y = count(DType.F32, 2, 2);
    assertValue(b.concatenate(1, List.of(x, y, x)), shape(2, 4), 0, 0, 1, 0, 1, 2, 3, 1);
    assertValue(
        b.concatenate(0, List.of(y, dense(DType.F32, shape(0, 2)), y)),
        shape(4, 2),
        0,
        1,
        2,
        3,
        0,
        1,
        2,
        3);
  }

  @Test
  void gatherClamps() {
    Value x = count(DType.F32, 3, 2);
    assertValue(b.gather(0, x, i32(2, 0, -5, 9)), shape(4, 2), 4, 5, 0, 1, 0, 1, 4, 5);
    assertValue(b.gather(1, x, b.constant(TensorType.scalar(DType.I32), 1)), shape(3), 1, 3, 5);
    assertValue(
        b.gather(1, x, dense(DType.I32, shape(1, 2), 1, 0)), shape(3, 1, 2), 1, 0, 3, 2, 5, 4);
    assertValue(b.gather(0, x, dense(DType.I32, shape(0))), shape(0, 2));
  }

  @Test
  void scatterAddsAndDrops() {
    Value x = count(DType.F32, 3, 2);
    Value updates = count(DType.F32, 4, 2);
    assertValue(b.scatterAdd(0, x, i32(2, 0, 2, 3), updates), shape(3, 2), 2, 4, 2, 3, 8, 11);
    assertValue(b.scatterAdd(0, x, i32(-1, -1, 7, -1), updates), shape(3, 2), 0, 1, 2, 3, 4, 5);
    Value scalar = b.constant(TensorType.scalar(DType.I32), 1);
    assertValue(b.scatterAdd(1, x, scalar, f32(10, 20, 30)), shape(3, 2), 0, 11, 2, 23, 4, 35);
    assertValue(b.scatterAdd(0, i32(MAX), i32(0), i32(1)), MIN);
  }

  @Test
  void reductions() {
    Value x = count(DType.F32, 2, 3);
    assertValue(b.sum(List.of(1), x), shape(2), 3, 12);
    assertValue(b.sum(List.of(0), x), shape(3), 3, 5, 7);
    assertValue(b.sum(List.of(0, 1), x), shape(), 15);
    assertValue(b.reduce(ReduceFn.MULTIPLY, List.of(1), x), shape(2), 0, 60);
    assertValue(b.reduce(ReduceFn.MAXIMUM, List.of(0), x), shape(3), 3, 4, 5);
    assertValue(b.reduce(ReduceFn.MINIMUM, List.of(1), x), shape(2), 0, 3);
    assertValue(b.reduce(ReduceFn.MAXIMUM, List.of(0), f32(1, NAN, 3)), shape(), NAN);
    assertValue(b.reduce(ReduceFn.AND, List.of(0), bool(1, 0)), shape(), 0);
    assertValue(b.reduce(ReduceFn.OR, List.of(0), bool(1, 0)), shape(), 1);
    assertValue(b.reduce(ReduceFn.AND, List.of(0), i32(6, 3)), shape(), 2);
    assertValue(b.sum(List.of(0), i32(MAX, 1)), shape(), MIN);
    Value nothing = dense(DType.F32, shape(0, 2));
    assertValue(b.sum(List.of(0), nothing), shape(2), 0, 0);
    assertValue(b.sum(List.of(1), nothing), shape(0));
    assertValue(b.reduce(ReduceFn.MULTIPLY, List.of(0), nothing), shape(2), 1, 1);
    assertValue(b.reduce(ReduceFn.MAXIMUM, List.of(0), nothing), shape(2), -INF, -INF);
    assertValue(b.reduce(ReduceFn.MINIMUM, List.of(0), nothing), shape(2), INF, INF);
    assertValue(b.reduce(ReduceFn.MAXIMUM, List.of(0), i32()), shape(), MIN);
    assertValue(b.reduce(ReduceFn.MINIMUM, List.of(0), i32()), shape(), MAX);
    assertValue(b.reduce(ReduceFn.MINIMUM, List.of(0), i64()), shape(), 0x1p63);
    assertValue(b.reduce(ReduceFn.AND, List.of(0), bool()), shape(), 1);
    assertValue(b.reduce(ReduceFn.AND, List.of(0), i32()), shape(), -1);
  }

  @Test
  void dotProducts() {
    Value x = count(DType.F32, 2, 3);
    Value y = count(DType.F32, 3, 2);
    assertValue(
        b.dotGeneral(List.of(), List.of(), List.of(1), List.of(0), x, y),
        shape(2, 2),
        10,
        13,
        28,
        40);
    assertValue(
        b.dotGeneral(List.of(), List.of(), List.of(0), List.of(0), x, x),
        shape(3, 3),
        9,
        12,
        15,
        12,
        17,
        22,
        15,
        22,
        29);
    assertValue(
        b.dotGeneral(List.of(0), List.of(0), List.of(1), List.of(1), x, x), shape(2), 5, 50);
    assertValue(
        b.dotGeneral(List.of(1), List.of(0), List.of(), List.of(), x, y),
        shape(3, 2, 2),
        0,
        0,
        0,
        3,
        2,
        3,
        8,
        12,
        8,
        10,
        20,
        25);
    assertValue(
        b.dotGeneral(List.of(), List.of(), List.of(0, 1), List.of(1, 0), x, y),
        shape(),
        0 + 2 + 8 + 3 + 12 + 25);
    assertValue(
        b.dotGeneral(
            List.of(),
            List.of(),
            List.of(1),
            List.of(0),
            dense(DType.F32, shape(2, 0)),
            dense(DType.F32, shape(0, 1))),
        shape(2, 1),
        0,
        0);
    assertValue(
        b.dotGeneral(List.of(), List.of(), List.of(0), List.of(0), i32(65536, 2), i32(65536, 3)),
        shape(),
        6);
  }

  private static Window window(
      long size, long stride, long low, long high, long base, long dilation) {
    return new Window(
        List.of(size),
        List.of(stride),
        List.of(low),
        List.of(high),
        List.of(base),
        List.of(dilation));
  }

  @Test
  void convolutionsOfOneAxis() {
    Value x = dense(DType.F32, shape(1, 1, 4), 1, 2, 3, 4);
    Value k = dense(DType.F32, shape(1, 1, 2), 10, 1);
    ConvDims dims = ConvDims.standard(1);
    assertValue(
        b.convolution(window(2, 1, 0, 0, 1, 1), dims, false, 1, 1, x, k),
        shape(1, 1, 3),
        12,
        23,
        34);
    assertValue(
        b.convolution(window(2, 1, 0, 0, 1, 1), dims, true, 1, 1, x, k),
        shape(1, 1, 3),
        21,
        32,
        43);
    assertValue(
        b.convolution(window(2, 2, 1, 0, 1, 1), dims, false, 1, 1, x, k), shape(1, 1, 2), 1, 23);
    assertValue(
        b.convolution(window(2, 1, 0, 0, 1, 2), dims, false, 1, 1, x, k), shape(1, 1, 2), 13, 24);
    assertValue(
        b.convolution(window(2, 1, 0, 0, 2, 1), dims, false, 1, 1, x, k),
        shape(1, 1, 6),
        10,
        2,
        20,
        3,
        30,
        4);
    assertValue(
        b.convolution(window(2, 1, -1, 1, 1, 1), dims, false, 1, 1, x, k),
        shape(1, 1, 3),
        23,
        34,
        40);
    assertValue(b.convolution(window(2, 1, -3, 0, 1, 1), dims, false, 1, 1, x, k), shape(1, 1, 0));
    assertValue(
        b.convolution(window(2, 1, -1, -1, 2, 1), dims, true, 1, 1, x, k),
        shape(1, 1, 4),
        20,
        2 + 0,
        30,
        3);
  }

  @Test
  void convolutionFeatures() {
    // Two samples, two features, no spatial axis: a matrix product.
    Value x = dense(DType.F32, shape(2, 2), 1, 2, 3, 4);
    Value k = dense(DType.F32, shape(3, 2), 1, 0, 0, 1, 1, 1);
    Window none = Window.of(List.of());
    assertValue(
        b.convolution(none, ConvDims.standard(0), false, 1, 1, x, k),
        shape(2, 3),
        1,
        2,
        3,
        3,
        4,
        7);
    // Feature groups: outputs 0, 1 see input 0, outputs 2, 3 input 1.
    Value grouped = dense(DType.F32, shape(4, 1), 1, 10, 100, 1000);
    assertValue(
        b.convolution(none, ConvDims.standard(0), false, 2, 1, x, grouped),
        shape(2, 4),
        1,
        10,
        200,
        2000,
        3,
        30,
        400,
        4000);
    // Batch groups: outputs of the first group see sample 0, those of the second sample 1.
    Value byBatch = dense(DType.F32, shape(4, 2), 1, 0, 0, 1, 1, 0, 0, 1);
    assertValue(
        b.convolution(none, ConvDims.standard(0), false, 1, 2, x, byBatch),
        shape(1, 4),
        1,
        2,
        3,
        4);
  }

  @Test
  void convolutionOfTwoAxesInAnyLayout() {
    Value x = count(DType.F32, 1, 1, 3, 3);
    Value k = dense(DType.F32, shape(1, 1, 2, 2), 1, 2, 3, 4);
    Window w = Window.of(List.of(2L, 2L));
    double[] expected = {0 + 2 + 9 + 16, 1 + 4 + 12 + 20, 3 + 8 + 18 + 28, 4 + 10 + 21 + 32};
    assertValue(
        b.convolution(w, ConvDims.standard(2), false, 1, 1, x, k), shape(1, 1, 2, 2), expected);
    // Channels last, kernel [spatial..., in, out], the output's spatial axes swapped.
    ConvDims dims = new ConvDims(0, 3, List.of(1, 2), 2, 3, List.of(0, 1), 2, 3, List.of(1, 0));
    Value xl = b.reshape(Shape.of(1, 3, 3, 1), x);
    Value kl = b.reshape(Shape.of(2, 2, 1, 1), k);
    assertValue(
        b.convolution(w, dims, false, 1, 1, xl, kl),
        shape(2, 2, 1, 1),
        expected[0],
        expected[2],
        expected[1],
        expected[3]);
  }

  @Test
  void reduceWindows() {
    Value x = f32(1, 5, 2, 4, 3);
    assertValue(b.reduceWindow(ReduceFn.MAXIMUM, window(2, 2, 0, 0, 1, 1), x), 5, 4);
    assertValue(b.reduceWindow(ReduceFn.MAXIMUM, window(3, 1, 1, 1, 1, 1), f32(-1, -5)), -1, -1);
    assertValue(b.reduceWindow(ReduceFn.ADD, window(2, 1, 0, 0, 1, 2), x), 3, 9, 5);
    assertValue(
        b.reduceWindow(ReduceFn.MULTIPLY, window(2, 1, 0, 0, 2, 1), x), 1, 5, 5, 2, 2, 4, 4, 3);
    assertValue(b.reduceWindow(ReduceFn.MINIMUM, window(1, 1, 1, 0, 1, 1), i32(7)), MAX, 7);
    assertValue(b.reduceWindow(ReduceFn.ADD, window(9, 1, 0, 0, 1, 1), x));
    assertValue(
        b.reduceWindow(ReduceFn.ADD, Window.of(List.of(1L, 2L)), count(DType.F32, 2, 3)),
        shape(2, 2),
        1,
        3,
        7,
        9);
    assertValue(b.reduceWindow(ReduceFn.OR, Window.of(List.of(2L)), bool(0, 0, 1)), 0, 1);
  }

  @Test
  void selectAndScatterTakesTheFirstGreatest() {
    Value x = f32(1, 5, 5, 4, 3);
    Window w = window(3, 1, 0, 0, 1, 1);
    assertValue(b.selectAndScatter(w, x, f32(10, 20, 40)), 0, 30, 40, 0, 0);
    Window padded = window(2, 2, 1, 0, 1, 1);
    assertValue(b.selectAndScatter(padded, f32(-1, -2, -3), f32(10, 20)), 10, 20, 0);
    assertValue(b.selectAndScatter(w, f32(1, NAN, 9), f32(10)), 0, 10, 0);
    assertValue(b.selectAndScatter(window(1, 1, 1, 0, 1, 1), f32(3), f32(10, 20)), 20);
    assertValue(b.selectAndScatter(w, f32(1, 2), dense(DType.F32, shape(0))), 0, 0);
  }

  @Test
  void callsRunTheirBodies() {
    Function f =
        Parser.parseFunction(
            """
            callable @square {
              body square {
                argument %x: f32[2]
                %0: f32[2] = multiply(%x, %x)
                result %0
              }
            }
            callable @fourth {
              body fourth {
                argument %x: f32[2]
                %0: f32[2] = call(%x) @square
                %1: f32[2] = call(%0) @square
                result %1
              }
            }
            function main {
              argument %x: f32[2]
              %0: f32[2] = call(%x) @fourth
              %1: f32[2] = add(%0, %x)
              result %1
              result %x
            }
            """);
    Tensor x = Tensor.vector(DType.F32, 2, 3);
    assertThat(Interpreter.run(f, List.of(x))).containsExactly(Tensor.vector(DType.F32, 18, 84), x);
  }

  @Test
  void deeplyNestedCallsNeedNoStack() {
    TensorType type = TensorType.scalar(DType.F32);
    Callable callee = null;
    for (int i = 0; i < 20_000; i++) {
      var body = new Builder();
      Value x = body.parameter("x", type);
      Value y =
          body.add(callee == null ? x : body.call(callee, List.of(x)), body.constantLike(x, 1));
      callee = new Callable("f", new Function("f", List.of(x), List.of(y)), null, null);
    }
    Value v = b.call(callee, List.of(b.constant(type, 0)));
    assertValue(v, 20_000);
  }

  @Test
  void symbolsHaveTheirRunTimeValues() {
    Value x =
        b.parameter(
            "x",
            new TensorType(DType.F32, Shape.of(Dim.of(RandomGraph.BATCH).times(2), Dim.of(3))));
    Value mean = b.broadcast(x.type().shape(), List.of(0), b.sum(List.of(1), x));
    Function f = new Function("f", List.of(x), List.of(b.iota(x.type(), 0), mean));
    Tensor t = Tensor.random(DType.F32, shape(6, 3), 1);
    List<Tensor> results = Interpreter.run(f, List.of(t), Map.of(RandomGraph.BATCH, 3L));
    assertThat(results.getFirst().data()).startsWith(0, 0, 0, 1).endsWith(4, 5, 5, 5);
    assertThat(Interpreter.run(f, List.of(t))).isEqualTo(results);
    assertThat(Interpreter.run(f, List.of(Tensor.random(DType.F32, shape(0, 3), 1))).get(1).data())
        .isEmpty();
    assertThatThrownBy(() -> Interpreter.run(f, List.of(t), Map.of()))
        .hasMessage("symbol batch is null, not between 0 and 5");
    assertThatThrownBy(() -> Interpreter.run(f, List.of(t), Map.of(RandomGraph.BATCH, 6L)))
        .hasMessageContaining("is 6");
    assertThatThrownBy(() -> Interpreter.run(f, List.of(t), Map.of(RandomGraph.BATCH, 2L)))
        .hasMessage("argument 0 of f is f32[6,3], not f32[2*batch,3]");
    assertThatThrownBy(() -> Interpreter.run(f, List.of(), Map.of()))
        .hasMessage("f has 1 parameters, not 0");
  }

  @Test
  void anEmptySymbolicAxisGivesNothingToGather() {
    Value x = b.parameter("x", new TensorType(DType.F32, Shape.of(Dim.of(RandomGraph.BATCH))));
    Function f = new Function("f", List.of(x), List.of(b.gather(0, x, i32(0))));
    assertThatThrownBy(() -> Interpreter.run(f, List.of(Tensor.vector(DType.F32))))
        .hasMessageContaining("empty");
  }

  @Test
  void gradientsAreRefused() {
    Value x = b.constant(TensorType.scalar(DType.F32), 1);
    assertThatThrownBy(() -> value(b.gradient(x, x)))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("autodiff");
  }

  @Test
  void strayParametersAreRefused() {
    Value x = b.parameter("x", TensorType.scalar(DType.F32));
    assertThatThrownBy(() -> value(b.negate(x))).hasMessage("x is no parameter of the function");
  }

  @Test
  void randomTensorsAreReproducibleAndExactInFloat() {
    TensorType type = TensorType.of(DType.F32, 3, 4);
    Tensor t = Tensor.random(type, 5);
    assertThat(t).isEqualTo(Tensor.random(type, 5)).isNotEqualTo(Tensor.random(type, 6));
    assertThat(DoubleStream.of(t.data())).allMatch(d -> d == d.floatValue() && d >= -1 && d < 1);
    assertThat(Tensor.random(TensorType.of(DType.BOOL, 50), 1).data())
        .contains(0, 1)
        .doesNotContain(2);
  }

  @Test
  void randomGraphsHaveTheirStatedShapes() {
    for (int seed = 0; seed < 40; seed++) {
      Function f = RandomGraph.function(seed, 40, false);
      var arguments = new ArrayList<Tensor>();
      for (Value p : f.parameters()) {
        arguments.add(Tensor.random(p.type().dtype(), p.type().shape().evaluate(_ -> 2), seed));
      }
      List<Tensor> results = Interpreter.run(f, arguments);
      for (int i = 0; i < results.size(); i++) {
        TensorType type = f.results().get(i).type();
        assertThat(results.get(i).dtype()).isEqualTo(type.dtype());
        assertThat(results.get(i).shape()).isEqualTo(type.shape().evaluate(_ -> 2));
        if (!type.dtype().isFloat()) {
          assertThat(DoubleStream.of(results.get(i).data()))
              .allMatch(d -> TypeRules.fits(type.dtype(), d));
        }
      }
    }
  }
}
