package modelc.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * The numbers along one side of a chart: round ones, a few of them.
 *
 * @param low the first number shown
 * @param high the last one
 * @param step between labels: 1, 2 or 5 times a power of ten
 */
record Axis(double low, double high, double step) {
  /** Round numbers around what is finite among {@code values}. */
  static Axis around(DoubleStream values, boolean whole) {
    double[] finite = values.filter(Double::isFinite).sorted().toArray();
    double low = finite.length == 0 ? 0 : finite[0];
    double high = finite.length == 0 ? 1 : finite[finite.length - 1];
    if (low > 0 && low < high / 2 && !whole) {
      low = 0;
    }
    if (high - low <= 1e-9 * Math.max(Math.abs(high), 1e-300)) {
      boolean fromZero = high > 0 && !whole;
      double room = high == 0 || whole ? 0.5 : Math.abs(high) / 5;
      low = fromZero ? 0 : low - room;
      high += room;
    }
    double step = roundUp((high - low) / 6);
    if (whole) {
      return new Axis(low, high, Math.max(1, step));
    }
    return new Axis(Math.floor(low / step) * step, Math.ceil(high / step) * step, step);
  }

  private static double roundUp(double x) {
    double power = Math.pow(10, Math.floor(Math.log10(x)));
    double digits = x / power;
    return power * (digits <= 1 ? 1 : digits <= 2 ? 2 : digits <= 5 ? 5 : 10);
  }

  List<Double> labels() {
    var labels = new ArrayList<Double>();
    double first = Math.ceil(low / step - 1e-9);
    for (double i = first; i * step <= high + step * 1e-9 && labels.size() < 12; i++) {
      labels.add(i * step + 0.0); // no -0
    }
    return labels;
  }

  /** A label, with as many digits as the step has. */
  String label(double x) {
    if (x == 0) {
      return "0";
    }
    double size = Math.max(Math.abs(low), Math.abs(high));
    if (size >= 1e6 || size < 1e-3) {
      return String.format(Locale.ROOT, "%.3g", x).replaceFirst("\\.?0+(e|$)", "$1");
    }
    int digits = Math.clamp((int) -Math.floor(Math.log10(step) + 1e-9), 0, 6);
    return String.format(Locale.ROOT, "%,." + digits + "f", x);
  }

  /** Where {@code x} is, from 0 to 1. */
  double at(double x) {
    return (x - low) / (high - low);
  }
}
