package modelc.passes.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Callable;
import modelc.ir.tensor.ConvDims;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;
import modelc.passes.autodiff.Autodiff;
import org.junit.jupiter.api.Test;

class CostsTest {
  private static final Symbol BATCH = new Symbol("batch", 1024);

  /** LeNet-5 by hand: three convolutions, two average poolings, two dense layers. */
  private static final class LeNet {
    final Builder b = new Builder();
    final Value image =
        b.parameter(
            "image",
            new TensorType(DType.F32, Shape.of(Dim.of(BATCH), Dim.of(1), Dim.of(32), Dim.of(32))));
    final List<Value> weights =
        List.of(
            weight("conv1", 6, 1, 5, 5),
            weight("conv2", 16, 6, 5, 5),
            weight("conv3", 120, 16, 5, 5),
            weight("fc1", 84, 120),
            weight("fc2", 10, 84));
    final Value logits;

    LeNet() {
      Value h = convolution(image, weights.get(0));
      h = convolution(pool(h), weights.get(1));
      h = convolution(pool(h), weights.get(2));
      h = b.reshape(Shape.of(Dim.of(BATCH), Dim.of(120)), h);
      h = b.unary(UnaryFn.TANH, dense(h, weights.get(3)));
      logits = dense(h, weights.get(4));
    }

    private Value weight(String name, long... shape) {
      return b.parameter(name, TensorType.of(DType.F32, shape));
    }

    private Value convolution(Value x, Value w) {
      Window window = Window.of(List.of(5L, 5L));
      return b.unary(UnaryFn.TANH, b.convolution(window, ConvDims.standard(2), false, 1, 1, x, w));
    }

    private Value pool(Value x) {
      Window window = Window.of(List.of(1L, 1L, 2L, 2L)).withStride(List.of(1L, 1L, 2L, 2L));
      Value sum = b.reduceWindow(ReduceFn.ADD, window, x);
      return b.multiply(sum, b.constantLike(sum, 0.25));
    }

    private Value dense(Value x, Value w) {
      return b.dotGeneral(List.of(), List.of(), List.of(1), List.of(1), x, w);
    }

    List<Value> parameters() {
      return java.util.stream.Stream.concat(java.util.stream.Stream.of(image), weights.stream())
          .toList();
    }
  }

  @Test
  void leNetForwardTakes833040Flops() {
    var net = new LeNet();
    var f = new Function("infer", net.parameters(), List.of(net.logits));
    assertThat(Costs.of(f, Map.of(BATCH, 1L)).flops()).isEqualTo(833_040);
    assertThat(Costs.of(f, Map.of(BATCH, 64L)).flops()).isEqualTo(64 * 833_040);
  }

  @Test
  void aTrainingStepTakesTwiceTheForwardPassMoreButForTheFirstInputGradient() {
    var net = new LeNet();
    List<Integer> axes = IntStream.range(0, 2).boxed().toList();
    Value loss = net.b.sum(axes, net.b.multiply(net.logits, net.logits));
    List<Value> gradients = net.weights.stream().map(w -> net.b.gradient(loss, w)).toList();
    Function f = Autodiff.differentiate(new Function("train", net.parameters(), gradients));
    long firstLayer = 2L * 6 * 28 * 28 * 25;
    assertThat(Costs.of(f, Map.of(BATCH, 1L)).flops()).isEqualTo(3 * 833_040 - firstLayer);
  }

