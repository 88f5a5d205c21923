package modelc.ir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Origin;
import modelc.ir.ParseException;
import modelc.ir.Role;
import modelc.ir.Shape;
import modelc.ir.Span;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextFormTest {
  private static final String PROGRAM =
      """
      program LeNet
      symbol batch max 64

      callable @relu {
        body relu {
          argument %x: f32[batch,6,28,28]
          %0: f32[batch,6,28,28] = constant 0
          %1: f32[batch,6,28,28] = maximum(%0, %x)
          result %1
        }
        gradient relu_gradient {
          argument %x: f32[batch,6,28,28]
          argument %y: f32[batch,6,28,28]
          argument %dy: f32[batch,6,28,28]
          %0: f32[batch,6,28,28] = constant 0
          %1: bool[batch,6,28,28] = compare(%x, %0) fn=gt
          %2: f32[batch,6,28,28] = select(%1, %dy, %0)
          result %2
        }
      }

      entry train {
        argument %image: f32[batch,1,32,32] input
        argument %stage[2].w: f32[6,1,5,5] parameter
        argument %step: f64[] scalar
        %0: f32[batch,6,28,28] = convolution(%image, %stage[2].w) window={size=[5,5] stride=[1,1] pad=[0:0,0:0]} dims=[b,f,0,1]x[o,i,0,1]->[b,f,0,1]
        %1: f32[batch,6,28,28] = call(%0) @relu
        %2: f32[] = reduce(%1) fn=add axes=[0,1,2,3]
        %3: f32[] = constant 0.01
        %4: f32[6,1,5,5] = broadcast(%3) axes=[]
        %5: f32[6,1,5,5] = gradient(%2, %stage[2].w)
        %6: f32[6,1,5,5] = multiply(%4, %5)
        %7: f32[6,1,5,5] = subtract(%stage[2].w, %6)
        result loss = %2 loss
        result "stage[2].w" = %7 parameter aliases %stage[2].w
      }
      """;

  @Test
  void readsAndPrintsAProgram() {
    Program p = Parser.parseProgram(PROGRAM);
    assertThat(Printer.print(p)).isEqualTo(PROGRAM);
    Entry train = p.entry("train");
    assertThat(train.arguments().get(1).name()).isEqualTo("stage[2].w");
    assertThat(train.results().get(1).aliases()).isEqualTo(OptionalInt.of(1));
    assertThat(train.arguments().getFirst().value().type().dim(0))
        .isEqualTo(Dim.of(new Symbol("batch", 64)));
  }

  @Test
  void everyOpSurvives() {
    var seen = new HashSet<Class<?>>();
    for (int seed = 0; seed < 60; seed++) {
      Function f = RandomGraph.function(seed, 60, true);
      Graph.topological(f.results()).forEach(v -> seen.add(v.op().getClass()));
      String text = Printer.print(f);
      Function read = Parser.parseFunction(text);
      assertThat(Printer.print(read)).isEqualTo(text);
      assertThat(Graph.topological(read.results())).hasSameSizeAs(Graph.topological(f.results()));
      assertThat(read.parameters().stream().map(v -> ((Op.Parameter) v.op()).name()).toList())
          .isEqualTo(f.parameters().stream().map(v -> ((Op.Parameter) v.op()).name()).toList());
    }
    assertThat(seen).containsExactlyInAnyOrder(Op.class.getPermittedSubclasses());
  }

  @Test
  void numbersReadBackExactly() {
    var b = new Builder();
    List<Double> values =
        List.of(
            0.1,
            -0.0,
            0.0,
            1e-300,
            1e300,
            -1e17,
            3.0,
            Double.MIN_VALUE,
            Double.NaN,
            1 / 0.0,
            -1 / 0.0,
            Math.PI);
    Value v = b.dense(TensorType.of(DType.F64, values.size()), values);
    String text = Printer.print(new Function("f", List.of(), List.of(v)));
    assertThat(text)
        .contains("[0.1, -0.0, 0, 1.0e-300, 1.0e300, -1.0e17, 3, 4.9e-324, nan, inf, -inf, 3.14");
    assertThat(((Op.DenseConstant) Parser.parseFunction(text).results().getFirst().op()).values())
        .isEqualTo(values);
  }

  @Test
  void equalOpsOfTwoBuildersStayTwoValues() {
    Value x = new Builder().parameter("x", TensorType.of(DType.F32, 2));
    Value one = new Builder().negate(x);
    Value two = new Builder().negate(x);
    Function f = new Function("f", List.of(x), List.of(one, two));
    assertThat(Parser.parseFunction(Printer.print(f)).results()).doesNotHaveDuplicates();
  }

  @Test
  void originsAreComments() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F32, 2));
    Origin origin = new Origin("fc1", List.of(new Span("a.model", 3, 7, 3, 9)), Role.BACKWARD);
    Value y = b.with(origin, () -> b.negate(x));
    Entry e =
        new Entry(
            "infer",
            List.of(new Entry.Argument("x", Entry.Kind.INPUT, x)),
            List.of(new Entry.Result("y", Entry.Kind.OUTPUT, y, OptionalInt.empty())));
    String text = Printer.print(e, true);
    assertThat(text).contains("%0: f32[2] = negate(%x)  // a.model:3:7 fc1 BACKWARD\n");
    assertThat(Printer.print(Parser.parseEntry(text))).isEqualTo(Printer.print(e));
  }

  @Test
  void depthIsNoProblem() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.scalar(DType.F32));
    Value y = x;
    for (int i = 0; i < 20_000; i++) {
      y = b.binary(BinaryFn.ADD, y, x);
    }
    String text = Printer.print(new Function("deep", List.of(x), List.of(y)));
    assertThat(Printer.print(Parser.parseFunction(text))).isEqualTo(text);
  }

  @Test
  void nestedCallablesArePrintedOnceCalleesFirst() {
    TensorType type = TensorType.scalar(DType.F32);
    Callable callee = null;
    for (int i = 0; i < 3000; i++) {
      var b = new Builder();
      Value x = b.parameter("x", type);
      Value y = callee == null ? b.negate(x) : b.call(callee, List.of(x));
      callee = new Callable("f", new Function("f", List.of(x), List.of(y)), null, null);
    }
    var b = new Builder();
    Value x = b.parameter("x", type);
    Value y = b.call(callee, List.of(b.call(callee, List.of(x))));
    String text = Printer.print(new Function("main", List.of(x), List.of(y)));
    assertThat(text.lines().filter(l -> l.startsWith("callable")))
        .hasSize(3000)
        .startsWith("callable @f {", "callable @f.2 named f {");
    assertThat(Printer.print(Parser.parseFunction(text))).isEqualTo(text);
  }

  @Test
  void aStrayParameterIsShown() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.scalar(DType.F32));
    Value other = new Builder().parameter("x", TensorType.scalar(DType.F32));
    String text = Printer.print(new Function("f", List.of(x), List.of(b.add(x, other))));
    assertThat(text).contains("%\"x#2\": f32[] = parameter x\n");
    assertThat(Printer.print(Parser.parseFunction(text))).contains("parameter x\n");
  }

  @Test
  void aZeroSizeHasNoSymbols() {
    Dim none = Dim.of(0).times(Dim.of(RandomGraph.BATCH));
    Value x = new Builder().parameter("x", new TensorType(DType.F32, Shape.of(none)));
    assertThat(Printer.print(new Function("f", List.of(x), List.of(x)))).doesNotContain("batch");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          %1: f32[2] = negate(%y)               | 3:23: %y is not defined above
          %1: f32[3] = negate(%x)               | 3:3: %1 is f32[2], not f32[3]
          %1: bool[2] = not(%x)                 | 3:3: not: f32[2] is neither bool nor integer
          %1: f32[2] = negated(%x)              | 3:16: there is no op 'negated' of 1 operands
          %1: f32[2] = reverse(%x) axis=[0]     | 3:28: expected 'axes', not 'axis'
          %1: f32[2] = reverse(%x, %x) axes=[0] | 3:16: reverse takes 1 operands, not 2
          %1: f32[2] = reverse(%x) axes=[-1]    | 3:34: -1 is no axis
          %1: f32[n] = negate(%x)               | 3:11: symbol n is not declared above
          %1: f16[2] = negate(%x)               | 3:7: unknown element type: f16
          %1: f32[2] = call(%x) @f              | 3:25: callable @f is not declared above
          %x: f32[2] = negate(%x)               | 3:3: %x is defined twice
          %1: f32[2] = constant 1.              | 3:25: a malformed number
          %1: f32[99999999999999999999] = constant 1 | 3:11: '99999999999999999999' is no integer of 64 bits
          %1: f32[4294967296*4294967296] = constant 1 | 3:22: long overflow
          %1: f32[2] = reduce(%x) fn=sum axes=[]| 3:30: 'sum' is none of [add, multiply, maximum, minimum, and, or]
          %1: f32[2] = $                        | 3:16: unexpected character '$'
          %1: f32[2] = "negate                  | 3:16: a string without its closing quote
          """)
  void errorsNameTheirPlace(String line, String message) {
    String text =
        """
        function f {
          argument %x: f32[2]
          LINE
          result %x
        }
        """
            .replace("LINE", line);
    assertThatThrownBy(() -> Parser.parseFunction(text))
        .isInstanceOf(ParseException.class)
        .hasMessage(message);
  }

  /**
   * Whatever the text, the parser reads it or says where it cannot: no other exception leaves it.
   */
  @Test
  void damagedTextIsAnErrorNotACrash() {
    var random = new Random(1);
    String pieces = "{}()[]=:,*#%@x0-9 \n\"\\.e";
    int refused = 0;
    for (int i = 0; i < 3000; i++) {
      var text = new StringBuilder(PROGRAM);
      for (int k = random.nextInt(3); k >= 0; k--) {
        int at = random.nextInt(text.length());
        char c = pieces.charAt(random.nextInt(pieces.length()));
        switch (random.nextInt(4)) {
          case 0 -> text.deleteCharAt(at);
          case 1 -> text.insert(at, c);
          case 2 -> text.setCharAt(at, c);
          default -> text.setLength(at + 1);
        }
      }
      try {
        Parser.parseProgram(text.toString());
      } catch (ParseException e) {
        assertThat(e.line()).isBetween(1, 60);
        assertThat(e.column()).isPositive();
        refused++;
      }
    }
    assertThat(refused).isBetween(2000, 2999);
  }
}
