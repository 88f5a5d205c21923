package modelc.frontend.reception;

import java.util.Optional;
import modelc.ir.Dim;
import modelc.ir.Shape;

/**
 * Places under a reshape: in row-major order the elements stay, only where axes begin and end
 * changes.
 */
final class Reshapes {
  private Reshapes() {}

  static Place place(Place p, Shape from, Shape to) {
    if (!(p instanceof Place.Along a)) {
      return p;
    }
    Optional<Long> below = trailing(from, a.axis());
    if (below.isEmpty()) {
      return Steps.lost(p);
    }
    long inner = a.inner() * below.get();
    for (int axis = 0; axis < to.rank(); axis++) {
      Optional<Place> found = on(a, inner, to, axis);
      if (found.isPresent()) {
        return found.get();
      }
    }
    return Steps.lost(p);
  }

  /** The place on that axis of the new shape, if it is there. */
  private static Optional<Place> on(Place.Along a, long inner, Shape to, int axis) {
    Optional<Long> under = trailing(to, axis);
    if (under.isEmpty() || !to.dim(axis).isConstant()) {
      return Optional.empty();
    }
    long step = under.get();
    long dim = to.dim(axis).constant();
    boolean empty = dim == 1 && a.n() > 1;
    if (!empty && inner % step == 0 && inner * a.n() <= step * dim) {
      return Optional.of(new Place.Along(axis, inner / step, a.n(), a.reach()));
    }
    // Cut in two: the outer axis sees what all of the inner one see.
    if (dim > 1 && step > inner && step % inner == 0 && step / inner * dim == a.n()) {
      long parts = step / inner;
      return a.reach().through(parts, 0, 1, parts, 1).map(r -> new Place.Along(axis, 1, dim, r));
    }
    return Optional.empty();
  }

  /** How many elements lie between neighbours of that axis. */
  private static Optional<Long> trailing(Shape shape, int axis) {
    long product = 1;
    for (Dim d : shape.dims().subList(axis + 1, shape.rank())) {
      if (!d.isConstant()) {
        return Optional.empty();
      }
      product = Math.multiplyExact(product, d.constant());
    }
    return Optional.of(product);
  }
}
