package modelc.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;

/**
 * What Ctrl-C, or a polite kill, does to a command that wants to end in order: it is told, and the
 * process ends when the command has. A second Ctrl-C ends it at once, as it always does.
 *
 * <p>The Java machine takes the signal, begins to shut down and waits for its hooks: this is one.
 */
final class Interruption implements AutoCloseable {
  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;

  /** Of the process: its command has ended, and has said all it has to say. */
  private static final CountDownLatch ENDED = new CountDownLatch(1);

  private final Thread hook;

  private Interruption(Runnable told) {
    hook =
        new Thread(
            () -> {
              secondOneKills();
              told.run();
              try {
                ENDED.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  /**
   * From now on until it is closed, {@code told} is run, on another thread, when a signal comes.
   */
  static Interruption by(Runnable told) {
    var interruption = new Interruption(told);
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  /** Gives the signals back their first meaning; where that fails, the second is ignored. */
  private static void secondOneKills() {
    try {
      Linker linker = Linker.nativeLinker();
      var signal =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("signal"),
              FunctionDescriptor.of(
                  ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
      for (int number : new int[] {SIGINT, SIGTERM}) {
        MemorySegment _ = (MemorySegment) signal.invokeExact(number, MemorySegment.NULL);
      }
    } catch (Throwable e) {
      // invokeExact declares all; nothing is lost but a way to hurry.
    }
  }

  /** Lets the process end, if it was asked to. */
  static void commandEnded() {
    ENDED.countDown();
  }

  /** From now on a signal ends the process at once, but for one that came before. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The process is ending already: that is what the hook was for.
    }
  }
}
