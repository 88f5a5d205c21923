package modelc.runtime;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * How far a run has come, weights aside: enough to go on as if it had never stopped. The order of
 * the data needs no more than the seed and the epoch.
 */
final class Progress {
  /** The epoch under way, from 1. */
  int epoch = 1;

  /** Batches of it that are done. */
  long batch;

  /** Steps made in all. */
  long step;

  /** The best epoch, from 1; 0: none yet. */
  int bestEpoch;

  SequencedMap<String, Double> best = new LinkedHashMap<>();

  /** All of it and the sums of the epoch under way, as text. */
  Map<String, String> save(Measures measures) {
    var text = new TreeMap<String, String>();
    text.put("epoch", Integer.toString(epoch));
    text.put("batch", Long.toString(batch));
    text.put("step", Long.toString(step));
    text.put("best_epoch", Integer.toString(bestEpoch));
    text.put("epoch_samples", Long.toString(measures.samples()));
    measures.save().forEach((name, sums) -> text.put("sum." + name, sums));
    best.forEach((name, value) -> text.put("best." + name, value.toString()));
    return text;
  }

  /**
   * What {@link #save} wrote.
   *
   * @throws NumberFormatException if it is not that
   */
  static Progress restore(Map<String, String> text, Measures measures) {
    var p = new Progress();
    p.epoch = Integer.parseInt(text.getOrDefault("epoch", ""));
    p.batch = Long.parseLong(text.getOrDefault("batch", ""));
    p.step = Long.parseLong(text.getOrDefault("step", ""));
    p.bestEpoch = Integer.parseInt(text.getOrDefault("best_epoch", ""));
    if (p.epoch < 1 || p.batch < 0 || p.step < 0 || p.bestEpoch < 0) {
      throw new NumberFormatException("negative");
    }
    var sums = new LinkedHashMap<String, String>();
    for (Map.Entry<String, String> e : new TreeMap<>(text).entrySet()) {
      if (e.getKey().startsWith("sum.")) {
        sums.put(e.getKey().substring(4), e.getValue());
      } else if (e.getKey().startsWith("best.")) {
        p.best.put(e.getKey().substring(5), Double.valueOf(e.getValue()));
      }
    }
    measures.restore(sums, Long.parseLong(text.getOrDefault("epoch_samples", "")));
    return p;
  }
}
