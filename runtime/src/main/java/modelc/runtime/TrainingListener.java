package modelc.runtime;

import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;

/** Hears how training goes, on the thread that trains: what it does takes time from training. */
public interface TrainingListener {
  /** Hears nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /** Passes everything on to each of {@code listeners}, in their order. */
  static TrainingListener all(List<TrainingListener> listeners) {
    List<TrainingListener> each = List.copyOf(listeners);
    return new TrainingListener() {
      @Override
      public void started(long step, long steps) {
        each.forEach(l -> l.started(step, steps));
      }

      @Override
      public void step(Step step) {
        each.forEach(l -> l.step(step));
      }

      @Override
      public void epoch(Epoch epoch) {
        each.forEach(l -> l.epoch(epoch));
      }

      @Override
      public void checkpoint(Path path, long step) {
        each.forEach(l -> l.checkpoint(path, step));
      }

      @Override
      public void warning(String message) {
        each.forEach(l -> l.warning(message));
      }
    };
  }

  /**
   * A step was made.
   *
   * @param step from 1
   * @param steps of all epochs
   * @param epoch from 1
   * @param batch within the epoch, from 1
   * @param batches in an epoch
   * @param samples in this batch
   * @param loss of this batch
   * @param epochMeans loss and metrics over the epoch so far
   */
  record Step(
      long step,
      long steps,
      int epoch,
      long batch,
      long batches,
      long samples,
      double loss,
      SequencedMap<String, Double> epochMeans) {}

  /**
   * An epoch ended.
   *
   * @param step the last one made
   * @param complete false when the run stopped inside the epoch
   * @param metrics loss and metrics of training, then those of validation under {@code val_}
   * @param tables the metrics that are more than a number, named likewise: {@link Measured#tables}
   * @param best whether it is the best so far
   * @param seconds it took, validation included
   * @param samplesPerSecond of training alone
   * @param waitShare of the training time in which no batch was ready, 0 to 1
   */
  record Epoch(
      int epoch,
      int epochs,
      long step,
      boolean complete,
      SequencedMap<String, Double> metrics,
      SequencedMap<String, Measured.Table> tables,
      boolean best,
      double seconds,
      double samplesPerSecond,
      double waitShare) {}

  /** Training is about to start, or to go on, after {@code step} steps of {@code steps}. */
  default void started(long step, long steps) {}

  default void step(Step step) {}

  default void epoch(Epoch epoch) {}

  /** A checkpoint was saved. */
  default void checkpoint(Path path, long step) {}

  /** Something went wrong that does not stop training. */
  default void warning(String message) {}
}
