package modelc.frontend.reception;

import java.util.Optional;
import modelc.ir.Shape;

/**
 * How a value depends on one axis of the image. What no axis of the image reaches has no place.
 *
 * <p>It is kept for each axis of the image apart: the sight of an element is the box around it.
 */
sealed interface Place {
  /** The most that one element sees. */
  long size();

  /** When all elements are mixed: what comes out sees what all of them see. */
  Lost mixed();

  /**
   * Along one axis of the value: its index, divided by {@code inner}, modulo {@code n}, is the
   * element of {@code reach}. For a plain axis, {@code inner} is 1 and n its size.
   */
  record Along(int axis, long inner, long n, Reach reach) implements Place {
    @Override
    public long size() {
      return reach.size();
    }

    @Override
    public Lost mixed() {
      Reach.Hull hull = reach.hull(n);
      return new Lost(hull.high() - hull.low() + 1, hull.low(), hull.high());
    }

    /** The same with an index of its own, in a value of that shape. */
    Optional<Along> plain(Shape shape) {
      if (!shape.dim(axis).isConstant()) {
        return Optional.empty();
      }
      long dim = shape.dim(axis).constant();
      if (inner * n != dim) {
        return Optional.empty();
      }
      return inner == 1
          ? Optional.of(this)
          : reach.repeated(inner).map(r -> new Along(axis, 1, dim, r));
    }

    Along on(int other) {
      return new Along(other, inner, n, reach);
    }

    Along seeing(Reach other) {
      return new Along(axis, inner, n, other);
    }
  }

  /** Somewhere: one element sees at most {@code size} elements, all together low to high. */
  record Lost(long size, long low, long high) implements Place {
    @Override
    public Lost mixed() {
      return new Lost(high - low + 1, low, high);
    }
  }

  /** What an element sees that depends on an element of each. */
  static Place both(Place a, Place b) {
    return sameAxis(a, b)
        .orElseGet(
            () -> {
              Lost all = union(a, b);
              boolean whole = isWhole(a) || isWhole(b);
              return whole ? all : new Lost(Math.max(a.size(), b.size()), all.low, all.high);
            });
  }

  /** What an element sees at most that depends on an element of the one or of the other. */
  static Place either(Place a, Place b) {
    return sameAxis(a, b)
        .orElseGet(
            () -> {
              Lost all = union(a, b);
              return new Lost(Math.max(a.size(), b.size()), all.low, all.high);
            });
  }

  private static Optional<Place> sameAxis(Place a, Place b) {
    boolean same =
        a instanceof Along x
            && b instanceof Along y
            && x.axis == y.axis
            && x.inner == y.inner
            && x.n == y.n;
    return same
        ? ((Along) a).reach.and(((Along) b).reach).map(((Along) a)::seeing)
        : Optional.empty();
  }

  /** Every element sees all that any of them sees. */
  private static boolean isWhole(Place p) {
    return p instanceof Lost l && l.size == l.mixed().size;
  }

  private static Lost union(Place a, Place b) {
    Lost x = a.mixed();
    Lost y = b.mixed();
    long low = Math.min(x.low, y.low);
    long high = Math.max(x.high, y.high);
    return new Lost(high - low + 1, low, high);
  }
}
