package modelc.passes.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Origin;
import modelc.ir.Role;
import modelc.ir.Span;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Callable;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;
import org.junit.jupiter.api.Test;

class AutodiffTest {
  private static final TensorType SCALAR = TensorType.scalar(DType.F64);

  private static Callable square(boolean stated, String forbidden) {
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    var body = new Function("square", List.of(x), List.of(b.multiply(x, x)));
    var g = new Builder();
    Value gx = g.parameter("x", SCALAR);
    Value gy = g.parameter("y", SCALAR);
    Value dy = g.parameter("dy", SCALAR);
    // Wrong on purpose, so that it can be told from the derived one: 100 * dy.
    var gradient =
        new Function(
            "gradient", List.of(gx, gy, dy), List.of(g.multiply(g.constant(SCALAR, 100), dy)));
    return new Callable("square", body, stated ? gradient : null, forbidden);
  }

  private static double[] run(Function f, double... arguments) {
    var tensors = new ArrayList<Tensor>();
    for (double a : arguments) {
      tensors.add(Tensor.scalar(DType.F64, a));
    }
    return Interpreter.run(Autodiff.differentiate(f), tensors).stream()
        .mapToDouble(t -> t.data()[0])
        .toArray();
  }

  @Test
  void cotangentsOfAllUsesAddUp() {
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    Value y = b.parameter("y", SCALAR);
    Value z = b.add(b.multiply(x, y), b.multiply(x, x));
    assertThat(
            run(
                new Function("f", List.of(x, y), List.of(b.gradient(z, x), b.gradient(z, y))),
                3,
                5))
        .containsExactly(5 + 6, 3);
  }

  @Test
  void intermediateValuesAndTheLossItselfHaveGradients() {
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    Value h = b.multiply(x, x);
    Value loss = b.multiply(h, h);
    Function f =
        new Function(
            "f",
            List.of(x),
            List.of(b.gradient(loss, h), b.gradient(loss, loss), b.gradient(loss, x)));
    assertThat(run(f, 2)).containsExactly(8, 1, 32);
  }

  @Test
  void whatTheLossDoesNotDependOnHasGradientZero() {
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    Value y = b.parameter("y", SCALAR);
    Value loss = b.unary(UnaryFn.FLOOR, b.multiply(x, x));
    Function f =
        new Function("f", List.of(x, y), List.of(b.gradient(loss, y), b.gradient(loss, x)));
    assertThat(run(f, 2, 3)).containsExactly(0, 0);
  }

  @Test
  void gradientsOfGradients() {
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    Value first = b.gradient(b.multiply(x, b.multiply(x, x)), x);
    Value second = b.gradient(b.multiply(first, first), x); // (9x^4)' = 36x^3
    assertThat(run(new Function("f", List.of(x), List.of(first, second)), 2))
        .containsExactly(12, 288);
  }

  @Test
  void aStatedGradientIsUsedAndTheCallStaysWhole() {
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    Value y = b.call(square(true, null), List.of(x));
    Function f = new Function("f", List.of(x), List.of(y, b.gradient(y, x)));
    assertThat(run(f, 3)).containsExactly(9, 100);
    assertThat(Autodiff.differentiate(f).results().getFirst().op()).isInstanceOf(Op.Call.class);
  }

  @Test
  void withoutOneItIsDerivedFromTheBody() {
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    Value y = b.call(square(false, null), List.of(x));
    assertThat(run(new Function("f", List.of(x), List.of(y, b.gradient(y, x))), 3))
        .containsExactly(9, 6);
  }

  @Test
  void aForbiddenGradientIsReportedWhereItWouldFlow() {
    var origin = new Origin("act", List.of(new Span("a.model", 4, 2, 4, 9)), Role.FORWARD);
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    Value y = b.with(origin, () -> b.call(square(false, "it is a step"), List.of(x)));
    assertThatThrownBy(
            () -> Autodiff.differentiate(new Function("f", List.of(x), List.of(b.gradient(y, x)))))
        .isInstanceOfSatisfying(
            NotDifferentiableException.class,
            e -> {
              assertThat(e.origin()).isEqualTo(origin);
              assertThat(e.reason()).isEqualTo("it is a step");
            })
        .hasMessage("square has no gradient: it is a step");
  }

