package modelc.passes.autodiff;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ElementwiseVjpTest {
  private static final long[] SHAPE = {2, 7};

  @ParameterizedTest
  @EnumSource(
      value = UnaryFn.class,
      names = {"IS_FINITE", "NOT"},
      mode = EnumSource.Mode.EXCLUDE)
  void everyUnaryFunction(UnaryFn fn) {
    boolean positive = fn == UnaryFn.LOG || fn == UnaryFn.SQRT || fn == UnaryFn.RSQRT;
    GradientCheck.of((b, x) -> b.unary(fn, x.get(0)), SHAPE).in(positive ? 0.2 : -0.9, 3).check();
  }

  @ParameterizedTest
  @EnumSource(
      value = BinaryFn.class,
      names = {"AND", "OR", "XOR", "SHIFT_LEFT", "SHIFT_RIGHT_LOGICAL"},
      mode = EnumSource.Mode.EXCLUDE)
  void everyBinaryFunction(BinaryFn fn) {
    GradientCheck.of((b, x) -> b.binary(fn, x.get(0), x.get(1)), SHAPE, SHAPE).in(0.3, 3).check();
  }

  @Test
  void divisionAndRemainderOfNegativeNumbers() {
    for (BinaryFn fn : List.of(BinaryFn.DIVIDE, BinaryFn.REMAINDER)) {
      GradientCheck.of(
              (b, x) -> b.binary(fn, b.multiply(x.get(0), b.constantLike(x.get(0), -9)), x.get(1)),
              SHAPE,
              SHAPE)
          .in(0.4, 2)
          .check();
      GradientCheck.of((b, x) -> b.binary(fn, x.get(0), x.get(1)), SHAPE, SHAPE)
          .in(-3, -0.5)
          .check();
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, 2, 3, 0.5, -1, -2, 2.5})
  void powersWithAConstantExponent(double exponent) {
    GradientCheck.of(
            (b, x) -> b.binary(BinaryFn.POWER, x.get(0), b.constantLike(x.get(0), exponent)), SHAPE)
        .in(0.3, 2)
        .check();
  }

  @Test
  void powersOfNegativeNumbersAndOfZero() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F64, 3));
    for (double exponent : new double[] {0, 1, 2, 3}) {
      Value y = b.binary(BinaryFn.POWER, x, b.constantLike(x, exponent));
      Function f = new Function("f", List.of(x), List.of(b.gradient(b.sum(List.of(0), y), x)));
      double[] dx =
          Interpreter.run(Autodiff.differentiate(f), List.of(Tensor.vector(DType.F64, -2, 0, 1.5)))
              .getFirst()
              .data();
      for (int i = 0; i < 3; i++) {
        double v = new double[] {-2, 0, 1.5}[i];
        double slope = exponent == 0 ? 0 : exponent * Math.pow(v, exponent - 1);
        assertThat(dx[i]).isEqualTo(slope);
      }
    }
  }

  @Test
  void selectGivesEachSideItsOwn() {
    GradientCheck.of(
            (b, x) -> b.select(b.compare(CompareFn.LT, x.get(0), x.get(1)), x.get(1), x.get(2)),
            SHAPE,
            SHAPE,
            SHAPE)
        .check();
  }

  @Test
  void conversionsBetweenFloatsPassGradientsThoseToIntegersDoNot() {
    GradientCheck.of((b, x) -> b.convert(DType.F64, b.convert(DType.F32, x.get(0))), SHAPE).check();
    GradientCheck.of((b, x) -> b.convert(DType.F64, b.convert(DType.I32, x.get(0))), SHAPE)
        .in(3.1, 3.9)
        .check();
  }

  @Test
  void theFirstOfEqualOperandsTakesTheGradient() {
    for (BinaryFn fn : List.of(BinaryFn.MAXIMUM, BinaryFn.MINIMUM)) {
      var b = new Builder();
      Value x = b.parameter("x", TensorType.scalar(DType.F64));
      Value y = b.parameter("y", TensorType.scalar(DType.F64));
      Value z = b.binary(fn, x, y);
      Function f = new Function("f", List.of(x, y), List.of(b.gradient(z, x), b.gradient(z, y)));
      Tensor one = Tensor.scalar(DType.F64, 1);
      List<Tensor> g = Interpreter.run(Autodiff.differentiate(f), List.of(one, one));
      assertThat(g.get(0).data()).containsExactly(1);
      assertThat(g.get(1).data()).containsExactly(0);
    }
  }

  @Test
  void aMaskedSquareRootOfZeroGivesNoNaN() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F64, 2));
    Value zero = b.constantLike(x, 0);
    Value y = b.select(b.compare(CompareFn.GT, x, zero), b.unary(UnaryFn.SQRT, x), zero);
    Function f = new Function("f", List.of(x), List.of(b.gradient(b.sum(List.of(0), y), x)));
    List<Tensor> g =
        Interpreter.run(Autodiff.differentiate(f), List.of(Tensor.vector(DType.F64, 0, 4)));
    assertThat(g.getFirst().data()).containsExactly(0, 0.25);
  }
}
