package modelc.compiler;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import modelc.runtime.LimitException;

/**
 * Runs passes and code generation within bounds of time and memory, on a thread of their own whose
 * stack holds the longest expressions that fusion makes. It makes nothing concurrent: the caller
 * waits.
 */
final class Bounded {
  /** Names the seconds that compiling a model may take; a property of the JVM. */
  static final String SECONDS = "modelc.compile.seconds";

  private static final long DEFAULT_SECONDS = 600;
  private static final long STACK_BYTES = 256L << 20;

  private Bounded() {}

  /**
   * The value of {@code work}; what it throws is thrown here.
   *
   * @param model its name, for messages
   * @throws LimitException if it takes too long, or needs more memory than the JVM may take
   */
  static <T> T call(String model, Supplier<T> work) {
    var task = new FutureTask<T>(work::get);
    var thread = new Thread(null, task, "modelc-compiler", STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    long seconds = Long.getLong(SECONDS, DEFAULT_SECONDS);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException _) {
          interrupted = true;
        }
      }
    } catch (TimeoutException e) {
      thread.interrupt(); // the pipeline ends before its next pass
      throw new LimitException(
          "R0131",
          "compiling " + model + " takes more than " + seconds + " seconds",
          "use fewer or smaller layers, or allow more: MODELC_JAVA_OPTS=-D" + SECONDS + "=3600",
          e);
    } catch (ExecutionException e) {
      throw failure(model, requireNonNull(e.getCause()));
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException failure(String model, Throwable cause) {
    return switch (cause) {
      case OutOfMemoryError e ->
          new LimitException(
              "R0132",
              "compiling "
                  + model
                  + " takes more than the "
                  + (Runtime.getRuntime().maxMemory() >> 20)
                  + " MiB of heap",
              "use fewer or smaller layers, or allow more: MODELC_JAVA_OPTS=-Xmx4g",
              e);
      case RuntimeException e -> e;
      case Error e -> throw e;
      default -> new CompletionException(cause);
    };
  }
}
