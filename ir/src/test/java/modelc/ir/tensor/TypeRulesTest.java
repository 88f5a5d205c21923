package modelc.ir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The type of each op, and what each refuses. Cases are lines of the text form over operands {@code
 * %f, %i ...}.
 */
class TypeRulesTest {
  private static final String OPERANDS =
      """
      symbol batch max 64
      symbol time max 8
      callable @relu {
        body relu {
          argument %x: f32[2,3]
          result %x
        }
      }
      callable @pair {
        body pair {
          argument %x: f32[2,3]
          result %x
          result %x
        }
      }
      function f {
        argument %f: f32[2,3]
        argument %g: f32[3,2]
        argument %d: f64[2,3]
        argument %i: i32[2,3]
        argument %p: bool[2,3]
        argument %key: i32[2]
        argument %loss: f32[]
        argument %n: f32[0,3]
        argument %b: f32[batch,3]
        argument %bt: f32[batch,time,4]
        argument %bp: bool[batch,3]
        argument %x: f32[batch,6,8,8]
        argument %w: f32[12,3,3,3]
        argument %v: f32[2,6,8,8]
        argument %huge: f32[1,1,1,1]
        %1: TYPE = OP
        result %1
      }
      """;

  private static TensorType infer(String type, String op) {
    return Parser.parseFunction(OPERANDS.replace("TYPE", type).replace("OP", op))
        .results()
        .getFirst()
        .type();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          f32[batch,4]     | constant 0.5
          i32[2]           | dense [1, -2]
          i64[1]           | dense [9.223372036854775807e18]
          i32[batch,3]     | iota axis=0
          f64[3]           | iota axis=0
          i32[batch,5]     | random_bits(%key)
          i32[2,3]         | negate(%i)
          f32[batch,3]     | exp(%b)
          bool[batch,3]    | is_finite(%b)
          bool[2,3]        | not(%p)
          i32[2,3]         | not(%i)
          f32[batch,3]     | add(%b, %b)
          bool[2,3]        | xor(%p, %p)
          i32[2,3]         | shift_left(%i, %i)
          bool[batch,3]    | compare(%b, %b) fn=lt
          bool[2,3]        | compare(%p, %p) fn=eq
          f32[batch,3]     | select(%bp, %b, %b)
          i64[batch,3]     | convert(%b)
          f32[3,batch]     | reshape(%b)
          f32[3*batch]     | reshape(%b)
          f32[4*batch*time]| reshape(%bt)
          f32[2,time,2*batch] | reshape(%bt)
          f32[batch*0,9]   | reshape(%n)
          f32[4,batch,time]| transpose(%bt) permutation=[2,0,1]
          f32[]            | transpose(%loss) permutation=[]
          f32[time,batch,3]| broadcast(%b) axes=[1,2]
          f32[2,batch,1,1] | broadcast(%loss) axes=[]
          f32[7,batch,1,1] | broadcast(%huge) axes=[0,1,2,3]
          f32[batch,2]     | slice(%b) start=[0,1] limit=[batch,3] stride=[1,1]
          f32[1,1]         | slice(%f) start=[1,0] limit=[2,3] stride=[1,3]
          f32[0,2]         | slice(%f) start=[2,0] limit=[2,3] stride=[1,2]
          f32[batch,6]     | pad(%b) low=[0,1] high=[0,-2] interior=[0,2] value=0
          f32[5,3]         | pad(%n) low=[5,0] high=[0,0] interior=[9,0] value=0
          f32[2*batch,3]   | concatenate(%b, %b) axis=0
          f32[batch,6]     | concatenate(%b, %b) axis=1
          f32[2,3]         | concatenate(%n, %f) axis=0
          f32[batch,3]     | reverse(%b) axes=[1,0]
          f32[2,3,3]       | gather(%b, %i) axis=0
          f32[batch,2]     | gather(%b, %key) axis=1
          f32[batch,3]     | scatter_add(%b, %i, %4) axis=0
          f32[batch]       | reduce(%b) fn=add axes=[1]
          f32[batch,3]     | cumulative_sum(%b) axis=0
          f32[time]        | reduce(%bt) fn=maximum axes=[0,2]
          bool[3]          | reduce(%p) fn=and axes=[0]
          f32[2,3]         | reduce(%f) fn=add axes=[]
          f32[2,2]         | dot_general(%f, %g) batch=[]x[] contract=[1]x[0]
          f32[3,3]         | dot_general(%b, %b) batch=[]x[] contract=[0]x[0]
          f32[batch,time,4,time,4] | dot_general(%bt, %bt) batch=[0]x[0] contract=[]x[]
          f32[batch,12,6,6]| convolution(%x, %w) window={size=[3,3] stride=[1,1] pad=[0:0,0:0]} dims=[b,f,0,1]x[o,i,0,1]->[b,f,0,1] feature_groups=2
          f32[1,12,4,5]    | convolution(%v, %w6) window={size=[3,3] stride=[2,1] pad=[1:0,-1:0]} dims=[b,f,0,1]x[o,i,0,1]->[b,f,0,1] batch_groups=2
          f32[6,6,8,8]     | convolution(%x, %x) window={size=[8,8] stride=[1,1] pad=[7:0,0:7]} dims=[f,b,0,1]x[i,o,0,1]->[b,f,0,1]
          f32[batch,6,4,3] | reduce_window(%x) fn=maximum window={size=[1,1,2,3] stride=[1,1,2,2] pad=[0:0,0:0,0:0,0:0]}
          f32[batch,6,8,8] | select_and_scatter(%x, %pooled) window={size=[1,1,2,2] stride=[1,1,2,2] pad=[0:0,0:0,0:0,0:0]}
          f32[batch,3]     | stop_gradient(%b)
          f32[2,3]         | call(%f) @relu
          f32[batch,3]     | gradient(%loss, %b)
          """)
  void infers(String type, String op) {
    String extra =
        """
            %4: f32[2,3,3] = constant 1
            %w6: f32[12,6,3,3] = constant 1
            %pooled: f32[batch,6,4,4] = constant 1
            %1: TYPE""";
    String text = OPERANDS.replace("  %1: TYPE", extra).replace("TYPE", type).replace("OP", op);
    // The text form states the type and the parser compares it with the inferred one.
    assertThat(Parser.parseFunction(text).results()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          bool[2] | constant 2                     | constant: 2.0 is no bool[2]
          i32[]   | constant 0.5                   | constant: 0.5 is no i32[]
          i32[]   | constant 2147483648            | constant: 2.147483648E9 is no i32[]
          i32[2]  | dense [1]                      | dense: i32[2] has 2 elements, not 1
          i32[batch] | dense [1]                   | dense: i32[batch] has sizes known only at run time
          i32[1]  | dense [nan]                    | dense: NaN is no element of i32[1]
          i32[]   | iota axis=0                    | iota: i32[] has no axis 0
          bool[2] | iota axis=0                    | iota: bool[2] is not numeric
          i32[2]  | random_bits(%f)                | random_bits: a key is i32[2], not f32[2,3]
          f32[2]  | negate(%p)                     | negate: bool[2,3] is not numeric
          f32[2]  | tanh(%i)                       | tanh: i32[2,3] is not float
          f32[2]  | is_finite(%i)                  | is_finite: i32[2,3] is not float
          f32[2]  | not(%f)                        | not: f32[2,3] is neither bool nor integer
          f32[2]  | add(%f, %g)                    | add: f32[2,3] and f32[3,2] differ
          f32[2]  | add(%f, %d)                    | add: f32[2,3] and f64[2,3] differ
          f32[2]  | multiply(%p, %p)               | multiply: bool[2,3] is not numeric
          f32[2]  | or(%f, %f)                     | or: f32[2,3] is neither bool nor integer
          f32[2]  | shift_right_logical(%p, %p)    | shift_right_logical: bool[2,3] is not integer
          f32[2]  | compare(%f, %i) fn=eq          | compare: f32[2,3] and i32[2,3] differ
          f32[2]  | select(%i, %f, %f)             | select: the predicate is bool, not i32[2,3]
          f32[2]  | select(%p, %f, %d)             | select: f32[2,3] and f64[2,3] differ
          f32[2]  | select(%p, %g, %g)             | select: the predicate bool[2,3] and f32[3,2] differ in shape
          f32[7]  | reshape(%f)                    | reshape: f32[2,3] has 6 elements, [7] has 7
          f32[6]  | reshape(%b)                    | reshape: f32[batch,3] has 3*batch elements, [6] has 6
          f32[3*time] | reshape(%b)                | reshape: f32[batch,3] has 3*batch elements, [3*time] has 3*time
          f32[4294967296,2147483648] | reshape(%f) | reshape: a size overflows
          f32[2]  | transpose(%f) permutation=[0]  | transpose: [0] is no permutation of f32[2,3]'s axes
          f32[2]  | transpose(%f) permutation=[0,0]| transpose: axis 0 of f32[2,3] twice in [0, 0]
          f32[2]  | transpose(%f) permutation=[0,2]| transpose: f32[2,3] has no axis 2
          f32[4,2]| broadcast(%f) axes=[1]         | broadcast: f32[2,3] needs 2 axes, not [1]
          f32[2,4]| broadcast(%f) axes=[0,1]       | broadcast: axis 1 of f32[2,3] does not stretch to 4
          f32[3,2]| broadcast(%f) axes=[1,0]       | broadcast: axes [1, 0] of f32[3,2] do not ascend
          f32[5,3]| broadcast(%b) axes=[0,1]       | broadcast: axis 0 of f32[batch,3] does not stretch to 5
          f32[2]  | slice(%f) start=[0] limit=[2] stride=[1] | slice: f32[2,3] needs 2 starts, limits and strides, not [0] [2] [1]
          f32[2]  | slice(%f) start=[0,0] limit=[2,4] stride=[1,1] | slice: 0 to 4 is not within axis 1 of f32[2,3]
          f32[2]  | slice(%f) start=[-1,0] limit=[2,3] stride=[1,1] | slice: -1 to 2 is not within axis 0 of f32[2,3]
          f32[2]  | slice(%f) start=[0,0] limit=[2,3] stride=[1,0] | slice: stride 0 on axis 1 of f32[2,3]
          f32[2]  | slice(%b) start=[0,0] limit=[5,3] stride=[1,1] | slice: axis 0 of f32[batch,3] is known only at run time and must be taken whole
          f32[2]  | slice(%b) start=[0,0] limit=[batch,3] stride=[2,1] | slice: axis 0 of f32[batch,3] is known only at run time and must be taken whole
          f32[2]  | pad(%f) low=[0] high=[0,0] interior=[0,0] value=0 | pad: f32[2,3] needs 2 amounts low, high and interior, not [0] [0, 0] [0, 0]
          f32[2]  | pad(%f) low=[0,-2] high=[0,-2] interior=[0,0] value=0 | pad: -2:-2 crops more than axis 1 of f32[2,3] has
          f32[2]  | pad(%f) low=[0,0] high=[0,0] interior=[0,-1] value=0 | pad: interior -1 on axis 1 of f32[2,3]
          f32[2]  | pad(%i) low=[0,0] high=[0,0] interior=[0,0] value=inf | pad: Infinity is no element of i32[2,3]
          f32[2]  | pad(%b) low=[1,0] high=[0,0] interior=[0,0] value=0 | pad: axis 0 of f32[batch,3] is known only at run time and cannot be padded
          f32[2]  | pad(%f) low=[9223372036854775807,0] high=[0,0] interior=[0,0] value=0 | pad: a size overflows
          f32[2]  | concatenate() axis=0           | concatenate: nothing to concatenate
          f32[2]  | concatenate(%f, %g) axis=0     | concatenate: f32[2,3] and f32[3,2] differ off axis 0
          f32[2]  | concatenate(%f, %d) axis=0     | concatenate: f32[2,3] and f64[2,3] differ off axis 0
          f32[2]  | concatenate(%f, %loss) axis=0  | concatenate: f32[2,3] and f32[] differ off axis 0
          f32[2]  | concatenate(%f, %b) axis=0     | concatenate: sizes 2 and batch of axis 0 do not add up
          f32[2]  | reverse(%f) axes=[0,0]         | reverse: axis 0 of f32[2,3] twice in [0, 0]
          f32[2]  | gather(%f, %d) axis=0          | gather: indices are i32, not f64[2,3]
          f32[2]  | gather(%f, %i) axis=2          | gather: f32[2,3] has no axis 2
          f32[2]  | gather(%n, %i) axis=0          | gather: axis 0 of f32[0,3] has nothing for i32[2,3] to take
          f32[2]  | scatter_add(%f, %key, %g) axis=0 | scatter_add: updates of f32[2,3] at i32[2] along axis 0 are f32[2,3], not f32[3,2]
          f32[2]  | scatter_add(%p, %key, %p) axis=0 | scatter_add: bool[2,3] is not numeric
          f32[2]  | cumulative_sum(%f) axis=2      | cumulative_sum: f32[2,3] has no axis 2
          f32[2]  | cumulative_sum(%p) axis=0      | cumulative_sum: bool[2,3] is not numeric
          f32[2]  | reduce(%f) fn=add axes=[1,0]   | reduce: axes [1, 0] of f32[2,3] do not ascend
          f32[2]  | reduce(%p) fn=add axes=[0]     | reduce: no add of bool[2,3]
          f32[2]  | reduce(%f) fn=or axes=[0]      | reduce: no or of f32[2,3]
          f32[2]  | dot_general(%f, %f) batch=[]x[] contract=[1]x[0] | dot_general: axis 1 of f32[2,3] and axis 0 of f32[2,3] differ
          f32[2]  | dot_general(%f, %d) batch=[]x[] contract=[1]x[1] | dot_general: f32[2,3] and f64[2,3] differ in element type
          f32[2]  | dot_general(%p, %p) batch=[]x[] contract=[1]x[1] | dot_general: bool[2,3] is not numeric
          f32[2]  | dot_general(%f, %f) batch=[0]x[0] contract=[0]x[0] | dot_general: axis 0 of f32[2,3] twice in [0, 0]
          f32[2]  | dot_general(%f, %f) batch=[]x[0] contract=[0,1]x[1] | dot_general: batch axes [], [0] and contracted axes [0, 1], [1] of f32[2,3] and f32[2,3] do not pair up
          f32[2]  | reduce_window(%f) fn=add window={size=[2] stride=[1] pad=[0:0]} | reduce_window: Window[size=[2], stride=[1], padLow=[0], padHigh=[0], baseDilation=[1], windowDilation=[1]] does not cover 2 axes of f32[2,3]
          f32[2]  | reduce_window(%f) fn=add window={size=[1,0] stride=[1,1] pad=[0:0,0:0]} | reduce_window: window [1, 0] over f32[2,3]
          f32[2]  | reduce_window(%b) fn=add window={size=[2,1] stride=[1,1] pad=[0:0,0:0]} | reduce_window: axis 0 of f32[batch,3] is known only at run time: no window over it
          f32[2]  | reduce_window(%b) fn=add window={size=[1,1] stride=[1,1] pad=[1:0,0:0]} | reduce_window: axis 0 of f32[batch,3] is known only at run time: no window over it
          f32[2]  | reduce_window(%p) fn=maximum window={size=[1,1] stride=[1,1] pad=[0:0,0:0]} | reduce_window: no maximum of bool[2,3]
          f32[2]  | select_and_scatter(%f, %f) window={size=[1,2] stride=[1,1] pad=[0:0,0:0]} | select_and_scatter: the windows of f32[2,3] give f32[2,2], not f32[2,3]
          f32[2]  | select_and_scatter(%f, %f) window={size=[1,1] stride=[1,1] pad=[0:0,0:0] window_dilation=[1,2]} | select_and_scatter: no dilation over f32[2,3]
          f32[2]  | select_and_scatter(%p, %p) window={size=[1,1] stride=[1,1] pad=[0:0,0:0]} | select_and_scatter: bool[2,3] is not numeric
          f32[2]  | call(%g) @relu                 | call: relu takes [f32[2,3]], not [f32[3,2]]
          f32[2]  | call(%f, %f) @relu             | call: relu takes [f32[2,3]], not [f32[2,3], f32[2,3]]
          f32[2]  | call(%f) @pair                 | call: pair has 2 results, not one
          f32[2]  | gradient(%f, %b)               | gradient: the loss is a float scalar, not f32[2,3]
          f32[2]  | gradient(%loss, %i)            | gradient: i32[2,3] is not float
          f32[4611686018427387904] | constant 0    | constant: a size overflows
          f32[batch,1152921504606846976] | constant 0 | constant: a size overflows
          """)
  void refuses(String type, String op, String message) {
    assertThatThrownBy(() -> infer(type, op)).hasMessageContaining(": " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          size=[3,3] stride=[1,1] pad=[0:0,0:0]| [b,f,0,1]x[o,i,0,1]->[b,f,0,1] | kernel f32[12,3,3,3] takes 3 features, f32[batch,6,8,8] has 6 a group
          size=[3,2] stride=[1,1] pad=[0:0,0:0]| [b,f,0,1]x[o,i,0,1]->[b,f,0,1] feature_groups=2 | window [3, 2] is not the spatial size of the kernel f32[12,3,3,3]
          size=[3,3] stride=[1,0] pad=[0:0,0:0]| [b,f,0,1]x[o,i,0,1]->[b,f,0,1] feature_groups=2 | a size below 0, or a stride or dilation below 1
          size=[3,3] stride=[1,1] pad=[0:0,0:0] base_dilation=[0,1] | [b,f,0,1]x[o,i,0,1]->[b,f,0,1] feature_groups=2 | a size below 0, or a stride or dilation below 1
          size=[3] stride=[1] pad=[0:0]        | [b,f,0,1]x[o,i,0,1]->[b,f,0,1] feature_groups=2 | does not cover 2 axes of f32[batch,6,8,8]
          size=[3] stride=[1] pad=[0:0]        | [b,f,0]x[o,i,0]->[b,f,0] | f32[batch,6,8,8] and f32[12,3,3,3] do not have the 1 spatial axes of
          size=[3,3] stride=[1,1] pad=[0:0,0:0]| [b,f,0,1]x[o,i,0,1]->[b,f,0,1] feature_groups=4 | axis 1 of f32[batch,6,8,8] is not divisible into 4 feature groups
          size=[3,3] stride=[1,1] pad=[0:0,0:0]| [b,f,0,1]x[o,i,0,1]->[b,f,0,1] feature_groups=0 | 0 feature groups over f32[batch,6,8,8]
          size=[3,3] stride=[1,1] pad=[0:0,0:0]| [b,f,0,1]x[o,i,0,1]->[b,f,0,1] batch_groups=2 | axis 0 of f32[batch,6,8,8] is not divisible into 2 batch groups
          size=[3,3] stride=[1,1] pad=[0:0,0:0]| [b,f,0,1]x[o,i,0,1]->[b,f,0,1] feature_groups=2 batch_groups=2 | 2 feature groups and 2 batch groups over f32[batch,6,8,8] and f32[12,3,3,3]: one of them is 1
          size=[3,3] stride=[1,1] pad=[0:0,0:0]| [0,f,b,1]x[o,i,0,1]->[b,f,0,1] feature_groups=2 | spatial axis 0 of f32[batch,6,8,8] and f32[12,3,3,3] is not constant
          """)
  void refusesConvolutions(String window, String dims, String message) {
    String op = "convolution(%x, %w) window={" + window + "} dims=" + dims;
    assertThatThrownBy(() -> infer("f32[1]", op))
        .hasMessageContaining(": convolution: ")
        .hasMessageContaining(message);
  }

  @Test
  void aConvolutionsAxesAreDifferent() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F32, 1, 1, 4));
    ConvDims twice = new ConvDims(0, 0, List.of(2), 0, 1, List.of(2), 0, 1, List.of(2));
    assertThatThrownBy(() -> b.convolution(Window.of(List.of(4L)), twice, false, 1, 1, x, x))
        .isInstanceOf(IllTypedException.class)
        .hasMessage("convolution: axis 0 of f32[1,1,4] twice in [0, 0, 2]");
  }

  @Test
  void kernelGroupsMustDivideTheOutputFeatures() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F32, 2, 2));
    Value k = b.parameter("k", TensorType.of(DType.F32, 3, 1));
    assertThatThrownBy(
            () -> b.convolution(Window.of(List.of()), ConvDims.standard(0), false, 2, 1, x, k))
        .hasMessage("convolution: axis 0 of f32[3,1] is not divisible into 2 feature groups");
  }

  @Test
  void theBuilderGivesOneValueForOneOp() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F32, 2));
    assertThat(b.add(x, x)).isSameAs(b.add(x, x)).isNotSameAs(b.multiply(x, x));
    assertThat(b.constant(x.type(), 0.0)).isNotSameAs(b.constant(x.type(), -0.0));
    TensorType ints = TensorType.of(DType.I32, 2);
    assertThat(b.constant(ints, 0.0)).isSameAs(b.constant(ints, -0.0));
  }

  @Test
  void sizesOfTheSameSymbolAddUp() {
    var b = new Builder();
    Dim batch = Dim.of(new Symbol("batch", 64));
    Value x = b.parameter("x", new TensorType(DType.F32, Shape.of(batch.times(3))));
    Value y = b.parameter("y", new TensorType(DType.F32, Shape.of(batch)));
    assertThat(b.concatenate(0, List.of(x, y)).type()).hasToString("f32[4*batch]");
  }
}
