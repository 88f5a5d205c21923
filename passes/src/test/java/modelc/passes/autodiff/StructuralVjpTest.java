package modelc.passes.autodiff;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;
import org.junit.jupiter.api.Test;

class StructuralVjpTest {
  private static final Symbol BATCH = new Symbol("batch", 5);

  @Test
  void reshapeAndTranspose() {
    GradientCheck.of((b, x) -> b.reshape(Shape.of(5, 1, 6), x.get(0)), new long[] {2, 3, 5})
        .check();
    GradientCheck.of((b, x) -> b.transpose(List.of(2, 0, 3, 1), x.get(0)), new long[] {2, 3, 1, 5})
        .check();
  }

  @Test
  void broadcastOfScalarsNewAxesAndStretchedAxes() {
    GradientCheck.of((b, x) -> b.broadcastScalar(Shape.of(2, 3), x.get(0)), new long[] {}).check();
    GradientCheck.of((b, x) -> b.broadcast(Shape.of(2, 3, 4), List.of(1), x.get(0)), new long[] {3})
        .check();
    GradientCheck.of(
            (b, x) -> b.broadcast(Shape.of(2, 3, 4), List.of(0, 1, 2), x.get(0)),
            new long[] {2, 1, 4})
        .check();
    GradientCheck.of(
            (b, x) -> b.broadcast(Shape.of(5, 1, 4), List.of(1, 2), x.get(0)), new long[] {1, 1})
        .check();
  }

  @Test
  void broadcastOverTheBatch() {
    var type = new TensorType(DType.F64, Shape.of(Dim.ONE, Dim.of(3)));
    GradientCheck.of(
            List.of(type),
            (b, x) -> b.broadcast(Shape.of(Dim.of(BATCH), Dim.of(3)), List.of(0, 1), x.get(0)))
        .where(BATCH, 4)
        .check();
  }

  @Test
  void slicesWithStridesThatDoNotDivide() {
    GradientCheck.of(
            (b, x) ->
                b.slice(List.of(1L, 0L), List.of(Dim.of(7), Dim.of(3)), List.of(4L, 1L), x.get(0)),
            new long[] {8, 3})
        .check();
    GradientCheck.of(
            (b, x) -> b.slice(List.of(2L), List.of(Dim.of(11)), List.of(3L), x.get(0)),
            new long[] {11})
        .check();
  }

  @Test
  void anEmptySliceGivesNoGradient() {
    GradientCheck.of(
            (b, x) -> b.slice(List.of(2L), List.of(Dim.of(2)), List.of(1L), x.get(0)),
            new long[] {4})
        .check();
  }

  @Test
  void padsOutwardInwardAndBetween() {
    check(List.of(1L, 2L), List.of(3L, 0L), List.of(0L, 0L));
    check(List.of(0L, 1L), List.of(2L, 1L), List.of(2L, 1L));
    check(List.of(-1L, 0L), List.of(0L, -2L), List.of(0L, 0L));
    check(List.of(-2L, 3L), List.of(1L, -4L), List.of(1L, 2L));
    check(List.of(-1L, -1L), List.of(-1L, -1L), List.of(3L, 0L));
    check(List.of(0L, 0L), List.of(0L, 0L), List.of(1L, 0L));
  }

  private static void check(List<Long> low, List<Long> high, List<Long> interior) {
    GradientCheck.of((b, x) -> b.pad(low, high, interior, 0.5, x.get(0)), new long[] {3, 5})
        .check();
  }

  @Test
  void concatenateAndReverse() {
    GradientCheck.of(
            (b, x) -> b.concatenate(1, List.of(x.get(0), x.get(1), x.get(0))),
            new long[] {2, 3},
            new long[] {2, 1})
        .check();
    GradientCheck.of((b, x) -> b.reverse(List.of(0, 2), x.get(0)), new long[] {2, 3, 3}).check();
  }

  @Test
  void concatenateAlongTheBatch() {
    var one = new TensorType(DType.F64, Shape.of(Dim.of(3), Dim.of(BATCH)));
    var two = new TensorType(DType.F64, Shape.of(Dim.of(3), Dim.of(BATCH).times(2)));
    GradientCheck.of(
            List.of(one, two), (b, x) -> b.concatenate(1, List.of(x.get(0), x.get(1), x.get(0))))
        .where(BATCH, 3)
        .check();
  }

  @Test
  void gatherWithRepeatedAndClampedIndices() {
    var x = TensorType.of(DType.F64, 2, 4, 3);
    var indices = TensorType.of(DType.I32, 2, 3);
    for (int seed = 0; seed < 4; seed++) { // indices are drawn from -1 to 5
      GradientCheck.of(List.of(x, indices), (b, v) -> b.gather(1, v.get(0), v.get(1)))
          .seed(seed)
          .check();
    }
  }

  @Test
  void gatherAlongTheBatch() {
    var x = new TensorType(DType.F64, Shape.of(Dim.of(BATCH), Dim.of(2)));
    GradientCheck.of(
            List.of(x, TensorType.of(DType.I32, 5)), (b, v) -> b.gather(0, v.get(0), v.get(1)))
        .where(BATCH, 3)
        .check();
  }

  @Test
  void scatterAddWithRepeatedAndDroppedIndices() {
    var x = TensorType.of(DType.F64, 2, 4, 3);
    var indices = TensorType.of(DType.I32, 5);
    var updates = TensorType.of(DType.F64, 2, 5, 3);
    for (int seed = 0; seed < 4; seed++) {
      GradientCheck.of(
              List.of(x, indices, updates), (b, v) -> b.scatterAdd(1, v.get(0), v.get(1), v.get(2)))
          .seed(seed)
          .check();
    }
  }

  @Test
  void stopGradientIsZeroAndAnIdentity() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.scalar(DType.F64));
    Value y = b.multiply(x, b.stopGradient(x));
    Function f = new Function("f", List.of(x), List.of(y, b.gradient(y, x)));
    List<Tensor> results =
        Interpreter.run(Autodiff.differentiate(f), List.of(Tensor.scalar(DType.F64, 3)));
    assertThat(results.get(0).data()).containsExactly(9);
    assertThat(results.get(1).data()).containsExactly(3);
  }
}
