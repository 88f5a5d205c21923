package modelc.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import modelc.compiler.Compiler;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;
import modelc.passes.autodiff.Autodiff;
import modelc.runtime.Call;
import modelc.runtime.Kind;
import modelc.runtime.Model;
import modelc.runtime.Session;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The library's layers one by one: compiled code against PyTorch's numbers (reference/layers.txt)
 * and against the interpreter, gradients by the input and the parameters included, and the
 * gradients against differences.
 */
class LibraryAgreementTest {
  private static final double STEP = 1e-5;

  /** One line of the table. */
  record Case(String name, List<Long> input, String expression) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Case> cases() throws IOException {
    return Files.readAllLines(Reference.FOLDER.resolve("reference/layers.txt")).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .map(line -> List.of(line.split(" \\| ", -1)))
        .map(
            cells ->
                new Case(
                    cells.get(0).strip(),
                    java.util.Arrays.stream(cells.get(1).strip().split("x", -1))
                        .map(Long::valueOf)
                        .toList(),
                    cells.get(2).strip()))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agrees(Case c) {
    Program program = program(c);
    try (var reference = new Reference("layers");
        Model model = new Compiler().compile(program).load();
        Session session = model.open(2)) {
      session.init(1);
      reference.fill(session.variables(k -> k == Kind.PARAMETER || k == Kind.STATE));
      Call call = session.call("gradients").size("batch", c.input().getFirst());
      Map<String, Tensor> given = new HashMap<>();
      for (Entry.Argument a : program.entry("gradients").arguments()) {
        given.put(a.name(), argument(a, call, session, c.input().getFirst()));
      }
      call.run();
      Entry gradients = program.entry("gradients");
      Map<String, Tensor> meaning = interpreted(gradients, given);
      for (var r : call.spec().results()) {
        if (r.name().equals("loss")) {
          continue;
        }
        double[] ours = Reference.doubles(call.output(r.name()));
        reference.compare(c.name() + "." + r.name(), ours);
        assertClose(r.name(), ours, value(meaning, r.name()).data(), 1e-5);
      }
      reference.verify();
      differences(gradients, given, meaning);
    }
  }

  /** The model, and beside its entries one for the result and the gradients of sum(y * c). */
  private static Program program(Case c) {
    String sizes = String.join(", ", c.input().stream().skip(1).map(Object::toString).toList());
    String source = "model M { input x: f32[" + sizes + "]\n output y = " + c.expression() + "\n }";
    Program program =
        Frontend.load("layer.model", source, FrontendOptions.of(_ -> List.of())).program();
    Entry infer = program.entry("infer");
    Value y = infer.results().getFirst().value();
    var b = new Builder();
    Value cotangent = b.parameter("c", y.type());
    List<Integer> axes = IntStream.range(0, y.type().rank()).boxed().toList();
    Value loss = b.sum(axes, b.multiply(y, cotangent));
    var arguments = new ArrayList<>(infer.arguments());
    var results = new ArrayList<>(infer.results());
    for (Entry.Argument a : infer.arguments()) {
      boolean wanted = a.kind() == Entry.Kind.INPUT || a.kind() == Entry.Kind.PARAMETER;
      if (wanted && a.value().type().dtype().isFloat()) {
        results.add(
            new Entry.Result(
                "grad." + a.name(),
                Entry.Kind.OUTPUT,
                b.gradient(loss, a.value()),
                OptionalInt.empty()));
      }
    }
    arguments.add(new Entry.Argument("c", Entry.Kind.INPUT, cotangent));
    results.add(new Entry.Result("loss", Entry.Kind.LOSS, loss, OptionalInt.empty()));
    var entries = new ArrayList<>(program.entries());
    entries.add(new Entry("gradients", arguments, results));
    return new Program(program.model(), entries);
  }

  /** Sets an input of the compiled code; gives the same numbers to the interpreter. */
  private static Tensor argument(Entry.Argument a, Call call, Session session, long batch) {
    TensorType type = a.value().type();
    long[] shape = type.shape().evaluate(_ -> batch);
    if (a.kind() != Entry.Kind.INPUT) {
      var kept = session.variables(_ -> true).get(a.name());
      assertThat(kept).as(a.name()).isNotNull();
      return Tensor.of(DType.F32, shape, Reference.doubles(kept));
    }
    modelc.runtime.Tensor input = call.input(a.name());
    int count = Math.toIntExact(input.elements());
    double[] x = Reference.uniform(count, a.name().equals("c") ? 77 : 1000);
    for (int i = 0; i < count; i++) {
      x[i] = (float) x[i];
      input.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) x[i]);
    }
    return Tensor.of(DType.F32, shape, x);
  }

  private static Map<String, Tensor> interpreted(Entry entry, Map<String, Tensor> given) {
    Function f = Autodiff.differentiate(entry.function());
    List<Tensor> arguments = entry.arguments().stream().map(a -> given.get(a.name())).toList();
    List<Tensor> values = Interpreter.run(f, arguments);
    Map<String, Tensor> named = new HashMap<>();
    for (int i = 0; i < values.size(); i++) {
      named.put(entry.results().get(i).name(), values.get(i));
    }
    return named;
  }

  /** Along a direction through all inputs and parameters, the loss changes as the gradients say. */
  private static void differences(
      Entry entry, Map<String, Tensor> given, Map<String, Tensor> meaning) {
    var loss =
        new Entry(
            "loss",
            entry.arguments(),
            entry.results().stream().filter(r -> r.kind() == Entry.Kind.LOSS).toList());
    for (Entry.Argument a : entry.arguments()) {
      Tensor slope = meaning.get("grad." + a.name());
      if (slope == null) {
        continue;
      }
      double[] direction = Reference.uniform(slope.data().length, 5);
      double expected = 0;
      for (int i = 0; i < direction.length; i++) {
        expected += direction[i] * slope.data()[i];
      }
      double up =
          value(interpreted(loss, moved(given, a.name(), direction, STEP)), "loss").data()[0];
      double down =
          value(interpreted(loss, moved(given, a.name(), direction, -STEP)), "loss").data()[0];
      assertThat((up - down) / (2 * STEP))
          .as("slope of " + a.name())
          .isCloseTo(expected, within(1e-6 * Math.max(1, Math.abs(expected))));
    }
  }

  private static Map<String, Tensor> moved(
      Map<String, Tensor> given, String name, double[] direction, double step) {
    Map<String, Tensor> moved = new HashMap<>(given);
    Tensor x = value(given, name);
    double[] data = x.data().clone();
    for (int i = 0; i < data.length; i++) {
      data[i] += step * direction[i];
    }
    moved.put(name, new Tensor(x.dtype(), x.shape(), data));
    return moved;
  }

  private static Tensor value(Map<String, Tensor> values, String name) {
    Tensor t = values.get(name);
    if (t == null) {
      throw new AssertionError("nothing is called " + name);
    }
    return t;
  }

  private static void assertClose(String what, double[] ours, double[] meaning, double share) {
    double scale = 1e-3;
    for (double m : meaning) {
      scale = Math.max(scale, Math.abs(m));
    }
    assertThat(ours).as(what).hasSameSizeAs(meaning);
    for (int i = 0; i < ours.length; i++) {
      assertThat(ours[i]).as(what + ", element " + i).isCloseTo(meaning[i], within(share * scale));
    }
  }
}
