package modelc.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Curves over epochs or steps as SVG inside the page. Gaps are left where a value is not finite;
 * colours are the page's.
 */
final class LineChart {
  private static final int WIDTH = 480;
  private static final int HEIGHT = 260;
  private static final int LEFT = 62;
  private static final int RIGHT = 12;
  private static final int TOP = 10;
  private static final int BOTTOM = 40;

  /** Beyond so many, points are joined without dots. */
  private static final int DOTS = 60;

  /** Points drawn of a curve at most. */
  private static final int POINTS = 600;

  /**
   * A curve.
   *
   * @param style the class of its colour: {@code a}, {@code b} or {@code plan}
   */
  @SuppressWarnings("ArrayRecordComponent") // drawn at once
  record Curve(String name, String style, double[] x, double[] y) {
    /** With no more points than can be seen, the last one kept. */
    private Curve thinned() {
      int every = Math.ceilDiv(x.length, POINTS);
      int[] kept =
          IntStream.range(0, x.length).filter(i -> i % every == 0 || i == x.length - 1).toArray();
      Function<double[], double[]> some = v -> IntStream.of(kept).mapToDouble(i -> v[i]).toArray();
      return every <= 1 ? this : new Curve(name, style, some.apply(x), some.apply(y));
    }
  }

  private final Axis across;
  private final Axis up;
  private final StringBuilder out = new StringBuilder();

  private LineChart(List<Curve> curves) {
    across = Axis.around(curves.stream().flatMapToDouble(c -> DoubleStream.of(c.x)), true);
    up = Axis.around(curves.stream().flatMapToDouble(c -> DoubleStream.of(c.y)), false);
  }

  /** A figure with its title and legend. */
  static String figure(String title, String xLabel, String yLabel, List<Curve> curves) {
    var legend = new StringBuilder();
    for (Curve c : curves) {
      legend
          .append("<span class=\"key ")
          .append(c.style)
          .append("\">")
          .append(Html.text(c.name))
          .append("</span>");
    }
    return "<figure class=chart><figcaption><b>"
        + Html.text(title)
        + "</b>"
        + legend
        + "</figcaption>"
        + new LineChart(curves).svg(title, xLabel, yLabel, curves)
        + "</figure>\n";
  }

  private String svg(String title, String xLabel, String yLabel, List<Curve> curves) {
    out.append(
        String.format(
            Locale.ROOT,
            "<svg viewBox=\"0 0 %d %d\" role=img aria-label=\"%s\">",
            WIDTH,
            HEIGHT,
            Html.text(title)));
    for (double y : up.labels()) {
      line("grid", LEFT, y(y), WIDTH - RIGHT, y(y));
      label("end", LEFT - 6, y(y) + 4, up.label(y));
    }
    for (double x : across.labels()) {
      line("tick", x(x), HEIGHT - BOTTOM, x(x), HEIGHT - BOTTOM + 4);
      label("middle", x(x), HEIGHT - BOTTOM + 17, across.label(x));
    }
    line("axis", LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
    label("middle", (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 6, xLabel);
    out.append(
        String.format(
            Locale.ROOT,
            "<text class=unit transform=\"translate(13 %d) rotate(-90)\""
                + " text-anchor=middle>%s</text>",
            (HEIGHT - BOTTOM + TOP) / 2,
            Html.text(yLabel)));
    curves.forEach(c -> curve(c.thinned(), xLabel));
    return out.append("</svg>").toString();
  }

  private void curve(Curve c, String unit) {
    out.append("<g class=\"curve ").append(c.style).append("\">");
    boolean dots = c.x.length <= DOTS && unit.equals("epoch");
    var run = new ArrayList<String>();
    for (int i = 0; i <= c.x.length; i++) {
      if (i < c.x.length && Double.isFinite(c.y[i])) {
        run.add(String.format(Locale.ROOT, "%.1f,%.1f", x(c.x[i]), y(c.y[i])));
        continue;
      }
      if (run.size() > 1) {
        out.append("<polyline points=\"").append(String.join(" ", run)).append("\"/>");
      }
      run.clear();
    }
    for (int i = 0; i < c.x.length; i++) {
      boolean alone =
          (i == 0 || !Double.isFinite(c.y[i - 1]))
              && (i == c.x.length - 1 || !Double.isFinite(c.y[i + 1]));
      if (Double.isFinite(c.y[i]) && (dots || alone)) {
        out.append(
            String.format(
                Locale.ROOT,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%s %s: %s %s</title></circle>",
                x(c.x[i]),
                y(c.y[i]),
                Html.text(unit),
                Html.number(c.x[i]),
                Html.text(c.name),
                Html.number(c.y[i])));
      }
    }
    out.append("</g>");
  }

  private double x(double value) {
    return LEFT + across.at(value) * (WIDTH - LEFT - RIGHT);
  }

  private double y(double value) {
    return HEIGHT - BOTTOM - up.at(value) * (HEIGHT - TOP - BOTTOM);
  }

  private void line(String style, double x1, double y1, double x2, double y2) {
    out.append(
        String.format(
            Locale.ROOT,
            "<line class=%s x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
            style,
            x1,
            y1,
            x2,
            y2));
  }

  private void label(String anchor, double x, double y, String text) {
    out.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=%s>%s</text>",
            x,
            y,
            anchor,
            Html.text(text)));
  }
}
