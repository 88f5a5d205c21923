package modelc.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import modelc.runtime.TrainingListener;

/**
 * Tells how training goes: a live line on a terminal, a plain line an epoch everywhere, warnings as
 * they come.
 *
 * <p>It keeps no history; the run's log does.
 */
public final class Progress implements TrainingListener {
  private static final long REFRESH_NANOS = 100_000_000;

  private final Talk talk;
  private long startNanos = System.nanoTime();
  private long firstStep;
  private long lastShown;
  private double smoothedRate;
  private long rateNanos;
  private long samplesSince;
  private double firstStepSeconds;

  Progress(Talk talk) {
    this.talk = talk;
  }

  @Override
  public void started(long step, long steps) {
    startNanos = System.nanoTime();
    rateNanos = startNanos;
    firstStep = step;
    if (step > 0) {
      talk.line("resuming after step %,d of %,d", step, steps);
    }
  }

  @Override
  public void step(Step s) {
    if (firstStepSeconds == 0) {
      firstStepSeconds = sinceStart();
    }
    samplesSince += s.samples();
    long now = System.nanoTime();
    if (!talk.isLive() || now - lastShown < REFRESH_NANOS) {
      return;
    }
    lastShown = now;
    double rate = samplesSince * 1e9 / Math.max(1, now - rateNanos);
    smoothedRate = smoothedRate == 0 ? rate : 0.8 * smoothedRate + 0.2 * rate;
    samplesSince = 0;
    rateNanos = now;
    double secondsPerStep = (now - startNanos) / 1e9 / Math.max(1, s.step() - firstStep);
    talk.live(
        String.format(
            Locale.ROOT,
            "epoch %d %s %d/%d, %s left, %,.0f samples/s  %s",
            s.epoch(),
            bar(s.batch(), s.batches()),
            s.batch(),
            s.batches(),
            duration(secondsPerStep * (s.steps() - s.step())),
            smoothedRate,
            numbers(s.epochMeans()))); // last, where a narrow terminal cuts
  }

  @Override
  public void epoch(Epoch e) {
    talk.line(
        String.format(
            Locale.ROOT,
            "epoch %d/%d  %s  %,.0f samples/s  waited %.0f%%  %s%s",
            e.epoch(),
            e.epochs(),
            numbers(e.metrics()),
            e.samplesPerSecond(),
            100 * e.waitShare(),
            duration(e.seconds()),
            e.complete() ? e.best() ? "  best" : "" : "  (stopped inside)"));
    samplesSince = 0;
    rateNanos = System.nanoTime();
  }

  @Override
  public void warning(String message) {
    talk.line("warning: " + message);
  }

  /** How long after the start of the process, the launcher's work included, a step was made. */
  double firstStepSeconds() {
    return firstStepSeconds;
  }

  /** The launcher becomes the process of Java: its start is that of the launcher. */
  private static double sinceStart() {
    return ProcessHandle.current()
        .info()
        .startInstant()
        .map(start -> Duration.between(start, Instant.now()).toMillis() / 1e3)
        .orElse(0.0);
  }

  /** {@code loss 0.1234 accuracy 0.9876}. */
  static String numbers(SequencedMap<String, Double> values) {
    var out = new StringBuilder();
    for (Map.Entry<String, Double> e : values.entrySet()) {
      out.append(out.isEmpty() ? "" : "  ")
          .append(e.getKey())
          .append(' ')
          .append(
              String.format(
                  Locale.ROOT, Math.abs(e.getValue()) < 1e5 ? "%.4f" : "%.4g", e.getValue()));
    }
    return out.toString();
  }

  /** {@code 850 ms}, {@code 12.3 s}, {@code 4 min 05 s}, {@code 2 h 07 min}. */
  public static String duration(double seconds) {
    if (seconds < 1) {
      return Math.round(seconds * 1000) + " ms";
    }
    if (seconds < 60) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long s = Math.round(seconds);
    return s < 3600
        ? String.format(Locale.ROOT, "%d min %02d s", s / 60, s % 60)
        : String.format(Locale.ROOT, "%d h %02d min", s / 3600, s % 3600 / 60);
  }

  private static String bar(long done, long all) {
    int width = 12;
    int filled = (int) (width * done / Math.max(1, all));
    return "[" + "#".repeat(filled) + "-".repeat(width - filled) + "]";
  }
}
