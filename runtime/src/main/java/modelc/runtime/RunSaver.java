package modelc.runtime;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Saves a run under way and finds it again: survives a disk that is full for a while, and steps
 * back to the checkpoint before where the newest is damaged. What a checkpoint consists of is
 * {@link Checkpoint}'s, when one is due the {@link Trainer}'s.
 */
final class RunSaver {
  private static final long RETRY_NANOS = 10_000_000_000L;

  /** Of the time, trying again may cost one part in so many. */
  private static final long RETRY_SHARE = 20;

  private static final String THREADS = "threads";

  private final Session session;
  private final Optional<Path> path;
  private final Map<String, String> identity;
  private final TrainingListener listener;
  private long failedAt;
  private long retryAfter;

  /**
   * A saver of one run.
   *
   * @param path where; empty: nowhere
   * @param identity what a run to be resumed must share with its checkpoint
   */
  RunSaver(
      Session session,
      Optional<Path> path,
      Map<String, String> identity,
      TrainingListener listener) {
    this.session = session;
    this.path = path;
    this.identity = identity;
    this.listener = listener;
  }

  /**
   * Tries whether the run could be saved.
   *
   * @param best whether with the best weights, too
   * @throws FileException if it could not
   */
  void prepare(boolean best) {
    long bytes = 1 << 20;
    for (Variable v : session.model().variables()) {
      bytes += v.bytes() * (best && v.kind() != Kind.OPTIMIZER_STATE ? 2 : 1);
    }
    long each = bytes;
    path.ifPresent(p -> Checkpoint.prepare(p, each));
  }

  /**
   * Opens the checkpoint at {@code from}, or the one before it.
   *
   * @throws DataException if it is of another run
   */
  Checkpoint open(Path from) {
    Checkpoint checkpoint = Checkpoint.open(from);
    try {
      Map<String, String> saved = checkpoint.progress();
      identity.forEach(
          (key, value) -> {
            if (!value.equals(saved.get(key))) {
              throw checkpoint.unusable(key + " was " + saved.get(key) + ", and is " + value);
            }
          });
      if (!checkpoint.path().equals(from)) {
        standIn(from, checkpoint.path());
      }
      String threads = saved.getOrDefault(THREADS, "");
      if (!threads.equals(Integer.toString(session.threads()))) {
        listener.warning(
            "the run had %s threads and has %d: its numbers may differ in the last bits"
                .formatted(threads, session.threads()));
      }
      return checkpoint;
    } catch (ModelcException e) {
      checkpoint.close();
      throw e;
    }
  }

  /** The one before stands in; it must not be replaced by the one that is damaged. */
  private void standIn(Path damaged, Path previous) {
    String why =
        Files.exists(damaged)
            ? "damaged, and kept as " + AtomicFile.setAside(damaged, ".damaged").getFileName()
            : "missing";
    listener.warning(damaged + " is " + why + "; going on from " + previous);
  }

  /** Whether saving failed, and it is time to try again. */
  boolean isOverdue() {
    return failedAt != 0 && System.nanoTime() - failedAt > retryAfter;
  }

  /** Saves; a failure is told and survived. It is told once, until saving succeeds. */
  void save(long step, @Nullable Snapshot best, Map<String, String> progress) {
    long start = System.nanoTime();
    try {
      saveLast(step, best, progress);
      if (failedAt != 0) {
        listener.warning("a checkpoint could be saved again, at step " + step);
      }
      failedAt = 0;
    } catch (FileException | LimitException e) {
      if (failedAt == 0) {
        listener.warning(
            "no checkpoint at step %d: %s; training goes on, and tries again"
                .formatted(step, e.getMessage()));
      }
      failedAt = System.nanoTime() | 1; // 0 says that nothing has failed
      retryAfter = Math.max(RETRY_NANOS, RETRY_SHARE * (failedAt - start));
    }
  }

  /** Saves; a failure is the run's. */
  void saveLast(long step, @Nullable Snapshot best, Map<String, String> progress) {
    if (path.isEmpty()) {
      return;
    }
    Map<String, String> text = new TreeMap<>(progress);
    text.putAll(identity);
    text.put(THREADS, Integer.toString(session.threads()));
    Checkpoint.save(path.get(), session, Optional.ofNullable(best), text);
    listener.checkpoint(path.get(), step);
  }
}
