package modelc.runtime;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How to train.
 *
 * @param seed of the order of the data and of random numbers inside the model
 * @param shuffle whether each epoch has an order of its own
 * @param stopAfterStep end the run once that many steps are done, counted from the very first; the
 *     {@code steps} that schedules see stay those of all epochs
 * @param stop end early
 * @param checkpoint where to save after each epoch and when interrupted; the one before stays as
 *     {@code NAME.previous}
 * @param checkpointSteps save after every so many steps too; 0: only as above
 * @param gradients where to save the gradients of the first step, which the model's entry {@code
 *     gradients} computes
 * @param dataThreads how many threads read samples beside those that compute; what is read does not
 *     depend on it
 */
public record TrainerOptions(
    int epochs,
    long batch,
    long seed,
    boolean shuffle,
    long stopAfterStep,
    Optional<EarlyStopping> stop,
    Optional<Path> checkpoint,
    long checkpointSteps,
    Optional<Path> gradients,
    int dataThreads) {
  public TrainerOptions {
    if (epochs < 1 || batch < 1 || stopAfterStep < 1 || checkpointSteps < 0 || dataThreads < 1) {
      throw new UsageException(
          "R0506",
          "cannot train "
              + epochs
              + " epochs in batches of "
              + batch
              + " up to step "
              + stopAfterStep
              + " with "
              + dataThreads
              + " data threads",
          "use at least 1 of each");
    }
  }

  public static TrainerOptions of(int epochs, long batch) {
    return new TrainerOptions(
        epochs,
        batch,
        1,
        true,
        Long.MAX_VALUE,
        Optional.empty(),
        Optional.empty(),
        0,
        Optional.empty(),
        1);
  }

  public TrainerOptions withSeed(long seed) {
    return new TrainerOptions(
        epochs,
        batch,
        seed,
        shuffle,
        stopAfterStep,
        stop,
        checkpoint,
        checkpointSteps,
        gradients,
        dataThreads);
  }

  public TrainerOptions withShuffle(boolean shuffle) {
    return new TrainerOptions(
        epochs,
        batch,
        seed,
        shuffle,
        stopAfterStep,
        stop,
        checkpoint,
        checkpointSteps,
        gradients,
        dataThreads);
  }

  public TrainerOptions withStopAfterStep(long step) {
    return new TrainerOptions(
        epochs,
        batch,
        seed,
        shuffle,
        step,
        stop,
        checkpoint,
        checkpointSteps,
        gradients,
        dataThreads);
  }

  public TrainerOptions withStop(EarlyStopping stop) {
    return new TrainerOptions(
        epochs,
        batch,
        seed,
        shuffle,
        stopAfterStep,
        Optional.of(stop),
        checkpoint,
        checkpointSteps,
        gradients,
        dataThreads);
  }

  public TrainerOptions withCheckpoint(Path path, long everySteps) {
    return new TrainerOptions(
        epochs,
        batch,
        seed,
        shuffle,
        stopAfterStep,
        stop,
        Optional.of(path),
        everySteps,
        gradients,
        dataThreads);
  }

  public TrainerOptions withGradients(Path path) {
    return new TrainerOptions(
        epochs,
        batch,
        seed,
        shuffle,
        stopAfterStep,
        stop,
        checkpoint,
        checkpointSteps,
        Optional.of(path),
        dataThreads);
  }

  public TrainerOptions withDataThreads(int threads) {
    return new TrainerOptions(
        epochs,
        batch,
        seed,
        shuffle,
        stopAfterStep,
        stop,
        checkpoint,
        checkpointSteps,
        gradients,
        threads);
  }
}
