package modelc.runtime;

import static java.lang.foreign.ValueLayout.ADDRESS;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps memory of the caller's open while compiled code, which knows addresses alone, reads it.
 *
 * <p>Java holds a segment open for as long as a downcall that it was passed to lasts, and has no
 * other public way to. So the work is done inside of a downcall: one that comes straight back, by
 * an upcall.
 */
final class Held {
  private static final FunctionDescriptor THERE = FunctionDescriptor.ofVoid(ADDRESS);
  private static final MethodHandle AND_BACK = andBack();

  /** A thread that exists only to be asked about: does memory belong to one thread alone? */
  private static final Thread ANY = Thread.ofPlatform().unstarted(() -> {});

  private static final ThreadLocal<@Nullable Held> UNDER_WAY = new ThreadLocal<>();

  private final Runnable work;
  private @Nullable Throwable thrown;

  private Held(Runnable work) {
    this.work = work;
  }

  /**
   * Those that another thread could close, one for each arena. What is confined to this thread
   * cannot be closed while the thread is at work.
   */
  static MemorySegment[] closable(List<MemorySegment> segments) {
    var found = new ArrayList<MemorySegment>();
    for (MemorySegment s : segments) {
      if (s.isAccessibleBy(ANY) && found.stream().noneMatch(f -> f.scope().equals(s.scope()))) {
        found.add(s);
      }
    }
    return found.toArray(MemorySegment[]::new);
  }

  /**
   * Does {@code work} while all of them stay open.
   *
   * @throws UsageException if one has been closed
   */
  static void during(MemorySegment[] segments, Runnable work) {
    during(segments, 0, work);
  }

  private static void during(MemorySegment[] segments, int from, Runnable work) {
    if (from == segments.length) {
      work.run();
      return;
    }
    var held = new Held(() -> during(segments, from + 1, work));
    Held outer = UNDER_WAY.get();
    UNDER_WAY.set(held);
    try {
      AND_BACK.invokeExact(segments[from]);
    } catch (IllegalStateException alreadyClosed) {
      throw new UsageException(
          "R0128",
          "memory bound to an input was closed as the run began",
          "keep its arena open until the last run",
          alreadyClosed);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    } finally {
      UNDER_WAY.set(outer);
    }
    switch (held.thrown) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new AssertionError(e);
    }
  }

  /** Called from native code, through which nothing may be thrown. */
  private static void back(MemorySegment segment) {
    Held held = UNDER_WAY.get();
    if (held != null) {
      try {
        held.work.run();
      } catch (Throwable e) {
        held.thrown = e;
      }
    }
  }

  private static MethodHandle andBack() {
    try {
      MethodHandle back =
          MethodHandles.lookup()
              .findStatic(
                  Held.class, "back", MethodType.methodType(void.class, MemorySegment.class));
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.upcallStub(back, THERE, Arena.global()), THERE);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("no method back", e);
    }
  }
}
