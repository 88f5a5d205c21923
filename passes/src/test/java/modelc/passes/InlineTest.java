package modelc.passes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import modelc.ir.DType;
import modelc.ir.Origin;
import modelc.ir.Role;
import modelc.ir.Span;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Callable;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import org.junit.jupiter.api.Test;

class InlineTest {
  private static final TensorType TYPE = TensorType.of(DType.F32, 3);
  private static final Span USER = new Span("a.model", 3, 1, 3, 9);
  private static final Span LIBRARY = new Span("<std>/a.model", 7, 1, 7, 9);

  private static Callable tanh() {
    var b = new Builder();
    Value x = b.parameter("x", TYPE);
    var origin = new Origin("", List.of(LIBRARY), Role.FORWARD);
    Value y = b.with(origin, () -> b.unary(UnaryFn.TANH, x));
    return new Callable("tanh", new Function("tanh", List.of(x), List.of(y)), null, null);
  }

  private static Callable plus(Callable inner) {
    var b = new Builder();
    Value x = b.parameter("x", TYPE);
    Value z = b.parameter("z", TYPE);
    Value y = b.add(b.call(inner, List.of(x)), z);
    return new Callable("plus", new Function("plus", List.of(x, z), List.of(y)), null, null);
  }

  @Test
  void expandsNestedCallsWithTheArgumentsInPlaceOfTheParameters() {
    var b = new Builder();
    Value p = b.parameter("p", TYPE);
    Value q = b.parameter("q", TYPE);
    Callable plus = plus(tanh());
    Value once = b.call(plus, List.of(p, q));
    Value twice = b.call(plus, List.of(once, p));

    Function flat = Inline.inline(new Function("f", List.of(p, q), List.of(twice)));

    // tanh(tanh(p) + q) + p
    var outer = (Op.Binary) flat.results().getFirst().op();
    assertThat(outer.y()).isSameAs(flat.parameters().get(0));
    var middle = (Op.Binary) ((Op.Unary) outer.x().op()).x().op();
    assertThat(middle.y()).isSameAs(flat.parameters().get(1));
    assertThat(((Op.Unary) middle.x().op()).x()).isSameAs(flat.parameters().get(0));
    assertThat(Graph.topological(flat.results())).hasSize(6);
  }

  @Test
  void expandsOnlyWhatIsAskedFor() {
    var b = new Builder();
    Value p = b.parameter("p", TYPE);
    Value y = b.call(plus(tanh()), List.of(p, p));
    Function flat =
        Inline.inline(new Function("f", List.of(p), List.of(y)), c -> c.name().equals("plus"));
    assertThat(Graph.topological(flat.results()))
        .filteredOn(v -> v.op() instanceof Op.Call)
        .singleElement()
        .satisfies(v -> assertThat(((Op.Call) v.op()).callee().name()).isEqualTo("tanh"));
  }

  @Test
  void originsNameTheCallSiteFirst() {
    var b = new Builder();
    Value p = b.parameter("p", TYPE);
    var site = new Origin("fc1", List.of(USER), Role.BACKWARD);
    Value y = b.with(site, () -> b.call(tanh(), List.of(p)));
    Value flat = Inline.inline(new Function("f", List.of(p), List.of(y))).results().getFirst();
    assertThat(flat.origin()).isEqualTo(new Origin("fc1", List.of(USER, LIBRARY), Role.BACKWARD));
  }

  @Test
  void aDeepNestOfCallsNeedsNoDeepStack() {
    int depth = 300;
    Callable c = tanh();
    for (int i = 0; i < depth; i++) {
      var b = new Builder();
      Value x = b.parameter("x", TYPE);
      Value y = b.unary(UnaryFn.NEGATE, b.call(c, List.of(x)));
      c = new Callable("c" + i, new Function("c", List.of(x), List.of(y)), null, null);
    }
    var b = new Builder();
    Value p = b.parameter("p", TYPE);
    Function f = new Function("f", List.of(p), List.of(b.call(c, List.of(p))));
    assertThat(Graph.topological(Inline.inline(f).results())).hasSize(depth + 2);
  }
}
