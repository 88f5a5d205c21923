package modelc.ir.tensor;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.OptionalInt;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Origin;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Entry.Argument;
import modelc.ir.tensor.Entry.Kind;
import modelc.ir.tensor.Entry.Result;
import modelc.ir.tensor.Verifier.Stage;
import org.junit.jupiter.api.Test;

class VerifierTest {
  private static final TensorType F2 = TensorType.of(DType.F32, 2);
  private static final TensorType SCALAR = TensorType.scalar(DType.F32);

  private final Builder b = new Builder();
  private final Value x = b.parameter("x", F2);
  private final Value w = b.parameter("w", F2);
  private final List<Argument> arguments =
      List.of(new Argument("x", Kind.INPUT, x), new Argument("w", Kind.PARAMETER, w));

  private static Result result(String name, Kind kind, Value v, int... alias) {
    return new Result(
        name, kind, v, alias.length == 0 ? OptionalInt.empty() : OptionalInt.of(alias[0]));
  }

  private static void assertRefused(Entry e, String message) {
    assertThatThrownBy(() -> Verifier.verify(e, Stage.SOURCE))
        .isInstanceOf(IllFormedException.class)
        .hasMessage(message);
  }

  private static void assertRefused(Function f, String message) {
    assertThatThrownBy(() -> Verifier.verify(f, Stage.SOURCE))
        .isInstanceOf(IllFormedException.class)
        .hasMessage(message);
  }

  private void assertRefused(List<Result> results, String message) {
    assertRefused(new Entry("train", arguments, results), message);
  }

