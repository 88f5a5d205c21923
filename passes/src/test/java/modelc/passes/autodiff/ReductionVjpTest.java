package modelc.passes.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReductionVjpTest {
  @ParameterizedTest
  @EnumSource(
      value = ReduceFn.class,
      names = {"AND", "OR"},
      mode = EnumSource.Mode.EXCLUDE)
  void everyReduction(ReduceFn fn) {
    for (List<Integer> axes :
        List.of(List.of(0), List.of(1), List.of(2), List.of(0, 2), List.of(0, 1, 2))) {
      GradientCheck.of((b, x) -> b.reduce(fn, axes, x.get(0)), new long[] {2, 1, 5}).check();
      GradientCheck.of((b, x) -> b.reduce(fn, axes, x.get(0)), new long[] {3, 4, 2}).check();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ReduceFn.class,
      names = {"AND", "OR"},
      mode = EnumSource.Mode.EXCLUDE)
  void reductionsOverTheBatchAndMore(ReduceFn fn) {
    var batch = new Symbol("batch", 5);
    var type = new TensorType(DType.F64, Shape.of(Dim.of(2), Dim.of(batch), Dim.of(3)));
    GradientCheck.of(List.of(type), (b, x) -> b.reduce(fn, List.of(0, 1), x.get(0)))
        .where(batch, 4)
        .check();
  }

  @Test
  void cumulativeSums() {
    for (int axis = 0; axis < 3; axis++) {
      int along = axis;
      GradientCheck.of((b, x) -> b.cumulativeSum(along, x.get(0)), new long[] {3, 1, 5}).check();
    }
    var batch = new Symbol("batch", 5);
    var type = new TensorType(DType.F64, Shape.of(Dim.of(batch), Dim.of(3)));
    GradientCheck.of(List.of(type), (b, x) -> b.cumulativeSum(0, x.get(0))).where(batch, 4).check();
  }

  @Test
  void productsWithZeros() {
    // No zero, one, two, three in a row of three.
    double[] x = {2, 3, 4, 2, 0, 4, 0, 3, 0, 0, 0, 0};
    GradientCheck.of((b, v) -> b.reduce(ReduceFn.MULTIPLY, List.of(1), v.get(0)), new long[] {4, 3})
        .check(List.of(new Tensor(DType.F64, new long[] {4, 3}, x)));
  }

  @Test
  void theFirstOfEqualElementsTakesTheGradient() {
    double[] x = {1, 5, 5, 5, 0, 5};
    for (ReduceFn fn : List.of(ReduceFn.MAXIMUM, ReduceFn.MINIMUM)) {
      double sign = fn == ReduceFn.MAXIMUM ? 1 : -1;
      double[] data = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        data[i] = sign * x[i];
      }
      assertThat(gradient(fn, List.of(0, 1), data)).containsExactly(0, 1, 0, 0, 0, 0);
      assertThat(gradient(fn, List.of(1), data)).containsExactly(0, 1, 0, 1, 0, 0);
      assertThat(gradient(fn, List.of(0), data)).containsExactly(0, 1, 1, 1, 0, 0);
    }
  }

  private static double[] gradient(ReduceFn fn, List<Integer> axes, double[] x) {
    var b = new Builder();
    Value p = b.parameter("x", TensorType.of(DType.F64, 2, 3));
    Value y = b.reduce(fn, axes, p);
    Value loss = y.type().rank() == 0 ? y : b.sum(List.of(0), y);
    Function f = new Function("f", List.of(p), List.of(b.gradient(loss, p)));
    Tensor argument = new Tensor(DType.F64, new long[] {2, 3}, x);
    return Interpreter.run(Autodiff.differentiate(f), List.of(argument)).getFirst().data();
  }

  @ParameterizedTest
  @EnumSource(
      value = ReduceFn.class,
      names = {"ADD", "MAXIMUM", "MINIMUM"})
  void windowsOfEveryKind(ReduceFn fn) {
    var random = new Random(7);
    int checked = 0;
    while (checked < 40) {
      var size = new ArrayList<Long>();
      var stride = new ArrayList<Long>();
      var low = new ArrayList<Long>();
      var high = new ArrayList<Long>();
      var base = new ArrayList<Long>();
      var dilation = new ArrayList<Long>();
      long[] shape = new long[3];
      boolean fits = true;
      for (int i = 0; i < 3; i++) {
        boolean trivial = i == random.nextInt(3);
        shape[i] = 1 + random.nextInt(5);
        size.add(trivial ? 1L : 1L + random.nextInt(3));
        stride.add(1L + random.nextInt(3));
        low.add(random.nextInt(4) - 1L);
        high.add(random.nextInt(4) - 1L);
        base.add(random.nextInt(3) == 0 ? 2L : 1L);
        dilation.add(random.nextInt(3) == 0 ? 2L : 1L);
      }
      var w = new Window(size, stride, low, high, base, dilation);
      for (int i = 0; i < 3; i++) {
        fits &= w.outputSize(i, shape[i]) > 0;
      }
      if (fits) {
        GradientCheck.of((b, x) -> masked(b, fn, w, x.get(0)), shape).seed(checked).check();
        checked++;
      }
    }
  }

  /**
   * Windows wholly in the padding give infinities, which no difference can see: they are masked.
   */
  private static Value masked(Builder b, ReduceFn fn, Window w, Value x) {
    Value y = b.reduceWindow(fn, w, x);
    Value finite = b.unary(modelc.ir.UnaryFn.IS_FINITE, y);
    return b.select(finite, y, b.constantLike(y, 0));
  }

  @Test
  void aProductOverAWindowIsRefusedWithAReason() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F64, 4));
    Value y = b.reduceWindow(ReduceFn.MULTIPLY, Window.of(List.of(2L)), x);
    Function f = new Function("f", List.of(x), List.of(b.gradient(b.sum(List.of(0), y), x)));
    assertThatThrownBy(() -> Autodiff.differentiate(f))
        .isInstanceOf(NotDifferentiableException.class)
        .hasMessageContaining("reduce_window");
  }
}
