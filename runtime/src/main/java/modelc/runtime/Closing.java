package modelc.runtime;

import java.util.List;

/** Frees things where something may fail: all of them, and the first failure is the one thrown. */
final class Closing {
  private Closing() {}

  /** Does {@code step} because of {@code failure}, which is what will be told. */
  static void after(RuntimeException failure, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  static void all(List<Runnable> steps) {
    RuntimeException first = null;
    for (Runnable step : steps) {
      try {
        step.run();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
