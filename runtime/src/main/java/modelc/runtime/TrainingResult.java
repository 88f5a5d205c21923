package modelc.runtime;

import java.util.List;
import java.util.SequencedMap;

/**
 * How a run went.
 *
 * @param epochs those of this run, not those before it was resumed
 * @param steps made in all, those before it was resumed included
 * @param bestEpoch from 1; 0 if no epoch was completed
 * @param best the metrics of that epoch
 * @param outcome why it ended
 * @param stepMillis the median time of a step, data excluded; 0 if none was made
 */
public record TrainingResult(
    List<TrainingListener.Epoch> epochs,
    long steps,
    int bestEpoch,
    SequencedMap<String, Double> best,
    Outcome outcome,
    double stepMillis) {
  /** Why a run ended. */
  public enum Outcome {
    /** All epochs were made. */
    COMPLETED,
    /** It got no better. */
    STOPPED_EARLY,
    /** The step to stop after was reached. */
    STEP_LIMIT,
    /** It was asked to stop, and saved a checkpoint if it has one. */
    INTERRUPTED
  }

  public TrainingResult {
    epochs = List.copyOf(epochs);
  }
}
