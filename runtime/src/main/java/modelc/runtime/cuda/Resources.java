package modelc.runtime.cuda;

import java.util.LinkedHashSet;
import java.util.SequencedSet;
import modelc.runtime.DeviceException;

/**
 * What was taken from the driver and is to be freed: one by one, or the rest of it at the end, the
 * latest first. Safe from any thread.
 */
final class Resources {
  private final Libcuda cuda;
  private final long context;
  private final SequencedSet<Resource> open = new LinkedHashSet<>();

  private record Resource(Function free, long handle) {}

  Resources(Libcuda cuda, long context) {
    this.cuda = cuda;
    this.context = context;
  }

  synchronized void add(Function free, long handle) {
    open.add(new Resource(free, handle));
  }

  /**
   * Frees one, unless it was freed before.
   *
   * @throws DeviceException if that fails, and nothing has before
   */
  synchronized void free(Function free, long handle) {
    if (!open.remove(new Resource(free, handle))) {
      return;
    }
    boolean first = !cuda.isBroken();
    if (free != Function.PRIMARY_CTX_RELEASE) {
      int current = cuda.result(Function.CTX_SET_CURRENT, context);
      if (current != 0 && first) {
        cuda.result(free, handle);
        throw cuda.failed(Function.CTX_SET_CURRENT, current);
      }
    }
    int result = cuda.result(free, handle);
    if (result != 0 && first) {
      throw cuda.failed(free, result);
    }
  }

  /** Does all of it, and then throws the first failure, unless there was one before. */
  void freeAll(Runnable... steps) {
    boolean before = cuda.isBroken();
    DeviceException first = null;
    for (Runnable step : steps) {
      try {
        step.run();
      } catch (DeviceException e) {
        first = first == null ? e : first;
      }
    }
    if (first != null && !before) {
      throw first;
    }
  }

  /** Frees the rest. */
  synchronized void close() {
    freeAll(
        open.reversed().stream()
            .<Runnable>map(r -> () -> free(r.free, r.handle))
            .toArray(Runnable[]::new));
  }

  /** Frees the rest because of {@code failure}, which is what will be told. */
  void closeAfter(DeviceException failure) {
    try {
      close();
    } catch (DeviceException e) {
      failure.addSuppressed(e);
    }
  }
}
