package modelc.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Trains a session: epochs over shuffled data, validation, early stopping, checkpoints. The
 * arithmetic of a step, its optimizer included, is the compiled entry's; how progress is shown is
 * the listener's.
 *
 * <p>A run is a function of weights, data, options and thread count: stopped anywhere and resumed,
 * it ends with the same bytes. Used once, by one thread; only {@link #interrupt} may come from
 * another.
 */
public final class Trainer {
  private static final int TIMES_KEPT = 1 << 16;

  private final Session session;
  private final BatchSource data;
  private final Optional<BatchSource> validation;
  private final TrainerOptions options;
  private final TrainingListener listener;
  private final Call train;
  private final Feed feed;
  private final Measures measures;
  private final Optional<Evaluator> evaluator;
  private final String monitor;
  private final EarlyStopping criterion;
  private final long batches;
  private final RunSaver saver;
  private final List<TrainingListener.Epoch> epochs = new ArrayList<>();
  private final long[] stepNanos = new long[TIMES_KEPT];
  private long stepsTimed;
  private Progress progress = new Progress();
  private @Nullable Snapshot best;
  private Diagnosis diagnosis = _ -> Optional.empty();
  private volatile boolean interrupted;

  /**
   * Checks that data and options fit the model.
   *
   * @throws DataException if the data do not fit
   * @throws UsageException if the options do not, or the model has no {@code train} entry
   */
  public Trainer(
      Session session,
      BatchSource data,
      Optional<BatchSource> validation,
      TrainerOptions options,
      TrainingListener listener) {
    this.session = session;
    this.data = data;
    this.validation = validation.filter(v -> v.size() > 0);
    this.options = options;
    this.listener = listener;
    if (data.size() == 0) {
      throw new DataException(
          "R0507", "there are no samples to train on", "use a larger data set or split");
    }
    if (options.batch() > session.model().spec().maxBatch()) {
      throw new UsageException(
          "R0508",
          "batch "
              + options.batch()
              + " is larger than the "
              + session.model().spec().maxBatch()
              + " planned",
          "compile the model with a larger batch");
    }
    this.train = session.call("train");
    this.feed = new Feed(train, data);
    InRange.checkKnown(data, feed.ranges());
    this.validation.ifPresent(v -> InRange.checkKnown(v, feed.ranges()));
    this.measures = new Measures(train.spec());
    this.evaluator = this.validation.map(_ -> new Evaluator(session, options.dataThreads()));
    this.batches = Prefetcher.batches(data, options.batch());
    this.criterion =
        options
            .stop()
            .orElse(EarlyStopping.of(this.validation.isPresent() ? "val_loss" : "loss", 1));
    this.monitor = criterion.monitor();
    this.saver = new RunSaver(session, options.checkpoint(), identity(), listener);
    checkMonitor();
  }

  private void checkMonitor() {
    var known = new ArrayList<>(measures.names());
    if (validation.isPresent()) {
      session
          .model()
          .spec()
          .entry("eval")
          .map(Measures::new)
          .ifPresent(a -> a.names().forEach(n -> known.add("val_" + n)));
    }
    if (!known.contains(monitor)) {
      throw new UsageException(
          "R0509",
          "early stopping cannot monitor " + monitor,
          "monitor one of "
              + String.join(", ", known)
              + (monitor.startsWith("val_") && validation.isEmpty()
                  ? "; val_ ones need validation data"
                  : ""));
    }
  }

  /** Has {@code diagnosis} look for the cause when a step is not finite. */
  public void diagnoseBy(Diagnosis diagnosis) {
    this.diagnosis = diagnosis;
  }

  /**
   * Goes on from a checkpoint instead of from the session's weights.
   *
   * @return the steps made before
   * @throws DataException if it is of another model, or of other data, batch or seed
   */
  public long resume(Path path) {
    try (Checkpoint checkpoint = saver.open(path)) {
      Map<String, String> saved = checkpoint.progress();
      try {
        progress = Progress.restore(saved, measures);
      } catch (NumberFormatException e) {
        throw checkpoint.unusable("its progress cannot be read");
      }
      if (progress.batch > batches) {
        throw checkpoint.unusable("its epoch has more batches");
      }
      if (restoresBest() && checkpoint.restoreBest(session)) {
        best = new Snapshot(session);
      }
      checkpoint.restore(session);
      return progress.step;
    }
  }

  /** The epoch under way, from 1. */
  public int epoch() {
    return progress.epoch;
  }

  /** What a run to be resumed must share with its checkpoint. */
  private Map<String, String> identity() {
    return new TreeMap<>(
        Map.of(
            "model", session.model().spec().name(),
            "seed", Long.toString(options.seed()),
            "batch_size", Long.toString(options.batch()),
            "samples", Long.toString(data.size()),
            "validation_samples", Long.toString(validation.map(BatchSource::size).orElse(0L)),
            "shuffle", Boolean.toString(options.shuffle())));
  }

  private boolean restoresBest() {
    return options.stop().isPresent() && criterion.restoreBest();
  }

  /**
   * Lets the run end after the step under way, saving a checkpoint; from any thread, a signal
   * handler's too.
   */
  public void interrupt() {
    interrupted = true;
  }

  private boolean isInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      interrupted = true;
    }
    return interrupted;
  }

  /**
   * Trains to the end, or to where it is stopped. With early stopping the session then has the best
   * epoch's weights.
   *
   * @throws NumericException if loss or gradients stop being finite: the weights are those before
   *     that step, the checkpoint is left alone
   */
  public TrainingResult run() {
    saver.prepare(restoresBest());
    train.seed(options.seed()).scalar("steps", (double) steps());
    listener.started(progress.step, steps());
    try {
      TrainingResult.Outcome outcome = epochs();
      boolean ended =
          outcome == TrainingResult.Outcome.COMPLETED
              || outcome == TrainingResult.Outcome.STOPPED_EARLY;
      if (best != null && ended) {
        best.restore();
      }
      return new TrainingResult(
          epochs, progress.step, progress.bestEpoch, progress.best, outcome, medianStepMillis());
    } finally {
      if (best != null) {
        best.close();
      }
    }
  }

  private long steps() {
    return Math.multiplyExact(batches, (long) options.epochs());
  }

  private TrainingResult.Outcome epochs() {
    if (progress.epoch > options.epochs()) {
      return TrainingResult.Outcome.COMPLETED;
    }
    if (shouldStop()) {
      return TrainingResult.Outcome.STOPPED_EARLY;
    }
    try (var batches =
        new Prefetcher(
            InRange.of(data, feed.ranges()),
            session::batchMemory,
            options.batch(),
            options.dataThreads(),
            this::order,
            progress.epoch,
            progress.batch)) {
      while (true) {
        Optional<TrainingResult.Outcome> outcome = epoch(batches);
        if (outcome.isPresent()) {
          return outcome.get();
        }
      }
    }
  }

  private Prefetcher.Order order(long epoch) {
    if (!options.shuffle()) {
      return position -> position;
    }
    int[] order = Permutation.of(data.size(), options.seed(), epoch);
    return position -> order[(int) position];
  }

  /** Makes the rest of an epoch; the outcome if the run ends with it or in it. */
  private Optional<TrainingResult.Outcome> epoch(Prefetcher prefetcher) {
    var clock = new Clock(prefetcher);
    while (progress.batch < batches) {
      if (isInterrupted()) {
        saveLast();
        return Optional.of(TrainingResult.Outcome.INTERRUPTED);
      }
      if (progress.step >= options.stopAfterStep()) {
        if (progress.batch > 0) {
          report(clock, false, evaluated(clock), false);
        }
        saveLast();
        return Optional.of(TrainingResult.Outcome.STEP_LIMIT);
      }
      try {
        Prefetcher.Batch batch = prefetcher.next();
        step(batch, clock);
        prefetcher.release(batch);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        continue;
      }
      boolean due = options.checkpointSteps() > 0 && progress.step % options.checkpointSteps() == 0;
      if (due || saver.isOverdue()) {
        save();
      }
    }
    return endEpoch(clock);
  }

  private void step(Prefetcher.Batch batch, Clock clock) {
    long step = progress.step + 1;
    if (step == 1 && options.gradients().isPresent()) {
      saveGradients(batch, options.gradients().get());
    }
    feed.bind(batch);
    train.scalar("step", (double) step).scalar("epoch", progress.epoch);
    long start = System.nanoTime();
    train.run();
    stepNanos[(int) (stepsTimed++ % TIMES_KEPT)] = System.nanoTime() - start;
    checkFinite(step);
    measures.add(train, batch.count());
    clock.samples += batch.count();
    progress.step = step;
    progress.batch++;
    listener.step(
        new TrainingListener.Step(
            step,
            steps(),
            progress.epoch,
            progress.batch,
            batches,
            batch.count(),
            loss(),
            measures.numbers()));
  }

  private void saveGradients(Prefetcher.Batch batch, Path path) {
    Call gradients = session.call("gradients");
    gradients.seed(options.seed());
    gradients.scalar("step", 1).scalar("steps", (double) steps()).scalar("epoch", 1);
    new Feed(gradients, data).bind(batch);
    gradients.run();
    var tensors = new LinkedHashMap<String, Tensor>();
    for (ResultSpec r : gradients.spec().results(Kind.OUTPUT)) {
      tensors.put(r.name(), gradients.output(r.name()));
    }
    Safetensors.write(path, Map.of(), tensors);
  }

  private double loss() {
    List<ResultSpec> losses = train.spec().results(Kind.LOSS);
    return losses.isEmpty() ? Double.NaN : train.value(losses.getFirst().name());
  }

  private void checkFinite(long step) {
    List<ResultSpec> flags = train.spec().results(Kind.FINITE);
    boolean hasLoss = !train.spec().results(Kind.LOSS).isEmpty();
    boolean finite =
        flags.isEmpty() ? !hasLoss || Double.isFinite(loss()) : train.flag(flags.getFirst().name());
    if (!finite) {
      double loss = hasLoss ? loss() : 0;
      throw notFinite(
          step,
          Double.isFinite(loss)
              ? "a gradient is infinite or NaN"
              : "the loss is " + (Double.isNaN(loss) ? "NaN" : "infinite"));
    }
  }

  private NumericException notFinite(long step, String what) {
    Optional<Diagnosis.Cause> found = diagnosis.of(train);
    String place =
        "step %d (epoch %d, batch %d): ".formatted(step, progress.epoch, progress.batch + 1);
    return new NumericException(
        "R0510",
        place + what + (found.isPresent() ? "" : known()),
        found.map(Diagnosis.Cause::text).orElse(""),
        found.map(Diagnosis.Cause::cure).orElse("lower the learning rate, or clip gradients")
            + "; the weights are those before this step",
        step);
  }

  /** What can be told of the cause without the model's source. */
  private String known() {
    return train.spec().arguments().stream()
        .filter(a -> train.argument(a.name()).firstNotFinite() >= 0)
        .map(
            a ->
                a.kind() == Kind.INPUT
                    ? "; the data for " + a.name() + " are not finite"
                    : "; "
                        + a.name()
                        + " was not finite before, from the update of an earlier step")
        .findFirst()
        .orElse("");
  }

  private Optional<TrainingResult.Outcome> endEpoch(Clock clock) {
    Measured measured = evaluated(clock);
    if (isInterrupted()) { // perhaps inside the evaluation: it is made again after resuming
      saveLast();
      return Optional.of(TrainingResult.Outcome.INTERRUPTED);
    }
    boolean better = noteBest(measured.numbers());
    report(clock, true, measured, better);
    measures.clear();
    progress.epoch++;
    progress.batch = 0;
    save();
    if (progress.epoch > options.epochs()) {
      return Optional.of(TrainingResult.Outcome.COMPLETED);
    }
    return shouldStop() ? Optional.of(TrainingResult.Outcome.STOPPED_EARLY) : Optional.empty();
  }

  private boolean noteBest(SequencedMap<String, Double> metrics) {
    double value = metrics.getOrDefault(monitor, Double.NaN);
    Double before = progress.best.get(monitor);
    boolean better =
        progress.bestEpoch == 0
            || before == null
            || before.isNaN()
            || criterion.isBetter(value, before);
    if (better) {
      progress.bestEpoch = progress.epoch;
      progress.best = metrics;
      if (restoresBest()) {
        if (best == null) {
          best = new Snapshot(session);
        } else {
          best.capture();
        }
      }
    }
    return better;
  }

  private boolean shouldStop() {
    return options.stop().isPresent()
        && progress.bestEpoch > 0
        && progress.epoch - 1 - progress.bestEpoch >= criterion.patience();
  }

  /** What the epoch so far gave, and validation. */
  private Measured evaluated(Clock clock) {
    clock.stop();
    Measured measured = measures.measured();
    return evaluator
        .map(e -> e.measure(validation.orElseThrow(), options.batch(), this::isInterrupted))
        .map(measured::with)
        .orElse(measured);
  }

  private void report(Clock clock, boolean complete, Measured measured, boolean better) {
    var epoch =
        new TrainingListener.Epoch(
            progress.epoch,
            options.epochs(),
            progress.step,
            complete,
            measured.numbers(),
            measured.tables(),
            better,
            (System.nanoTime() - clock.start) * 1e-9,
            clock.samples / Math.max(1e-9, clock.trained * 1e-9),
            Math.min(1, clock.waited / Math.max(1.0, (double) clock.trained)));
    epochs.add(epoch);
    listener.epoch(epoch);
  }

  /**
   * The finite check of a step looks at gradients. An update that overflows passes it, and must not
   * replace a good checkpoint.
   */
  private void checkWeights() {
    session
        .variables(k -> k == Kind.PARAMETER)
        .forEach(
            (name, t) -> {
              long place = t.firstNotFinite();
              if (place >= 0) {
                throw new NumericException(
                    "R0512",
                    "an update up to step %d overflowed: parameter %s holds %s"
                        .formatted(progress.step, name, t.number(place)),
                    diagnosis.of(train).map(Diagnosis.Cause::text).orElse(""),
                    "lower the learning rate; the last checkpoint is left as it was",
                    progress.step);
              }
            });
  }

  private void save() {
    checkWeights();
    saver.save(progress.step, best, progress.save(measures));
  }

  private void saveLast() {
    checkWeights();
    saver.saveLast(progress.step, best, progress.save(measures));
  }

  private double medianStepMillis() {
    int n = (int) Math.min(stepsTimed, TIMES_KEPT);
    long[] sorted = Arrays.copyOf(stepNanos, n);
    Arrays.sort(sorted);
    return n == 0 ? 0 : (sorted[(n - 1) / 2] + sorted[n / 2]) * 0.5e-6;
  }

  /** Times one epoch. */
  private static final class Clock {
    final Prefetcher prefetcher;
    final long start = System.nanoTime();
    final long waitedBefore;
    long samples;
    long trained;
    long waited;

    Clock(Prefetcher prefetcher) {
      this.prefetcher = prefetcher;
      this.waitedBefore = prefetcher.waitedNanos();
    }

    /** Training of the epoch has ended. */
    void stop() {
      trained = System.nanoTime() - start;
      waited = prefetcher.waitedNanos() - waitedBefore;
    }
  }
}