  @Test
  void aForbiddenGradientIsNoMatterWhereNoneFlows() {
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    Value y = b.call(square(false, "it is a step"), List.of(x));
    Value loss = b.add(b.stopGradient(y), b.multiply(x, b.unary(UnaryFn.SIGN, y)));
    assertThat(run(new Function("f", List.of(x), List.of(b.gradient(loss, x))), 3))
        .containsExactly(1);
  }

  @Test
  void valuesCarryTheForwardOriginAsBackward() {
    var origin = new Origin("fc1", List.of(new Span("a.model", 4, 2, 4, 9)), Role.FORWARD);
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    Value y = b.with(origin, () -> b.unary(UnaryFn.SINE, x));
    Value dx =
        Autodiff.differentiate(new Function("f", List.of(x), List.of(b.gradient(y, x))))
            .results()
            .getFirst();
    assertThat(dx.origin()).isEqualTo(origin.withRole(Role.BACKWARD));
  }

  @Test
  void gradientsOfOneLossShareTheSweep() {
    int depth = 200;
    var b = new Builder();
    var inputs = new ArrayList<Value>();
    Value h = b.constant(SCALAR, 1);
    for (int i = 0; i < depth; i++) {
      Value w = b.parameter("w" + i, SCALAR);
      inputs.add(w);
      h = b.unary(UnaryFn.TANH, b.multiply(h, w));
    }
    Value loss = h;
    List<Value> gradients = inputs.stream().map(w -> b.gradient(loss, w)).toList();
    Function f = Autodiff.differentiate(new Function("f", inputs, gradients));
    assertThat(Graph.topological(f.results()).size()).isLessThan(10 * depth);
  }

  @Test
  void aDeepGraphNeedsNoDeepStackAndTimeLinearInIt() {
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    Value y = x;
    for (int i = 0; i < 50_000; i++) {
      y = b.unary(i % 2 == 0 ? UnaryFn.SINE : UnaryFn.TANH, y);
    }
    Function f = Autodiff.differentiate(new Function("f", List.of(x), List.of(b.gradient(y, x))));
    assertThat(Graph.topological(f.results())).hasSizeGreaterThan(100_000);
  }

  @Test
  void onlyWhatLiesBetweenIsDifferentiated() {
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    Value w = b.parameter("w", SCALAR);
    Value loss = b.multiply(b.unary(UnaryFn.ERF, x), w);
    Function f =
        Autodiff.differentiate(new Function("f", List.of(x, w), List.of(b.gradient(loss, w))));
    assertThat(Graph.topological(f.results()))
        .noneMatch(v -> v.op() instanceof Op.Unary u && u.fn() == UnaryFn.EXP);
  }

  @Test
  void secondDerivativesOfMaxPoolingAreRefused() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F64, 4));
    Value y =
        b.reduceWindow(modelc.ir.ReduceFn.MAXIMUM, modelc.ir.tensor.Window.of(List.of(2L)), x);
    Value g = b.gradient(b.sum(List.of(0), b.multiply(y, y)), x);
    Value second = b.gradient(b.sum(List.of(0), b.multiply(g, g)), x);
    assertThatThrownBy(() -> Autodiff.differentiate(new Function("f", List.of(x), List.of(second))))
        .isInstanceOf(NotDifferentiableException.class)
        .hasMessageContaining("select_and_scatter");
  }

  @Test
  void entriesKeepTheirNamesAndKinds() {
    var b = new Builder();
    Value x = b.parameter("x", SCALAR);
    Value y = b.multiply(x, x);
    Value mask = b.compare(CompareFn.GT, x, b.constant(SCALAR, 0));
    var entry =
        new Entry(
            "train",
            List.of(new Entry.Argument("x", Entry.Kind.PARAMETER, x)),
            List.of(
                new Entry.Result("loss", Entry.Kind.LOSS, y, OptionalInt.empty()),
                new Entry.Result("x", Entry.Kind.PARAMETER, b.gradient(y, x), OptionalInt.of(0)),
                new Entry.Result("ok", Entry.Kind.FINITE, mask, OptionalInt.empty())));
    Entry after = new Autodiff().run(new Program("p", List.of(entry))).entry("train");
    assertThat(after.results()).extracting(Entry.Result::name).containsExactly("loss", "x", "ok");
    assertThat(after.results().get(1).aliases()).isEqualTo(OptionalInt.of(0));
    assertThat(after.arguments().getFirst().value())
        .isSameAs(after.function().parameters().getFirst());
  }
}
