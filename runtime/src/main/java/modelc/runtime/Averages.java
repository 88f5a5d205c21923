package modelc.runtime;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Means of the loss and the metrics over batches, each weighted by its size; the loss is called
 * {@code loss}.
 */
final class Averages {
  private final SequencedMap<String, String> resultOf = new LinkedHashMap<>();
  private final SequencedMap<String, Double> sums = new LinkedHashMap<>();
  private long samples;

  Averages(EntrySpec spec) {
    for (ResultSpec r : spec.results(Kind.LOSS)) {
      resultOf.put("loss", r.name());
    }
    for (ResultSpec r : spec.results(Kind.METRIC)) {
      resultOf.put(r.name(), r.name());
    }
    clear();
  }

  List<String> names() {
    return List.copyOf(resultOf.sequencedKeySet());
  }

  void clear() {
    resultOf.forEach((name, _) -> sums.put(name, 0.0));
    samples = 0;
  }

  /** Adds the results of the run just made, over {@code count} samples. */
  void add(Call call, int count) {
    resultOf.forEach(
        (name, result) -> sums.merge(name, (double) call.value(result) * count, Double::sum));
    samples += count;
  }

  long samples() {
    return samples;
  }

  SequencedMap<String, Double> means() {
    SequencedMap<String, Double> means = new LinkedHashMap<>();
    sums.forEach((name, sum) -> means.put(name, sum / samples));
    return means;
  }

  SequencedMap<String, Double> sums() {
    return sums;
  }

  /** Continues from sums saved earlier. */
  void restore(Map<String, Double> saved, long samples) {
    sums.replaceAll((name, zero) -> saved.getOrDefault(name, zero));
    this.samples = samples;
  }
}
