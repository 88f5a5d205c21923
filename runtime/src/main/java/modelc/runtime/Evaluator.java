package modelc.runtime;

import java.util.SequencedMap;
import java.util.function.BooleanSupplier;

/** Runs {@code eval} over a whole data set, in its order. It changes no weights. */
public final class Evaluator {
  private final Session session;
  private final Call call;
  private final int dataThreads;

  public Evaluator(Session session) {
    this(session, 1);
  }

  /**
   * @param dataThreads how many threads read samples beside those that compute
   */
  public Evaluator(Session session, int dataThreads) {
    this.session = session;
    this.dataThreads = dataThreads;
    this.call = session.call("eval");
  }

  /**
   * The means of loss and metrics, the loss under {@code loss}.
   *
   * @param batch how many samples at a time
   * @throws DataException if the data do not fit the model, or there are none
   */
  public SequencedMap<String, Double> evaluate(BatchSource source, long batch) {
    return measure(source, batch).numbers();
  }

  /**
   * Loss and metrics, with those that are tables.
   *
   * @param batch how many samples at a time
   * @throws DataException if the data do not fit the model, or there are none
   */
  public Measured measure(BatchSource source, long batch) {
    return measure(source, batch, () -> false);
  }

  Measured measure(BatchSource source, long batch, BooleanSupplier stop) {
    if (source.size() == 0) {
      throw new DataException(
          "R0503", "there are no samples to evaluate on", "use a larger data set or split");
    }
    var feed = new Feed(call, source);
    BatchSource checked = InRange.of(source, feed.ranges());
    var measures = new Measures(call.spec());
    long batches = Prefetcher.batches(source, batch);
    try (var data =
        new Prefetcher(
            checked, session::batchMemory, batch, dataThreads, _ -> position -> position, 0, 0)) {
      for (long b = 0; b < batches && !stop.getAsBoolean(); b++) {
        Prefetcher.Batch next = data.next();
        feed.bind(next);
        call.run();
        measures.add(call, next.count());
        data.release(next);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UsageException(
          "R0504", "evaluation was interrupted", "let the thread that evaluates finish", e);
    }
    return measures.measured();
  }

  public Session session() {
    return session;
  }
}
