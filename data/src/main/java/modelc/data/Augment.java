package modelc.data;

import java.util.List;
import java.util.Optional;
import modelc.runtime.DataException;

/**
 * Changes training pictures at random, a new way each epoch: positions first, all in one sampling,
 * then colours. Masks and boxes follow their picture. A function of seed, epoch and the picture's
 * number alone; it leaves epoch 0, by which models are judged, as it is.
 */
record Augment(List<Change> changes, Border border) implements Transform {
  /** How often positions are drawn again when they move a box out of sight. */
  private static final int TRIES = 10;

  /** The share of a box that must stay in sight. */
  private static final double SEEN = 0.3;

  static final List<String> NAMES =
      List.of("shift", "flip", "rotate", "scale", "crop", "jitter", "noise", "cutout");

  Augment {
    changes = List.copyOf(changes);
  }

  static Augment of(Step s) {
    var given = new Arguments(new Step(s.name(), List.of(), s.named()), List.of("border"));
    if (s.arguments().isEmpty()) {
      throw new DataException(
          "D0108",
          "augment() is told nothing to do",
          "write e.g. augment(shift(4), flip); there are " + String.join(", ", NAMES));
    }
    return new Augment(s.arguments().stream().map(Augment::change).toList(), given.border());
  }

  private static Change change(Object argument) {
    String name = argument instanceof Step s ? s.name() : argument.toString();
    if (!(argument instanceof Step step) || !NAMES.contains(name)) {
      throw new DataException(
          "D0108",
          "augment(...) knows no " + name,
          Arguments.suggestion(name, NAMES) + "there are " + String.join(", ", NAMES));
    }
    return Change.of(step);
  }

  @Override
  public boolean random() {
    return true;
  }

  @Override
  public Optional<Size> after(Optional<Size> before) {
    return before;
  }

  @Override
  public Pictures apply(Pictures base, Optional<Size> size, long seed) {
    return new Each(base) {
      @Override
      public Example read(int i, long epoch) {
        Example e = base.read(i, epoch);
        return epoch == 0 ? e : changed(e, new Draws(seed, "augment", epoch, i));
      }

      @Override
      public boolean costly() {
        return true;
      }
    };
  }

  private Example changed(Example e, Draws draws) {
    Example moved = moved(e, draws);
    Picture image = moved.image();
    for (Change c : changes) {
      image = c.recolour(image, draws);
    }
    return moved.withImage(image);
  }

  private Example moved(Example e, Draws draws) {
    Size size = e.image().size();
    for (int t = 0; t < TRIES; t++) {
      Placement p = Placement.NONE;
      for (Change c : changes) {
        p = c.move(p, size, draws);
      }
      if (p.equals(Placement.NONE)) {
        return e;
      }
      Box box = e.box();
      if (box != null) {
        Placement.Moved seen = p.moved(box, size);
        if (seen.share() < SEEN) {
          continue;
        }
        box = seen.box();
      }
      Picture mask = e.mask();
      return new Example(
          p.smooth(e.image(), border),
          e.label(),
          mask == null ? null : p.nearest(mask, border),
          box,
          e.frame());
    }
    return e;
  }
}
