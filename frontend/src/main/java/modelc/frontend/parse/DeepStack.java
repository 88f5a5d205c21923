package modelc.frontend.parse;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs recursive work on a thread with a stack large enough for every nesting the limits allow. It
 * does not make the work concurrent: the caller waits.
 */
public final class DeepStack {
  private static final long BYTES = 512L << 20;

  private static final class DeepThread extends Thread {
    DeepThread(Runnable body) {
      super(null, body, "modelc-frontend", BYTES);
    }
  }

  private DeepStack() {}

  /** The value of {@code body}; what it throws is thrown here. */
  public static <T> T call(Supplier<T> body) {
    if (Thread.currentThread() instanceof DeepThread) {
      return body.get();
    }
    var outcome = new Outcome<T>();
    var thread =
        new DeepThread(
            () -> {
              try {
                outcome.value = body.get();
              } catch (RuntimeException | Error e) {
                outcome.failure = e;
              }
            });
    thread.start();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return outcome.get();
  }

  private static final class Outcome<T> {
    private @Nullable T value;
    private @Nullable Throwable failure;

    @SuppressWarnings("NullAway") // a body that did not fail has given its value
    T get() {
      if (failure instanceof RuntimeException e) {
        throw e;
      }
      if (failure instanceof Error e) {
        throw e;
      }
      return value;
    }
  }
}
