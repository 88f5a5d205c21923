package modelc.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import modelc.compiler.Compiler;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.tensor.Program;
import modelc.runtime.Call;
import modelc.runtime.ElementType;
import modelc.runtime.Kind;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.Tensor;
import org.junit.jupiter.api.Test;

/**
 * Forms of training that go through the whole compiler: several inputs, outputs and losses, shared
 * weights, frozen parts. One step of plain gradient descent at rate 1 shows each gradient; it is
 * compared with that of a form that says the same in another way, and with differences of the loss.
 */
class TrainingFormsTest {
  private static final int BATCH = 4;

  /** Two images and a label: what every model here is fed. */
  private static final DataCatalog CATALOG =
      _ ->
          List.of(
              new DataCatalog.Column("a", TensorType.of(DType.F32, 2, 6, 6)),
              new DataCatalog.Column("b", TensorType.of(DType.F32, 2, 6, 6)),
              new DataCatalog.Column("label", TensorType.scalar(DType.I32)));

  private static final String ENCODER =
      """
      layer encoder(n: int)  x: [batch, c, h, w] -> [batch, n] {
          return x -> conv: conv2d(3, 3) -> tanh -> flatten -> out: dense(n)
      }
      """;

  private static Program program(String model, String loss, String more) {
    String source =
        "%smodel M {\n input a: f32[2, 6, 6]\n input b: f32[2, 6, 6]\n%s\n}\n"
                .formatted(ENCODER, model)
            + "train M {\n data = pairs()\n loss = %s\n optimizer = sgd(lr = 1)\n batch = %d\n%s\n}\n"
                .formatted(loss, BATCH, more);
    return Frontend.load("forms.model", source, FrontendOptions.of(CATALOG)).program();
  }

  /** Loss, and how far each variable moves in one step, from values that its name determines. */
  private record Step(double loss, Map<String, double[]> moved) {
    double[] of(String name) {
      double[] m = moved.get(name);
      if (m == null) {
        throw new AssertionError("no " + name + " among " + moved.keySet());
      }
      return m;
    }
  }

  private static Step step(Program program, Map<String, String> sameAs) {
    return step(program, sameAs, "", 0, 0);
  }

  /**
   * @param sameAs variables that begin as another name would
   * @param nudged a variable, one of whose elements begins {@code by} higher
   */
  private static Step step(
      Program program, Map<String, String> sameAs, String nudged, int element, double by) {
    try (Model model = new Compiler().compile(program).load();
        Session session = model.open(2)) {
      return step(session, sameAs, nudged, element, by);
    }
  }

