package modelc.passes.simplify;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Origin;
import modelc.ir.Role;
import modelc.ir.Shape;
import modelc.ir.Span;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What golden texts do not show: special values, size, origins. The rules themselves are in {@code
 * golden/}.
 */
class SimplifyTest {
  private static final double[] SPECIAL = {
    0,
    -0.0,
    1,
    -1,
    0.5,
    -2.5,
    3,
    1e300,
    -1e300,
    1e-300,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    Double.NaN
  };

  /** Every function with every special constant on either side, on every special value. */
  @ParameterizedTest
  @EnumSource(
      value = BinaryFn.class,
      names = {"AND", "OR", "XOR", "SHIFT_LEFT", "SHIFT_RIGHT_LOGICAL"},
      mode = EnumSource.Mode.EXCLUDE)
  void specialValuesStayWhatTheyAre(BinaryFn fn) {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F64, SPECIAL.length));
    var results = new ArrayList<Value>();
    for (double c : SPECIAL) {
      Value constant = b.constantLike(x, c);
      for (Value y : List.of(x, b.negate(x), b.multiply(x, b.constantLike(x, 2)))) {
        results.add(b.binary(fn, y, constant));
        results.add(b.binary(fn, constant, y));
        results.add(b.negate(b.binary(fn, y, constant)));
      }
    }
    results.add(b.binary(fn, x, x));
    var f = new Function("f", List.of(x), results);
    List<Tensor> arguments = List.of(Tensor.vector(DType.F64, SPECIAL));
    List<Tensor> before = Interpreter.run(f, arguments, Map.of());
    List<Tensor> after = Interpreter.run(Simplify.simplify(f), arguments, Map.of());
    for (int i = 0; i < before.size(); i++) {
      for (int j = 0; j < SPECIAL.length; j++) {
        double expected = before.get(i).data()[j];
        double actual = after.get(i).data()[j];
        boolean rootOfMinusInfinity =
            fn == BinaryFn.POWER && Double.isInfinite(SPECIAL[j]) && Double.isNaN(actual);
        if (!rootOfMinusInfinity) {
          assertThat(actual + 0.0) // -0.0 + 0.0 = 0.0: the sign of a zero is not kept
              .as("result %d of %s", i, SPECIAL[j])
              .isEqualTo(Double.valueOf(expected + 0.0));
        }
      }
    }
  }

  @Test
  void aLargeGraphTakesTimeLinearInIt() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F32, 4, 4));
    Value zero = b.constantLike(x, 0);
    Value y = x;
    for (int i = 0; i < 30_000; i++) {
      y = b.add(b.transpose(List.of(1, 0), b.unary(UnaryFn.NEGATE, y)), zero);
    }
    Function f = Simplify.simplify(new Function("f", List.of(x), List.of(y)));
    assertThat(Graph.topological(f.results()).size()).isLessThanOrEqualTo(60_001);
  }

  @Test
  void valuesKeepTheirOrigins() {
    var origin = new Origin("fc1", List.of(new Span("a.model", 4, 2, 4, 9)), Role.UPDATE);
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F32, 4));
    Value y = b.with(origin, () -> b.divide(b.unary(UnaryFn.EXP, x), b.constantLike(x, 2)));
    Function f = Simplify.simplify(new Function("f", List.of(x), List.of(y)));
    assertThat(Graph.topological(f.results()))
        .filteredOn(v -> !v.op().operands().isEmpty())
        .allMatch(v -> v.origin().equals(origin));
  }

  @Test
  void largeConstantsAreNotFolded() {
    var b = new Builder();
    var values = new ArrayList<Double>();
    for (int i = 0; i < 300; i++) {
      values.add((double) i);
    }
    Value x = b.dense(TensorType.of(DType.F32, 300), values);
    Value y = b.unary(UnaryFn.EXP, b.reshape(Shape.of(3, 100), x));
    Function f = Simplify.simplify(new Function("f", List.of(), List.of(y)));
    assertThat(Graph.topological(f.results())).hasSize(3);
  }
}
