package modelc.runtime;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The threads of a session: the caller and persistent daemon workers, which enter a native function
 * together and leave it together. It does not share out work: the function does, by thread number.
 *
 * <p>A worker that finds nothing to do spins for a moment, because the next step mostly comes
 * within microseconds, and then parks, because data threads need the core.
 */
final class Team implements AutoCloseable {
  private static final long SPIN_NANOS = 20_000;

  /**
   * Not a critical call: that would hold up the collector for a whole step. The context is a raw
   * address.
   */
  private static final MethodHandle ENTRY =
      Linker.nativeLinker()
          .downcallHandle(FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT));

  private final int size;
  private final Worker[] workers;
  private final AtomicInteger pending = new AtomicInteger();
  private volatile @Nullable Thread waiting;
  private volatile int status;
  private volatile @Nullable Throwable failure;
  private volatile boolean stopped;
  // Written before `job`, read after it.
  private MemorySegment function = MemorySegment.NULL;
  private long context;
  private final AtomicLong job = new AtomicLong();

  Team(int size, String name) {
    this.size = size;
    this.workers = new Worker[size - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1);
      workers[i].thread = Thread.ofPlatform().daemon().name(name + "-" + (i + 1)).start(workers[i]);
    }
  }

  int size() {
    return size;
  }

  /**
   * Runs {@code function(context, thread, threads)} on all threads and waits for all.
   *
   * @return 0, or a status that some thread returned
   */
  int run(MemorySegment function, long context) {
    if (workers.length == 0) {
      return enter(function, context, 0);
    }
    this.function = function;
    this.context = context;
    status = 0;
    failure = null;
    pending.set(workers.length);
    job.incrementAndGet();
    for (Worker w : workers) {
      if (w.parked) {
        LockSupport.unpark(w.thread);
      }
    }
    int own = 0;
    try {
      own = enter(function, context, 0);
    } finally {
      join();
    }
    Throwable thrown = failure;
    if (thrown != null) {
      throw new IllegalStateException("a worker could not enter compiled code", thrown);
    }
    return own != 0 ? own : status;
  }

  private int enter(MemorySegment function, long context, int thread) {
    try {
      return (int) ENTRY.invokeExact(function, context, thread, size);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private void join() {
    long start = System.nanoTime();
    boolean interrupted = false;
    while (pending.get() != 0) {
      if (System.nanoTime() - start < SPIN_NANOS) {
        Thread.onSpinWait();
      } else {
        waiting = Thread.currentThread();
        if (pending.get() != 0) {
          LockSupport.park(this);
        }
        interrupted |= Thread.interrupted(); // else park would not wait at all
        waiting = null;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Worker implements Runnable {
    final int number;
    @Nullable Thread thread;
    volatile boolean parked;

    Worker(int number) {
      this.number = number;
    }

    @Override
    public void run() {
      for (long done = 0; await(done); ) {
        done = job.get();
        try {
          int result = enter(function, context, number);
          if (result != 0) {
            status = result;
          }
        } catch (RuntimeException | Error e) {
          failure = e;
        }
        if (pending.decrementAndGet() == 0) {
          Thread caller = waiting;
          if (caller != null) {
            LockSupport.unpark(caller);
          }
        }
      }
    }

    /** Waits for a job other than {@code done}; false when the team stops. */
    private boolean await(long done) {
      long start = System.nanoTime();
      while (job.get() == done) {
        if (stopped) {
          return false;
        }
        if (System.nanoTime() - start < SPIN_NANOS) {
          Thread.onSpinWait();
          continue;
        }
        parked = true;
        if (job.get() == done && !stopped) {
          LockSupport.park(Team.this);
        }
        parked = false;
        Thread.interrupted(); // else park would not wait at all
      }
      return true;
    }
  }

  /** Ends the workers; no {@link #run} may be under way. */
  @Override
  public void close() {
    stopped = true;
    for (Worker w : workers) {
      LockSupport.unpark(w.thread);
    }
    boolean interrupted = false;
    for (Worker w : workers) {
      Thread t = java.util.Objects.requireNonNull(w.thread);
      while (t.isAlive()) {
        try {
          t.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
