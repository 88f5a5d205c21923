package modelc.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LineChartTest {
  private static final Pattern POINTS = Pattern.compile("points=\"([^\"]*)\"");

  private static String chart(double... y) {
    double[] x = IntStream.rangeClosed(1, y.length).asDoubleStream().toArray();
    return LineChart.figure("loss", "epoch", "loss", List.of(curve(x, y)));
  }

  private static LineChart.Curve curve(double[] x, double[] y) {
    return new LineChart.Curve("training", "a", x, y);
  }

  private static List<Integer> lengths(String svg) {
    return POINTS.matcher(svg).results().map(m -> m.group(1).split(" ").length).toList();
  }

  private static long circles(String svg) {
    return Pattern.compile("<circle").matcher(svg).results().count();
  }

  @Test
  void aCurveHasItsPointsInside() {
    String svg = chart(2.5, 1.25, 0.5);
    assertThat(lengths(svg)).containsExactly(3);
    assertThat(circles(svg)).isEqualTo(3);
    assertThat(svg).contains("epoch 2: training 1.2500", ">epoch<", ">loss<");
    String[] points = POINTS.matcher(svg).results().findFirst().orElseThrow().group(1).split(" ");
    // Larger is higher, and all lie between the axes.
    double[] heights =
        Arrays.stream(points).mapToDouble(p -> Double.parseDouble(p.split(",")[1])).toArray();
    assertThat(heights[0]).isLessThan(heights[1]);
    assertThat(heights[1]).isLessThan(heights[2]);
    assertThat(DoubleStream.of(heights)).allMatch(h -> h >= 10 && h <= 220);
  }

  @Test
  void whatIsNotFiniteLeavesAGap() {
    String svg = chart(3, 2, Double.NaN, 1, Double.POSITIVE_INFINITY, 0.5, 0.4, 0.3);
    assertThat(lengths(svg)).containsExactly(2, 3);
    assertThat(circles(svg)).isEqualTo(6);
    assertThat(svg).doesNotContain("NaN", "Infinity");
  }

  @Test
  void noPointsOrOneMakeAChartToo() {
    assertThat(chart(Double.NaN)).doesNotContain("NaN", "<circle", "<polyline");
    String one = chart(0.75);
    assertThat(circles(one)).isEqualTo(1);
    assertThat(one).doesNotContain("<polyline", "NaN");
    assertThat(LineChart.figure("t", "epoch", "t", List.of())).contains("</svg>");
  }

  @Test
  void manyPointsAreThinnedAndTheLastIsKept() {
    double[] y = IntStream.range(0, 10_000).mapToDouble(i -> 10_000 - i).toArray();
    String svg = chart(y);
    assertThat(lengths(svg).getFirst()).isBetween(300, 601);
    assertThat(circles(svg)).isZero();
    assertThat(svg).contains("468.0,220.0\""); // the last, lowest point, at the right
  }

  @Test
  void namesCannotBecomeMarkup() {
    var curve = new LineChart.Curve("<script>", "a", new double[] {1}, new double[] {1});
    assertThat(LineChart.figure("<b>\"'", "epoch", "<i>", List.of(curve)))
        .doesNotContain("<script>", "<b>\"", "<i>")
        .contains("&lt;script&gt;", "&lt;b&gt;&quot;&#39;");
  }

  @Test
  void axesHaveRoundNumbersAroundTheValues() {
    assertThat(Axis.around(DoubleStream.of(0.12, 2.31), false).labels())
        .containsExactly(0.0, 0.5, 1.0, 1.5, 2.0, 2.5);
    Axis epochs = Axis.around(DoubleStream.of(1, 160), true);
    assertThat(epochs.labels()).contains(50.0, 100.0, 150.0).allMatch(x -> x == Math.rint(x));
    for (double[] hostile :
        new double[][] {{}, {0}, {-5}, {1e-30}, {1e300, -1e300}, {Double.NaN}, {3, 3}, {-0.0, 0}}) {
      Axis axis = Axis.around(DoubleStream.of(hostile), false);
      assertThat(axis.labels()).as(Arrays.toString(hostile)).isNotEmpty().hasSizeLessThan(13);
    }
    assertThat(Axis.around(DoubleStream.of(1e-3, 1e-3), false).label(0.001)).isEqualTo("0.0010");
    assertThat(Axis.around(DoubleStream.of(1e-5, 5e-5), false).label(5e-5)).isEqualTo("5e-05");
  }
}
