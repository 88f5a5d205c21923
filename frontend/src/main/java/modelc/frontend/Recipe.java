package modelc.frontend;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import modelc.ir.Precision;
import modelc.ir.tensor.Entry;

/**
 * What a trainer must know of a {@code train} block: everything that is not compiled into the
 * entries already.
 *
 * @param validation what is held back, or comes from elsewhere
 * @param metrics their names, in the order of the entries' results
 * @param stop when to stop before the last epoch
 * @param precision of the factors of matrix products and convolutions, where the device has it
 * @param written each key that was set with its value as text, for people to read
 * @param rate the optimizer's {@code lr} as a function of the scalars it depends on ({@code step},
 *     {@code steps}, {@code epoch}), where it has one
 */
public record Recipe(
    DataSource data,
    Optional<Validation> validation,
    long batch,
    long epochs,
    long seed,
    List<String> metrics,
    Optional<EarlyStop> stop,
    Precision precision,
    SequencedMap<String, String> written,
    Optional<Entry> rate) {
  public Recipe {
    metrics = List.copyOf(metrics);
    written = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(written));
  }

  /** The same with a learning rate. */
  public Recipe withRate(Optional<Entry> known) {
    return new Recipe(
        data, validation, batch, epochs, seed, metrics, stop, precision, written, known);
  }

  /** Data the model is judged by and does not learn from. */
  public sealed interface Validation {
    /** This share of the data, between 0 and 1. */
    record Share(double share) implements Validation {}

    record Source(DataSource source) implements Validation {}
  }

  /**
   * Stop when {@code monitor} has not improved by more than {@code minDelta} for {@code patience}
   * epochs.
   *
   * @param monitor {@code loss}, a metric, or either with {@code val_} before it
   * @param maximize true where more is better
   * @param restore true: the best weights seen are the result
   */
  public record EarlyStop(
      String monitor, long patience, double minDelta, boolean maximize, boolean restore) {}
}
