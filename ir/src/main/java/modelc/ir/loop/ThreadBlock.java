package modelc.ir.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one GPU block, run one at a time in a fixed order, each until it waits: at a
 * barrier for all threads, in a shuffle or a product for its warp. Threads that wait for what
 * cannot come are reported. Each is a Java thread only so that it has a stack to wait on.
 */
final class ThreadBlock {
  private static final int WARP = 32;
  private static final long[] NOTHING = {};

  /** What each thread runs. */
  @FunctionalInterface
  interface Body {
    void run(Frame f, int thread);
  }

  /** What the threads of a warp do at once: from what each gives to what each gets, as bits. */
  @FunctionalInterface
  interface Together {
    long[][] apply(long[][] given);
  }

  private enum State {
    READY,
    AT_BARRIER,
    IN_WARP,
    DONE
  }

  /** Ends a thread after another one has failed. */
  private static final class Cancelled extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private static final class Member {
    final Frame frame;
    final Semaphore mayRun = new Semaphore(0);
    State state = State.READY;
    @Nullable Site site;

    /** In what a warp does together: what it gives, then what it gets. */
    long[] values = {};

    @Nullable Together together;

    /** How many threads do it together. */
    int size = WARP;

    Member(Frame frame) {
      this.frame = frame;
    }
  }

  private final int threads;
  private final List<Member> members = new ArrayList<>();
  private final Semaphore mayDecide = new Semaphore(0);
  private @Nullable Throwable failure;

  ThreadBlock(int threads) {
    this.threads = threads;
  }

  static ThreadBlock of(Frame f) {
    ThreadBlock b = f.block;
    if (b == null) {
      throw new IllegalStateException("not in a block");
    }
    return b;
  }

  void run(Frame outside, Body body) {
    for (int t = 0; t < threads; t++) {
      Frame f = outside.fork();
      f.block = this;
      f.thread = t;
      members.add(new Member(f));
    }
    beginInterval();
    for (Member m : members) {
      Thread.ofVirtual().start(() -> live(m, body));
    }
    while (members.stream().anyMatch(m -> m.state != State.DONE)) {
      for (Member m : members) {
        if (m.state == State.READY && failure == null) {
          resume(m);
        }
      }
      if (failure == null) {
        release();
      }
      if (failure != null) {
        cancel();
      }
    }
    rethrow();
  }

  private void beginInterval() {
    int first = members.getFirst().frame.races.beginInterval(threads);
    for (Member m : members) {
      m.frame.me = first + 2 * m.frame.thread;
    }
  }

  private void live(Member m, Body body) {
    m.mayRun.acquireUninterruptibly();
    try {
      if (failure == null) {
        body.run(m.frame, m.frame.thread);
      }
    } catch (Cancelled _) {
      // The failure that was first is reported.
    } catch (Throwable t) {
      failure = t;
    }
    m.state = State.DONE;
    mayDecide.release();
  }

  private void resume(Member m) {
    m.mayRun.release();
    mayDecide.acquireUninterruptibly();
  }

  private void cancel() {
    for (Member m : members) {
      if (m.state != State.DONE) {
        resume(m);
      }
    }
  }

  private void rethrow() {
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable t -> throw new IllegalStateException(t);
    }
  }

  private void pause(Frame f, State state, Site site) {
    Member m = members.get(f.thread);
    m.state = state;
    m.site = site;
    mayDecide.release();
    m.mayRun.acquireUninterruptibly();
    if (failure != null) {
      throw new Cancelled();
    }
  }

  void barrier(Frame f, Site site) {
    pause(f, State.AT_BARRIER, site);
  }

  /** The value of the thread whose place in the warp differs by {@code mask}. */
  long shuffle(Frame f, long value, int mask, Site site) {
    return together(f, new long[] {value}, all -> shuffled(all, mask), site)[0];
  }

  private static long[][] shuffled(long[][] given, int mask) {
    var got = new long[given.length][];
    for (int i = 0; i < got.length; i++) {
      got[i] = given[i ^ mask];
    }
    return got;
  }

  /** What this thread gets of what all threads of its warp do at this place. */
  long[] together(Frame f, long[] given, Together what, Site site) {
    Member m = members.get(f.thread);
    m.values = given;
    m.together = what;
    m.size = WARP;
    pause(f, State.IN_WARP, site);
    return m.values;
  }

  /** Waits for the threads of a warpgroup, who do something together here. */
  void together(Frame f, Site site) {
    Member m = members.get(f.thread);
    m.values = NOTHING;
    m.together = all -> all;
    m.size = WarpgroupTile.THREADS;
    pause(f, State.IN_WARP, site);
  }

  /** Lets threads go on whose wait is over; no thread is ready when it is called. */
  private void release() {
    boolean progress = false;
    for (int first = 0; first < threads; first += WARP) {
      int size = members.get(first).size;
      List<Member> warp = members.subList(first, Math.min(first + size, threads));
      if (first % size == 0 && together(warp, State.IN_WARP)) {
        exchange(warp);
        progress = true;
      }
    }
    if (!progress && together(members, State.AT_BARRIER)) {
      beginInterval();
      members.forEach(m -> m.state = State.READY);
      progress = true;
    }
    if (!progress && members.stream().anyMatch(m -> m.state != State.DONE)) {
      failure = divergence();
    }
  }

  private static boolean together(List<Member> group, State state) {
    Site site = group.getFirst().site;
    return group.stream().allMatch(m -> m.state == state && m.site == site);
  }

  private static void exchange(List<Member> warp) {
    Together what = Objects.requireNonNull(warp.getFirst().together);
    long[][] got = what.apply(warp.stream().map(m -> m.values).toArray(long[][]::new));
    for (int i = 0; i < got.length; i++) {
      Member m = warp.get(i);
      m.values = got[i];
      m.state = State.READY;
    }
  }

  /** Every thread waits or has ended, and not all at one place. */
  private LoopCheckException divergence() {
    Member waiting = members.stream().filter(m -> m.state != State.DONE).findFirst().orElseThrow();
    Member elsewhere =
        members.stream()
            .filter(m -> m.state != waiting.state || m.site != waiting.site)
            .findFirst()
            .orElseThrow();
    Site site = waiting.site;
    if (site == null) {
      throw new IllegalStateException("a thread waits nowhere");
    }
    String what = waiting.state == State.AT_BARRIER ? "barrier" : site.inWarp();
    return site.error(
        waiting.frame,
        "divergence: thread "
            + waiting.frame.thread
            + " waits in this "
            + what
            + ", thread "
            + elsewhere.frame.thread
            + switch (elsewhere.state) {
              case DONE -> " has ended";
              case AT_BARRIER -> " at another barrier";
              case IN_WARP -> " in another " + Objects.requireNonNull(elsewhere.site).inWarp();
              case READY -> " runs";
            });
  }
}
