package modelc.runtime;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Assembles the next batches on threads of its own while the present one is computed with. Batches
 * come in order, whatever the threads; the last of an epoch may be smaller. It does not run
 * anything on them.
 */
final class Prefetcher implements AutoCloseable {
  /** Which sample is the {@code position}th of an epoch. */
  interface Order {
    long sample(long position);
  }

  /** The order of each epoch. */
  interface Orders {
    Order of(long epoch);
  }

  /** A batch ready to be computed with, until {@link #release}. */
  static final class Batch {
    private final List<BatchMemory> columns;
    private long count;
    private @Nullable Throwable failure;

    private Batch(List<BatchMemory> columns) {
      this.columns = List.copyOf(columns);
    }

    /** How many samples. */
    long count() {
      return count;
    }

    /** The memory of column {@code i}: its samples one after the other. */
    MemorySegment column(int i) {
      return columns.get(i).segment();
    }
  }

  private final BatchSource source;
  private final List<Column> columns;
  private final long batchSize;
  private final Orders orders;
  private final long perEpoch;
  private final boolean oneEpoch;
  private final List<BatchMemory> memory = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  /** Guards what follows. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition freed = lock.newCondition();
  private final Condition filled = lock.newCondition();
  private final Queue<Batch> free = new ArrayDeque<>();

  /**
   * Batches filled, by their number modulo its length: there are as many batches in all, and they
   * are taken in order, so that no two meet.
   */
  private final @Nullable Batch[] ready;

  /** Number, counted from the first batch made, of the next one to be made and to be taken. */
  private long making;

  private long taking;
  private long epoch;
  private long batchOfEpoch;
  private Order order;
  private long orderOf;

  /** Read without the lock too: a batch may take long. */
  private volatile boolean stopped;

  // Of the thread that takes.
  private long waitedNanos;

  /**
   * Starts assembling.
   *
   * @param source of the samples
   * @param memory where batches are assembled
   * @param threads how many assemble, a batch each
   * @param epoch the first epoch; 0: the only one
   * @param firstBatch of that epoch, from 0
   */
  Prefetcher(
      BatchSource source,
      BatchMemory.Source memory,
      long batchSize,
      int threads,
      Orders orders,
      long epoch,
      long firstBatch) {
    this.source = source;
    this.columns = source.columns();
    this.batchSize = batchSize;
    this.orders = orders;
    this.perEpoch = batches(source, batchSize);
    this.oneEpoch = epoch == 0;
    this.epoch = epoch;
    this.batchOfEpoch = firstBatch;
    this.order = orders.of(epoch);
    this.orderOf = epoch;
    // One is computed with, one waits, and each thread fills one.
    this.ready = new @Nullable Batch[threads + 2];
    try {
      for (int i = 0; i < ready.length; i++) {
        free.add(new Batch(allocate(memory)));
      }
    } catch (ModelcException e) {
      this.memory.forEach(BatchMemory::close);
      throw e;
    }
    for (int i = 1; i <= threads; i++) {
      this.threads.add(Thread.ofPlatform().daemon().name("modelc-data-" + i).start(this::produce));
    }
  }

  private List<BatchMemory> allocate(BatchMemory.Source from) {
    var batch = new ArrayList<BatchMemory>();
    for (Column c : columns) {
      BatchMemory m = from.allocate(Math.multiplyExact(c.bytes(), batchSize), c.toString());
      memory.add(m);
      batch.add(m);
    }
    return batch;
  }

  /** How many batches an epoch of {@code source} has. */
  static long batches(BatchSource source, long batchSize) {
    return Math.ceilDiv(source.size(), batchSize);
  }

  /** Which batch a thread is to make. */
  private record Task(Batch batch, long number, Order order, long epoch, long batchOfEpoch) {}

  private void produce() {
    for (Task task = task(); task != null; task = task()) {
      Batch batch = task.batch;
      try {
        fill(batch, task.order, task.epoch, task.batchOfEpoch);
      } catch (Throwable e) {
        batch.failure = e;
      }
      lock.lock();
      try {
        ready[(int) (task.number % ready.length)] = batch;
        filled.signal();
      } finally {
        lock.unlock();
      }
      if (batch.failure != null) {
        return;
      }
    }
  }

  /** The next batch to make, once there is memory for it; null when there is nothing left to do. */
  private @Nullable Task task() {
    lock.lock();
    try {
      while (true) {
        if (batchOfEpoch >= perEpoch) {
          if (oneEpoch) {
            return null;
          }
          epoch++;
          batchOfEpoch = 0;
        }
        if (stopped) {
          return null;
        }
        if (!free.isEmpty()) {
          break;
        }
        freed.awaitUninterruptibly();
      }
      if (orderOf != epoch) {
        order = orders.of(epoch);
        orderOf = epoch;
      }
      return new Task(free.remove(), making++, order, epoch, batchOfEpoch++);
    } finally {
      lock.unlock();
    }
  }

  private void fill(Batch batch, Order order, long epoch, long number) {
    long first = number * batchSize;
    batch.count = Math.min(batchSize, source.size() - first);
    var rows = new MemorySegment[columns.size()];
    for (long i = 0; i < batch.count && !stopped; i++) {
      for (int c = 0; c < rows.length; c++) {
        long bytes = columns.get(c).bytes();
        rows[c] = batch.column(c).asSlice(i * bytes, bytes);
      }
      source.read(order.sample(first + i), epoch, rows);
    }
    for (int c = 0; c < rows.length && !stopped; c++) {
      batch.columns.get(c).filled(columns.get(c).bytes() * batch.count);
    }
  }

  /**
   * The next batch; waits for it if it must.
   *
   * @throws InterruptedException if the calling thread is interrupted while it waits
   */
  Batch next() throws InterruptedException {
    Batch batch = take();
    return switch (batch.failure) {
      case null -> batch;
      case ModelcException e -> throw e;
      case Throwable e -> throw new IllegalStateException("a data set failed", e);
    };
  }

  private Batch take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      int place = (int) (taking % ready.length);
      long start = 0;
      while (ready[place] == null) {
        if (start == 0) {
          start = System.nanoTime();
        }
        filled.await();
      }
      if (start != 0) {
        waitedNanos += System.nanoTime() - start;
      }
      Batch batch = java.util.Objects.requireNonNull(ready[place]);
      if (batch.failure == null) { // a failure stays: whoever asks again hears of it again
        ready[place] = null;
        taking++;
      }
      return batch;
    } finally {
      lock.unlock();
    }
  }

  /** Gives a batch's memory back for a later one. */
  void release(Batch batch) {
    lock.lock();
    try {
      free.add(batch);
      freed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** How long {@link #next} has waited in all. */
  long waitedNanos() {
    return waitedNanos;
  }

  @Override
  public void close() {
    lock.lock();
    try {
      stopped = true;
      freed.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    try {
      Closing.all(memory.stream().<Runnable>map(m -> m::close).toList());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