  @Test
  void stridedAndGroupedConvolutionsCostBackwardWhatTheyCostForward() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F32, 2, 6, 11, 9));
    Value k = b.parameter("k", TensorType.of(DType.F32, 8, 3, 3, 3));
    Window w = Window.of(List.of(3L, 3L)).withStride(List.of(2L, 3L));
    Value y = b.convolution(w, ConvDims.standard(2), false, 2, 1, x, k);
    Value loss = b.sum(List.of(0, 1, 2, 3), b.multiply(y, y));
    var forward = new Function("f", List.of(x, k), List.of(y));
    var both = new Function("g", List.of(x, k), List.of(b.gradient(loss, x), b.gradient(loss, k)));
    long once = 2L * 2 * 8 * 5 * 3 * 3 * 9;
    assertThat(Costs.of(forward, Map.of()).flops()).isEqualTo(once);
    assertThat(Costs.of(Autodiff.differentiate(both), Map.of()).flops()).isEqualTo(3 * once);
  }

  @Test
  void paddingCountsInTheForwardPass() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F32, 1, 1, 4));
    Value k = b.parameter("k", TensorType.of(DType.F32, 1, 1, 3));
    Window full = Window.of(List.of(3L)).withPadding(List.of(2L), List.of(2L));
    Value y = b.convolution(full, ConvDims.standard(1), false, 1, 1, x, k);
    assertThat(Costs.of(new Function("f", List.of(x, k), List.of(y)), Map.of()).flops())
        .isEqualTo(2 * 6 * 3);
  }

  @Test
  void bytesAreOperandsAndResultsOfEveryOpButConstantsAndViews() {
    var b = new Builder();
    Value x = b.parameter("x", new TensorType(DType.F32, Shape.of(Dim.of(BATCH), Dim.of(10))));
    Value y = b.unary(UnaryFn.EXP, b.multiply(x, b.constantLike(x, 2)));
    Value z = b.sum(List.of(0), b.reshape(Shape.of(Dim.of(BATCH).times(10)), y));
    Costs costs = Costs.of(new Function("f", List.of(x), List.of(z)), Map.of(BATCH, 3L));
    assertThat(costs.bytesRead()).isEqualTo(3 * 120);
    assertThat(costs.bytesWritten()).isEqualTo(120 + 120 + 4);
    assertThat(costs.flops()).isZero();
    assertThat(costs.ops()).extracting(Costs.OpCost::bytesWritten).containsExactly(120L, 120L, 4L);
    // x stays; of the products and the exponentials both are held while one becomes the other.
    assertThat(costs.peakBytes()).isEqualTo(3 * 120);
  }

  @Test
  void callsCostWhatTheirBodiesDo() {
    var inner = new Builder();
    Value p = inner.parameter("p", TensorType.of(DType.F32, 4, 4));
    Value square = inner.dotGeneral(List.of(), List.of(), List.of(1), List.of(0), p, p);
    var callee =
        new Callable("square", new Function("square", List.of(p), List.of(square)), null, null);
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F32, 4, 4));
    Value y = b.call(callee, List.of(b.call(callee, List.of(x))));
    assertThat(Costs.of(new Function("f", List.of(x), List.of(y)), Map.of()).flops())
        .isEqualTo(2 * 128);
  }

  @Test
  void anUpdateInPlaceIsHeldOnce() {
    var b = new Builder();
    Value w = b.parameter("w", TensorType.of(DType.F32, 100));
    Value next = b.multiply(w, b.constantLike(w, 0.9));
    var argument = new Entry.Argument("w", Entry.Kind.PARAMETER, w);
    Value loss = b.sum(List.of(0), b.unary(UnaryFn.EXP, w));
    var entry =
        new Entry(
            "train",
            List.of(argument),
            List.of(
                new Entry.Result("w", Entry.Kind.PARAMETER, next, OptionalInt.of(0)),
                new Entry.Result("loss", Entry.Kind.LOSS, loss, OptionalInt.empty())));
    Costs inPlace = Costs.of(entry, Map.of());
    Costs copied = Costs.of(entry.function(), Map.of());
    assertThat(inPlace.peakBytes()).isEqualTo(400 + 400 + 4);
    assertThat(copied.peakBytes()).isEqualTo(400 + 400 + 400 + 4);
  }

  @Test
  void gradientsAndUnknownSizesAreRefused() {
    var b = new Builder();
    Value x = b.parameter("x", new TensorType(DType.F32, Shape.of(Dim.of(BATCH))));
    Value loss = b.sum(List.of(0), x);
    var f = new Function("f", List.of(x), List.of(loss));
    assertThatThrownBy(() -> Costs.of(f, Map.of())).hasMessageContaining("batch");
    var g = new Function("g", List.of(x), List.of(b.gradient(loss, x)));
    assertThatThrownBy(() -> Costs.of(g, Map.of(BATCH, 2L))).hasMessageContaining("autodiff");
  }
}