  @Test
  void acceptsWhatTheBuilderMakes() {
    Value loss = b.sum(List.of(0), b.multiply(x, w));
    var train =
        new Entry(
            "train",
            arguments,
            List.of(
                result("loss", Kind.LOSS, loss),
                result("loss", Kind.OUTPUT, x),
                result("ok", Kind.FINITE, b.unary(UnaryFn.IS_FINITE, loss)),
                result("w", Kind.PARAMETER, b.subtract(w, b.gradient(loss, w)), 1)));
    assertThatCode(() -> Verifier.verify(new Program("m", List.of(train)), Stage.SOURCE))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> Verifier.verify(train, Stage.DIFFERENTIATED))
        .hasMessage("entry train: gradient: f32[2] (? FORWARD) after autodiff");
    for (int seed = 0; seed < 20; seed++) {
      Function f = RandomGraph.function(seed, 60, true);
      assertThatCode(() -> Verifier.verify(f, Stage.SOURCE)).doesNotThrowAnyException();
    }
  }

  @Test
  void callsAreGoneAfterExpansion() {
    Callable id = new Callable("id", new Function("id", List.of(x), List.of(x)), null, null);
    Function f = new Function("f", List.of(w), List.of(b.call(id, List.of(w))));
    assertThatCode(() -> Verifier.verify(f, Stage.DIFFERENTIATED)).doesNotThrowAnyException();
    assertThatThrownBy(() -> Verifier.verify(f, Stage.EXPANDED))
        .hasMessageContaining("call: f32[2]")
        .hasMessageEndingWith("after expansion");
  }

  @Test
  void refusesWrongTypes() {
    Op add = new Op.Binary(BinaryFn.ADD, x, w);
    Value wrong = new Value(TensorType.of(DType.F32, 3), add, Origin.NONE);
    assertRefused(
        new Function("f", List.of(x, w), List.of(b.negate(wrong))),
        "function f: add: f32[3] (? FORWARD) must be f32[2]");
    Value illTyped = new Value(F2, new Op.Binary(BinaryFn.AND, x, w), Origin.NONE);
    assertRefused(
        new Function("f", List.of(x, w), List.of(illTyped)),
        "function f: and: f32[2] (? FORWARD) is ill-typed: and: f32[2] is neither bool nor integer");
  }

  @Test
  void refusesWrongParameters() {
    assertRefused(
        new Function("f", List.of(x), List.of(b.add(x, w))),
        "function f: w is used but not among the parameters");
    assertRefused(new Function("f", List.of(x, x), List.of(x)), "function f: parameter x twice");
    assertRefused(
        new Function("f", List.of(b.negate(x)), List.of()),
        "function f: negate: f32[2] (? FORWARD) is in the place of a parameter");
    Value other = b.parameter("x", SCALAR);
    assertRefused(
        new Function("f", List.of(x, other), List.of(x)),
        "function f: two parameters are called x");
    assertThatCode(
            () -> Verifier.verify(new Function("f", List.of(x, w), List.of(x)), Stage.SOURCE))
        .doesNotThrowAnyException();
  }

  @Test
  void refusesWrongEntries() {
    Entry renamed = new Entry("e", List.of(new Argument("y", Kind.INPUT, x)), List.of());
    assertRefused(
        renamed,
        "entry e: argument y is parameter: f32[2] (? FORWARD), not the parameter of that name");
    assertRefused(
        new Entry("e", List.of(new Argument("x", Kind.LOSS, x)), List.of()),
        "entry e: argument x is of kind LOSS");
    assertRefused(
        List.of(result("y", Kind.OUTPUT, x), result("y", Kind.OUTPUT, w)),
        "entry train: two results of kind OUTPUT are called y");
    assertRefused(
        List.of(result("l", Kind.LOSS, x)), "entry train: result l of kind LOSS is f32[2]");
    assertRefused(
        List.of(result("m", Kind.METRIC, x)), "entry train: result m of kind METRIC is f32[2]");
    assertRefused(
        List.of(result("f", Kind.FINITE, x)), "entry train: result f of kind FINITE is f32[2]");
    assertRefused(
        List.of(result("i", Kind.INPUT, x)), "entry train: result i of kind INPUT is f32[2]");
    Entry one = new Entry("e", arguments, List.of());
    assertThatThrownBy(() -> Verifier.verify(new Program("m", List.of(one, one)), Stage.SOURCE))
        .hasMessage("model m: two entries are called e");
  }

  @Test
  void refusesWrongAliases() {
    assertRefused(
        List.of(result("w", Kind.PARAMETER, b.sum(List.of(0), w), 1)),
        "entry train: result w is f32[], the argument w it aliases f32[2]");
    assertRefused(
        List.of(result("a", Kind.PARAMETER, x, 1), result("b", Kind.PARAMETER, x, 1)),
        "entry train: argument w is aliased twice, last by b");
    assertRefused(
        List.of(result("w", Kind.PARAMETER, w, 2)),
        "entry train: result w aliases argument 2 of 2");
    assertRefused(
        List.of(result("w", Kind.PARAMETER, w, -1)),
        "entry train: result w aliases argument -1 of 2");
  }

  @Test
  void refusesASymbolOfTwoMaxima() {
    Value y = b.parameter("y", new TensorType(DType.F32, Shape.of(Dim.of(new Symbol("n", 3)))));
    Value z = b.parameter("z", new TensorType(DType.F32, Shape.of(Dim.of(new Symbol("n", 4)))));
    assertRefused(
        new Function("f", List.of(y, z), List.of()),
        "function f: symbol n has two maxima, one is 4");
  }

  @Test
  void refusesWrongCallables() {
    Function body = new Function("c", List.of(x), List.of(b.negate(x)));
    Value dy = b.parameter("dy", F2);
    Value scalar = b.parameter("s", SCALAR);
    Function takesTooLittle = new Function("g", List.of(x, dy), List.of(dy));
    assertCallable(
        new Callable("c", body, takesTooLittle, null),
        "callable c: its gradient takes [f32[2], f32[2]], not [f32[2], f32[2], f32[2]]");
    Function gives = new Function("g", List.of(x, w, dy), List.of(dy, dy));
    assertCallable(
        new Callable("c", body, gives, null),
        "callable c: its gradient gives [f32[2], f32[2]], not [f32[2]]");
    Function stray =
        new Function("g", List.of(x, w, dy), List.of(b.broadcast(F2.shape(), List.of(), scalar)));
    assertCallable(
        new Callable("c", body, stray, null),
        "callable c, gradient: s is used but not among the parameters");
    Function open = new Function("c", List.of(x), List.of(b.add(x, w)));
    assertCallable(
        new Callable("c", open, null, null), "callable c: w is used but not among the parameters");
  }

  private void assertCallable(Callable c, String message) {
    assertRefused(new Function("f", List.of(x), List.of(b.call(c, List.of(x)))), message);
  }
}
