package modelc.passes.autodiff;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.ConvDims;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;
import org.junit.jupiter.api.Test;

class ContractionVjpTest {
  @Test
  void matrixProductsInEveryOrientation() {
    for (int xAxis = 0; xAxis < 2; xAxis++) {
      for (int yAxis = 0; yAxis < 2; yAxis++) {
        int cx = xAxis;
        int cy = yAxis;
        GradientCheck.of(
                (b, v) ->
                    b.dotGeneral(
                        List.of(), List.of(), List.of(cx), List.of(cy), v.get(0), v.get(1)),
                cx == 0 ? new long[] {5, 2} : new long[] {2, 5},
                cy == 0 ? new long[] {5, 3} : new long[] {3, 5})
            .check();
      }
    }
  }

  @Test
  void dotsOverAnyAxesInAnyOrder() {
    var random = new Random(3);
    for (int i = 0; i < 30; i++) {
      int batch = random.nextInt(3);
      int contract = random.nextInt(3);
      int xFree = random.nextInt(2);
      int yFree = random.nextInt(3);
      long[] sizes = {2, 3, 1, 2};
      List<Integer> xAxes = shuffled(batch + contract + xFree, random);
      List<Integer> yAxes = shuffled(batch + contract + yFree, random);
      long[] x = new long[xAxes.size()];
      long[] y = new long[yAxes.size()];
      for (int k = 0; k < xAxes.size(); k++) {
        x[xAxes.get(k)] = k < batch + contract ? sizes[k] : 2;
      }
      for (int k = 0; k < yAxes.size(); k++) {
        y[yAxes.get(k)] = k < batch + contract ? sizes[k] : 3 - k % 2;
      }
      GradientCheck.of(
              (b, v) ->
                  b.dotGeneral(
                      xAxes.subList(0, batch),
                      yAxes.subList(0, batch),
                      xAxes.subList(batch, batch + contract),
                      yAxes.subList(batch, batch + contract),
                      v.get(0),
                      v.get(1)),
              x,
              y)
          .seed(i)
          .check();
    }
  }

  private static List<Integer> shuffled(int n, Random random) {
    var axes = new ArrayList<Integer>();
    for (int i = 0; i < n; i++) {
      axes.add(i);
    }
    Collections.shuffle(axes, random);
    return axes;
  }

  @Test
  void gradientsOfPlainProductsNeedNoTranspose() {
    for (int yAxis = 0; yAxis < 2; yAxis++) {
      var b = new Builder();
      Value x = b.parameter("x", TensorType.of(DType.F64, 4, 5));
      Value w =
          b.parameter(
              "w", yAxis == 0 ? TensorType.of(DType.F64, 5, 3) : TensorType.of(DType.F64, 3, 5));
      Value y = b.dotGeneral(List.of(), List.of(), List.of(1), List.of(yAxis), x, w);
      Value loss = b.sum(List.of(0, 1), b.multiply(y, y));
      Function f =
          Autodiff.differentiate(
              new Function("f", List.of(x, w), List.of(b.gradient(loss, x), b.gradient(loss, w))));
      assertThat(Graph.topological(f.results())).noneMatch(v -> v.op() instanceof Op.Transpose);
    }
  }

  @Test
  void convolutionsOfEveryKind() {
    var random = new Random(11);
    int checked = 0;
    while (checked < 120) {
      if (convolution(random, 1 + random.nextInt(2), checked)) {
        checked++;
      }
    }
  }

