package modelc.ir.loop;

import org.jspecify.annotations.Nullable;

/** The variables and buffers of one thread of an interpreted kernel. It holds no code. */
final class Frame {
  /** Scalar variables: integers and BOOL, and floats. */
  final long[] longs;

  final double[] doubles;

  /**
   * Vector variables, and the results of vector expressions that are in the middle of being
   * evaluated.
   */
  final long[][] longVectors;

  final double[][] doubleVectors;

  final View[] views;
  final Races races;

  /** Who accesses memory, as {@link Races} numbers it; 0 when that does not matter. */
  int me;

  /** The GPU block and the place in it; null elsewhere. */
  @Nullable ThreadBlock block;

  /** What this thread is copying asynchronously. */
  final AsyncCopies copies = new AsyncCopies();

  /** Factors of products that it has stored and not fenced yet. */
  final AsyncCopies factors = new AsyncCopies();

  /** Products that it takes part in and that are under way. */
  final AsyncProducts products = new AsyncProducts();

  int thread;
  long threadX;
  long threadY;

  Frame(
      long[] longs,
      double[] doubles,
      long[][] longVectors,
      double[][] doubleVectors,
      View[] views,
      Races races) {
    this.longs = longs;
    this.doubles = doubles;
    this.longVectors = longVectors;
    this.doubleVectors = doubleVectors;
    this.views = views;
    this.races = races;
  }

  /** A frame with the same values and buffers; what is allocated in it from now on is its own. */
  Frame fork() {
    var copy =
        new Frame(
            longs.clone(),
            doubles.clone(),
            new long[longVectors.length][],
            new double[doubleVectors.length][],
            views.clone(),
            races);
    for (int i = 0; i < longVectors.length; i++) {
      copy.longVectors[i] = longVectors[i].clone();
    }
    for (int i = 0; i < doubleVectors.length; i++) {
      copy.doubleVectors[i] = doubleVectors[i].clone();
    }
    copy.me = me;
    return copy;
  }
}