  private static Step step(
      Session session, Map<String, String> sameAs, String nudged, int element, double by) {
    session.init(1);
    Map<String, Tensor> variables = session.variables(k -> k == Kind.PARAMETER);
    Map<String, double[]> before = new LinkedHashMap<>();
    variables.forEach(
        (name, t) -> {
          double[] x = named(sameAs.getOrDefault(name, name), Math.toIntExact(t.elements()));
          if (name.equals(nudged)) {
            x[element] += by;
          }
          for (int i = 0; i < x.length; i++) {
            t.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) x[i]);
          }
          before.put(name, Reference.doubles(t));
        });
    Call call = session.call("train");
    call.seed(1);
    for (String input : List.of("a", "b", "label")) {
      if (call.takes(input)) {
        fill(call.input(input), input);
      }
    }
    for (String scalar : List.of("step", "steps", "epoch")) {
      call.scalar(scalar, 1);
    }
    call.run();
    Map<String, double[]> moved = new HashMap<>();
    variables.forEach(
        (name, t) -> {
          double[] after = Reference.doubles(t);
          for (int i = 0; i < after.length; i++) {
            after[i] -= before.get(name)[i];
          }
          moved.put(name, after);
        });
    return new Step(call.value("loss"), moved);
  }

  private static double[] named(String name, int count) {
    double[] x = Reference.uniform(count, Math.floorMod(name.hashCode(), 9973));
    for (int i = 0; i < count; i++) {
      x[i] *= 0.5;
    }
    return x;
  }

  private static void fill(Tensor t, String name) {
    double[] x = named(name, Math.toIntExact(t.elements()));
    for (int i = 0; i < x.length; i++) {
      if (t.type() == ElementType.I32) {
        t.data().setAtIndex(ValueLayout.JAVA_INT, i, i % 3);
      } else {
        t.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (2 * x[i]));
      }
    }
  }

  private static void assertClose(double[] actual, double[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).as("element " + i).isCloseTo(expected[i], within(2e-6));
    }
  }

  private static double[] plus(double[] x, double[] y, double factor) {
    double[] sum = x.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += factor * y[i];
    }
    return sum;
  }

  /** The largest move of each variable is the slope of the loss there. */
  private static void assertSlopes(Program program, Step step) {
    try (Model model = new Compiler().compile(program).load();
        Session session = model.open(1)) {
      step.moved()
          .forEach(
              (name, moved) -> {
                int at = 0;
                for (int i = 0; i < moved.length; i++) {
                  at = Math.abs(moved[i]) > Math.abs(moved[at]) ? i : at;
                }
                double h = 0.02;
                double up = step(session, Map.of(), name, at, h).loss();
                double down = step(session, Map.of(), name, at, -h).loss();
                assertThat(-moved[at])
                    .as("gradient of " + name)
                    .isCloseTo((up - down) / (2 * h), within(2e-3));
              });
    }
  }

  @Test
  void anAuxiliaryLossAddsItsGradient() {
    String model =
        """
        x = a -> early: conv2d(3, 3) -> tanh
        output side = x -> flatten -> aux: dense(3)
        output main = x -> late: conv2d(2, 3) -> tanh -> flatten -> head: dense(3)
        """;
    String side = "cross_entropy(side, label)";
    String main = "cross_entropy(main, label)";
    Program both = program(model, main + " + 0.3 * " + side, "metrics = accuracy(side, label)");
    Step all = step(both, Map.of());
    Step mains = step(program(model, main, ""), Map.of());
    Step sides = step(program(model, side, ""), Map.of());
    assertThat(all.loss()).isCloseTo(mains.loss() + 0.3 * sides.loss(), within(1e-6));
    for (String name : all.moved().keySet()) {
      assertClose(all.of(name), plus(mains.of(name), sides.of(name), 0.3));
    }
    assertThat(sides.of("head.w")).containsOnly(0);
    assertThat(mains.of("aux.w")).containsOnly(0);
    assertSlopes(both, all);
  }

  @Test
  void aSharedLayerGetsTheSumOfItsGradients() {
    String distance = "output y = norm(left - right, over = last)";
    Program shared =
        program(
            "encode = encoder(4);  left = a -> encode;  right = b -> encode\n" + distance,
            "mean(y, over = all)",
            "");
    Program apart =
        program(
            "left = a -> one: encoder(4);  right = b -> two: encoder(4)\n" + distance,
            "mean(y, over = all)",
            "");
    Step together = step(shared, Map.of());
    Map<String, String> names = new HashMap<>();
    for (String last : List.of("conv.w", "conv.b", "out.w", "out.b")) {
      names.put("one." + last, "encode." + last);
      names.put("two." + last, "encode." + last);
    }
    Step copies = step(apart, names);
    assertThat(together.moved().keySet())
        .isEqualTo(Set.of("encode.conv.w", "encode.conv.b", "encode.out.w", "encode.out.b"));
    assertThat(together.loss()).isCloseTo(copies.loss(), within(1e-6));
    for (String last : List.of("conv.w", "conv.b", "out.w", "out.b")) {
      assertClose(
          together.of("encode." + last),
          plus(copies.of("one." + last), copies.of("two." + last), 1));
    }
    assertSlopes(shared, together);
  }

  @Test
  void weightsAreTiedByUsingThemTwice() {
    // The decoder is the encoder's matrix turned around.
    Program tied =
        program(
            """
            x = flatten(a)
            encode = dense(5)
            code = x -> encode -> tanh
            output y = code @ encode.w
            """,
            "mse(y, reshape(a, [batch, 72]))",
            "");
    Step step = step(tied, Map.of());
    assertThat(step.moved().keySet()).isEqualTo(Set.of("encode.w", "encode.b"));
    assertSlopes(tied, step);
  }

  @Test
  void whatIsFrozenStaysAndTheRestMovesAsBefore() {
    String model =
        """
        x = a -> early: conv2d(3, 3) -> tanh -> middle: conv2d(3, 3) -> tanh
        parts = [x, b -> other: conv2d(2, 5)]
        output main = parts -> concat(axis = channel) -> flatten -> head: dense(3)
        """;
    String loss = "cross_entropy(main, label)";
    Step free = step(program(model, loss, ""), Map.of());
    Program part = program(model, loss, "frozen = [middle.w, \"*dense\"]");
    Step frozen = step(part, Map.of());
    for (String name : List.of("middle.w", "head.w", "head.b")) {
      assertThat(free.of(name)).as(name).isNotEqualTo(new double[free.of(name).length]);
      assertThat(frozen.of(name)).as(name).containsOnly(0);
    }
    for (String name : List.of("early.w", "early.b", "middle.b", "other.w")) {
      assertClose(frozen.of(name), free.of(name));
    }
    assertThat(frozen.loss()).isEqualTo(free.loss());
  }
}