  private static boolean convolution(Random random, int spatial, long seed) {
    long featureGroups = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 1;
    long batchGroups = featureGroups == 1 && random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 1;
    List<Integer> inputAxes = shuffled(spatial + 2, random);
    List<Integer> kernelAxes = shuffled(spatial + 2, random);
    List<Integer> outputAxes = shuffled(spatial + 2, random);
    long perGroup = 1 + random.nextInt(2);
    long[] x = new long[spatial + 2];
    long[] k = new long[spatial + 2];
    x[inputAxes.get(0)] = batchGroups * (1 + random.nextInt(2));
    x[inputAxes.get(1)] = featureGroups * perGroup;
    k[kernelAxes.get(0)] = perGroup;
    k[kernelAxes.get(1)] = featureGroups * batchGroups * (1 + random.nextInt(2));
    var size = new ArrayList<Long>();
    var stride = new ArrayList<Long>();
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    var base = new ArrayList<Long>();
    var dilation = new ArrayList<Long>();
    for (int i = 0; i < spatial; i++) {
      x[inputAxes.get(2 + i)] = 1 + random.nextInt(5);
      size.add(1L + random.nextInt(3));
      k[kernelAxes.get(2 + i)] = size.get(i);
      stride.add(1L + random.nextInt(3));
      low.add(random.nextInt(5) - 2L);
      high.add(random.nextInt(5) - 2L);
      base.add(1L + random.nextInt(2));
      dilation.add(1L + random.nextInt(2));
    }
    var window = new Window(size, stride, low, high, base, dilation);
    for (int i = 0; i < spatial; i++) {
      if (window.outputSize(i, x[inputAxes.get(2 + i)]) == 0) {
        return false;
      }
    }
    var dims =
        new ConvDims(
            inputAxes.get(0),
            inputAxes.get(1),
            inputAxes.subList(2, spatial + 2),
            kernelAxes.get(0),
            kernelAxes.get(1),
            kernelAxes.subList(2, spatial + 2),
            outputAxes.get(0),
            outputAxes.get(1),
            outputAxes.subList(2, spatial + 2));
    boolean reversal = random.nextInt(3) == 0;
    GradientCheck.of(
            (b, v) ->
                b.convolution(
                    window, dims, reversal, featureGroups, batchGroups, v.get(0), v.get(1)),
            x,
            k)
        .seed(seed)
        .check();
    return true;
  }

  @Test
  void aConvolutionOverTheBatch() {
    var batch = new Symbol("batch", 5);
    var x = new TensorType(DType.F64, Shape.of(Dim.of(batch), Dim.of(2), Dim.of(5), Dim.of(4)));
    var k = TensorType.of(DType.F64, 3, 2, 2, 3);
    Window w = Window.of(List.of(2L, 3L)).withStride(List.of(2L, 1L));
    GradientCheck.of(
            List.of(x, k),
            (b, v) -> b.convolution(w, ConvDims.standard(2), false, 1, 1, v.get(0), v.get(1)))
        .where(batch, 3)
        .check();
  }

  @Test
  void gradientsOfAPlainConvolutionAreConvolutionsAlone() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F64, 2, 3, 8, 8));
    Value k = b.parameter("k", TensorType.of(DType.F64, 4, 3, 3, 3));
    Window w = Window.of(List.of(3L, 3L)).withStride(List.of(2L, 2L));
    Value y = b.convolution(w, ConvDims.standard(2), false, 1, 1, x, k);
    Value weights = b.parameter("weights", y.type());
    Value loss = b.sum(List.of(0, 1, 2, 3), b.multiply(y, weights));
    Function f =
        Autodiff.differentiate(
            new Function(
                "f", List.of(x, k, weights), List.of(b.gradient(loss, x), b.gradient(loss, k))));
    assertThat(f.results()).allMatch(v -> v.op() instanceof Op.Convolution);
    var dx = (Op.Convolution) f.results().get(0).op();
    assertThat(dx.window().baseDilation()).containsExactly(2L, 2L);
    assertThat(dx.reversal()).isTrue();
    var dk = (Op.Convolution) f.results().get(1).op();
    assertThat(dk.window().windowDilation()).containsExactly(2L, 2L);
    assertThat(dk.window().size()).containsExactly(3L, 3L);
  }

  /** What lies between the elements of x is never multiplied, in either gradient. */
  @Test
  void gradientsOfATransposedConvolutionSkipTheZeros() {
    var b = new Builder();
    Value x = b.parameter("x", TensorType.of(DType.F64, 2, 4, 5, 5));
    Value k = b.parameter("k", TensorType.of(DType.F64, 6, 2, 3, 3));
    Window w =
        Window.of(List.of(3L, 3L))
            .withBaseDilation(List.of(2L, 2L))
            .withPadding(List.of(1L, 1L), List.of(1L, 1L));
    Value y = b.convolution(w, ConvDims.standard(2), true, 2, 1, x, k);
    Value weights = b.parameter("weights", y.type());
    Value loss = b.sum(List.of(0, 1, 2, 3), b.multiply(y, weights));
    Function f =
        Autodiff.differentiate(
            new Function(
                "f", List.of(x, k, weights), List.of(b.gradient(loss, x), b.gradient(loss, k))));
    var convolutions =
        Graph.topological(f.results()).stream()
            .filter(v -> v.op() instanceof Op.Convolution)
            .map(v -> ((Op.Convolution) v.op()).window().baseDilation())
            .toList();
    assertThat(convolutions).hasSize(2).containsOnly(List.of(1L, 1L));
    GradientCheck.of(
            (c, v) -> c.convolution(w, ConvDims.standard(2), true, 2, 1, v.get(0), v.get(1)),
            new long[] {2, 4, 5, 5},
            new long[] {6, 2, 3, 3})
        .check();
  }
}
