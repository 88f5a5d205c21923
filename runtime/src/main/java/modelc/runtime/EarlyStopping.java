package modelc.runtime;

/**
 * When to stop because it gets no better, and what better means.
 *
 * @param monitor a metric by name, {@code loss}, or one of validation with {@code val_} before it
 * @param patience stop after that many epochs without a better value
 * @param maximize whether larger is better
 * @param minDelta a value better by no more than this counts as no better
 * @param restoreBest end with the weights of the best epoch
 */
public record EarlyStopping(
    String monitor, int patience, boolean maximize, double minDelta, boolean restoreBest) {
  public EarlyStopping {
    if (patience < 1 || !(minDelta >= 0)) {
      throw new UsageException(
          "R0505",
          "early stopping with patience " + patience + " and min_delta " + minDelta,
          "use a patience of at least 1 and a min_delta of at least 0");
    }
  }

  /** Losses and errors are minimised, all else is maximised; the best weights are restored. */
  public static EarlyStopping of(String monitor, int patience) {
    return new EarlyStopping(monitor, patience, !isLoss(monitor), 0, true);
  }

  private static boolean isLoss(String metric) {
    return metric.endsWith("loss")
        || metric.endsWith("error")
        || metric.endsWith("mse")
        || metric.endsWith("mae");
  }

  boolean isBetter(double value, double best) {
    return maximize ? value > best + minDelta : value < best - minDelta;
  }
}
