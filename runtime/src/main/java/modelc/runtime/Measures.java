package modelc.runtime;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * Adds up loss and metrics over batches. Means are weighted by the batches' sizes; tallies are
 * summed, and divided only in the end, so that a quotient is that of the whole set.
 */
final class Measures {
  /** The suffix of the result that holds a tally's denominators. */
  private static final String OF = ".of";

  /** Sums of one result of the entry. */
  private static final class Sums {
    final String result;
    final Kind kind;
    final List<Long> shape;
    final double[] values;

    Sums(String result, Kind kind, List<Long> shape, int elements) {
      this.result = result;
      this.kind = kind;
      this.shape = shape;
      this.values = new double[elements];
    }

    boolean isMean() {
      return kind == Kind.LOSS || kind == Kind.METRIC;
    }
  }

  private final SequencedMap<String, Sums> byName = new LinkedHashMap<>();
  private long samples;

  Measures(EntrySpec spec) {
    for (ResultSpec r : spec.results()) {
      switch (r.kind()) {
        case LOSS -> byName.put("loss", new Sums(r.name(), r.kind(), List.of(), 1));
        case METRIC -> byName.put(r.name(), new Sums(r.name(), r.kind(), List.of(), 1));
        case TALLY, TALLY_OF -> {
          List<Long> shape = r.shape().stream().map(DimSpec::factor).toList();
          long elements = shape.stream().reduce(1L, Math::multiplyExact);
          byName.put(r.name(), new Sums(r.name(), r.kind(), shape, Math.toIntExact(elements)));
        }
        case INPUT, PARAMETER, STATE, OPTIMIZER_STATE, SCALAR, OUTPUT, FINITE -> {}
      }
    }
  }

  /** The names of what becomes a number. */
  List<String> names() {
    return byName.entrySet().stream()
        .filter(e -> e.getValue().isMean() || quotient(e.getKey()))
        .map(Map.Entry::getKey)
        .toList();
  }

  private boolean quotient(String name) {
    Sums of = byName.get(name + OF);
    return of != null && of.kind == Kind.TALLY_OF;
  }

  void clear() {
    byName.values().forEach(s -> java.util.Arrays.fill(s.values, 0));
    samples = 0;
  }

  /** Adds the results of the run just made, over {@code count} samples. */
  void add(Call call, long count) {
    for (Sums s : byName.values()) {
      if (s.isMean()) {
        s.values[0] += (double) call.value(s.result) * count;
        continue;
      }
      var data = call.output(s.result).data();
      for (int i = 0; i < s.values.length; i++) {
        s.values[i] += data.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      }
    }
    samples += count;
  }

  long samples() {
    return samples;
  }

  SequencedMap<String, Double> numbers() {
    SequencedMap<String, Double> numbers = new LinkedHashMap<>();
    byName.forEach(
        (name, s) -> {
          if (s.isMean()) {
            numbers.put(name, s.values[0] / samples);
          } else if (quotient(name)) {
            numbers.put(name, mean(quotients(name)));
          }
        });
    return numbers;
  }

  Measured measured() {
    SequencedMap<String, Measured.Table> tables = new LinkedHashMap<>();
    byName.forEach(
        (name, s) -> {
          if (s.kind == Kind.TALLY && quotient(name) && s.values.length > 1) {
            tables.put(name + "_per_class", new Measured.Table(s.shape, list(quotients(name))));
          } else if (s.kind == Kind.TALLY && !quotient(name)) {
            tables.put(name, new Measured.Table(s.shape, list(s.values)));
          }
        });
    return new Measured(numbers(), tables);
  }

  private double[] quotients(String name) {
    double[] sums = java.util.Objects.requireNonNull(byName.get(name)).values;
    double[] of = java.util.Objects.requireNonNull(byName.get(name + OF)).values;
    double[] quotients = new double[sums.length];
    for (int i = 0; i < sums.length; i++) {
      quotients[i] = of[i] == 0 ? Double.NaN : sums[i] / of[i];
    }
    return quotients;
  }

  /** Of what there is: a class that did not occur says nothing. */
  private static double mean(double[] values) {
    double sum = 0;
    int n = 0;
    for (double v : values) {
      if (!Double.isNaN(v)) {
        sum += v;
        n++;
      }
    }
    return n == 0 ? Double.NaN : sum / n;
  }

  private static List<Double> list(double[] values) {
    var list = new ArrayList<Double>(values.length);
    for (double v : values) {
      list.add(v);
    }
    return list;
  }

  /** The sums as text, by name. */
  SequencedMap<String, String> save() {
    SequencedMap<String, String> text = new TreeMap<>();
    byName.forEach(
        (name, s) -> {
          var numbers = new java.util.StringJoiner(" ");
          for (double v : s.values) {
            numbers.add(Double.toString(v));
          }
          text.put(name, numbers.toString());
        });
    return text;
  }

  /**
   * Continues from sums saved earlier.
   *
   * @throws NumberFormatException if they are not such sums
   */
  void restore(Map<String, String> saved, long samples) {
    byName.forEach(
        (name, s) -> {
          String[] numbers = saved.getOrDefault(name, "").split(" ", -1);
          if (numbers.length != s.values.length) {
            throw new NumberFormatException(name + " has " + numbers.length + " sums");
          }
          for (int i = 0; i < numbers.length; i++) {
            s.values[i] = Double.parseDouble(numbers[i]);
          }
        });
    this.samples = samples;
  }
}
