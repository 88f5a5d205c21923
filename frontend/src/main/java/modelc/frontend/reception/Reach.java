package modelc.frontend.reception;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/**
 * Which elements of the image, along one of its axes, the elements of an axis of a value depend on:
 * the first and the last one. It repeats: element {@code i + period} sees what element {@code i}
 * sees, {@code advance} further on. Borders do not exist for it, so that padding is seen like
 * anything else.
 *
 * <p>It knows nothing of ops.
 *
 * @param low what each element of one period sees first
 * @param high and last; below {@code low} where it sees nothing
 */
record Reach(long advance, List<Long> low, List<Long> high) {
  /** Longer periods are given up. */
  private static final long MAX_PERIOD = 1L << 14;

  /** What each element of the image sees of it: itself. */
  static final Reach SELF = new Reach(1, List.of(0L), List.of(0L));

  Reach {
    low = List.copyOf(low);
    high = List.copyOf(high);
  }

  int period() {
    return low.size();
  }

  long low(long i) {
    return low.get(Math.floorMod(i, period())) + Math.floorDiv(i, (long) period()) * advance;
  }

  long high(long i) {
    return high.get(Math.floorMod(i, period())) + Math.floorDiv(i, (long) period()) * advance;
  }

  /** The most that one element sees. */
  long size() {
    long size = 0;
    for (int i = 0; i < period(); i++) {
      size = Math.max(size, high.get(i) - low.get(i) + 1);
    }
    return size;
  }

  /** How far apart in the image the sights of neighbours lie, on average. */
  double stride() {
    return (double) Math.abs(advance) / period();
  }

  /**
   * Of an axis whose element {@code o} depends on the elements {@code (stride * o + offset + step *
   * t) / base} of this one, for t below {@code taps}, where that is a whole number.
   */
  Optional<Reach> through(long stride, long offset, long step, long taps, long base) {
    long whole = base * period();
    long length = whole / gcd(Math.abs(stride), whole);
    return sampled(
        length,
        advance * (stride * length / whole),
        o -> {
          Hull hull = new Hull();
          for (long t = 0; t < taps; t++) {
            long at = stride * o + offset + step * t;
            if (Math.floorMod(at, base) == 0) {
              hull.add(low(at / base), high(at / base));
            }
          }
          return hull;
        });
  }

  /** Of an axis that has each element {@code times} times over. */
  Optional<Reach> repeated(long times) {
    return sampled(
        period() * times,
        advance,
        o -> {
          Hull hull = new Hull();
          hull.add(low(o / times), high(o / times));
          return hull;
        });
  }

  /**
   * Of an axis of {@code n} elements in place of {@code of}, by a table of what each depends on.
   */
  Optional<Reach> table(long n, long of, LongUnaryOperator first, LongUnaryOperator last) {
    if (advance * of % period() != 0) {
      return Optional.empty();
    }
    return sampled(
        n,
        advance * of / period(),
        o -> {
          Hull hull = new Hull();
          for (long m = first.applyAsLong(o); m <= last.applyAsLong(o); m++) {
            hull.add(low(m), high(m));
          }
          return hull;
        });
  }

  /** Of an axis whose elements see what this one's and the other's see; both at the same pace. */
  Optional<Reach> and(Reach other) {
    if (advance * other.period() != other.advance * period()) {
      return Optional.empty();
    }
    long length = (long) period() / gcd(period(), other.period()) * other.period();
    return sampled(
        length,
        advance * (length / period()),
        o -> {
          Hull hull = new Hull();
          hull.add(low(o), high(o));
          hull.add(other.low(o), other.high(o));
          return hull;
        });
  }

  /** All that the first {@code n} elements see. */
  Hull hull(long n) {
    Hull hull = new Hull();
    for (long i = 0; i < n; i++) {
      hull.add(low(i), high(i));
    }
    return hull;
  }

  private interface Sight {
    Hull of(long element);
  }

  private static Optional<Reach> sampled(long period, long advance, Sight sight) {
    if (period > MAX_PERIOD) {
      return Optional.empty();
    }
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    for (long o = 0; o < period; o++) {
      Hull hull = sight.of(o);
      low.add(hull.low());
      high.add(hull.high());
    }
    return Optional.of(new Reach(advance, low, high));
  }

  private static long gcd(long a, long b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  /** The smallest interval around what was added. */
  static final class Hull {
    private long low = 1;
    private long high = 0;

    void add(long from, long to) {
      if (from > to) {
        return;
      }
      boolean first = low > high;
      low = first ? from : Math.min(low, from);
      high = first ? to : Math.max(high, to);
    }

    long low() {
      return low;
    }

    long high() {
      return high;
    }
  }
}
