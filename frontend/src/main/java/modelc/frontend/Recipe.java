package modelc.frontend;

import java.util.List;
import java.util.Optional;

/**
 * What a trainer must know of a {@code train} block: everything that is not compiled into the
 * entries already.
 *
 * @param validation what is held back, or comes from elsewhere
 * @param metrics their names, in the order of the entries' results
 * @param stop when to stop before the last epoch
 */
public record Recipe(
    DataSource data,
    Optional<Validation> validation,
    long batch,
    long epochs,
    long seed,
    List<String> metrics,
    Optional<EarlyStop> stop) {
  public Recipe {
    metrics = List.copyOf(metrics);
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
