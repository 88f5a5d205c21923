package modelc.data;

import java.util.List;
import java.util.Optional;
import modelc.runtime.DataException;

/**
 * A step of the pictures' way to the model, applied one by one; a function of seed, epoch and
 * number of the picture alone, so that a set may be read in any order and a run repeated.
 */
sealed interface Transform
    permits Augment, Transform.Crop, Transform.Pad, Transform.Resize, Transform.Tiles {
  List<String> NAMES = List.of("pad", "resize", "crop", "tiles", "augment");

  /**
   * The size of all pictures afterwards.
   *
   * @param before empty where it is not known or not the same for all
   */
  Optional<Size> after(Optional<Size> before);

  /** {@code base}, transformed as it is read. */
  Pictures apply(Pictures base, Optional<Size> size, long seed);

  /** Whether it gives something else each epoch. */
  default boolean random() {
    return false;
  }

  /** Whether it must know the pictures' size before it is applied. */
  default boolean needsSize() {
    return false;
  }

  /**
   * The transform that a .model file names.
   *
   * @throws DataException if there is none of that name, or the arguments do not fit
   */
  static Transform of(Step s) {
    return switch (s.name()) {
      case "pad" -> {
        var given = new Arguments(s, List.of("n", "border"));
        yield new Pad((int) given.integer("n", 0, 1024), given.border());
      }
      case "resize" -> {
        var given = new Arguments(s, List.of("size", "fit"));
        String fit = given.word("fit", "stretch", List.of("stretch", "cover"));
        yield new Resize(given.size("size"), fit.equals("cover"));
      }
      case "crop" -> {
        var given = new Arguments(s, List.of("size", "random"));
        yield new Crop(given.size("size"), given.flag("random", false));
      }
      case "tiles" -> new Tiles(new Arguments(s, List.of("size")).size("size"));
      case "augment" -> Augment.of(s);
      default ->
          throw new DataException(
              "D0106",
              "no data transform is called " + s.name(),
              Arguments.suggestion(s.name(), NAMES) + "there are " + String.join(", ", NAMES));
    };
  }

  /** Pictures each of which comes from the one of the same number in another set. */
  abstract class Each implements Pictures {
    final Pictures base;

    Each(Pictures base) {
      this.base = base;
    }

    @Override
    public int count() {
      return base.count();
    }

    @Override
    public String name(int i) {
      return base.name(i);
    }

    @Override
    public int label(int i) {
      return base.label(i);
    }

    @Override
    public boolean costly() {
      return base.costly();
    }
  }

  private static DataException tooSmall(String what, Size wanted, Size found) {
    return new DataException(
        "D0413",
        what + " cannot give " + wanted + " pixels of " + found,
        "choose a smaller size, or enlarge the pictures first with `-> resize(...)`");
  }

  private static boolean fits(Size part, Size whole) {
    return part.height() <= whole.height() && part.width() <= whole.width();
  }

  /** Surrounds pictures by {@code n} pixels on each side. */
  record Pad(int n, Border border) implements Transform {
    @Override
    public Optional<Size> after(Optional<Size> before) {
      return before.map(s -> new Size(s.height() + 2 * n, s.width() + 2 * n));
    }

    @Override
    public Pictures apply(Pictures base, Optional<Size> size, long seed) {
      return new Each(base) {
        @Override
        public Example read(int i, long epoch) {
          return base.read(i, epoch).pad(n, border);
        }
      };
    }
  }

  /**
   * Brings pictures to a size.
   *
   * @param cover keep their proportions and cut off what is too much on both sides; else stretch
   */
  record Resize(Size size, boolean cover) implements Transform {
    @Override
    public Optional<Size> after(Optional<Size> before) {
      return Optional.of(size);
    }

    @Override
    public Pictures apply(Pictures base, Optional<Size> before, long seed) {
      return new Each(base) {
        @Override
        public Example read(int i, long epoch) {
          Example e = base.read(i, epoch);
          return (cover ? middle(e) : e).resize(size);
        }

        @Override
        public boolean costly() {
          return true;
        }
      };
    }

    /** The largest part in the middle that has the proportions wanted. */
    private Example middle(Example e) {
      int h = e.image().height();
      int w = e.image().width();
      double scale = Math.min((double) h / size.height(), (double) w / size.width());
      int partHeight = Math.clamp(Math.round(size.height() * scale), 1, h);
      int partWidth = Math.clamp(Math.round(size.width() * scale), 1, w);
      return e.crop((h - partHeight) / 2, (w - partWidth) / 2, new Size(partHeight, partWidth));
    }
  }

  /**
   * Takes a part of each picture: the middle, or in training a place drawn each epoch.
   *
   * @param anywhere draw the place in training
   */
  record Crop(Size size, boolean anywhere) implements Transform {
    @Override
    public boolean random() {
      return anywhere;
    }

    @Override
    public Optional<Size> after(Optional<Size> before) {
      before
          .filter(b -> !fits(size, b))
          .ifPresent(
              b -> {
                throw tooSmall("crop(" + size.written() + ")", size, b);
              });
      return Optional.of(size);
    }

    @Override
    public Pictures apply(Pictures base, Optional<Size> before, long seed) {
      return new Each(base) {
        @Override
        public Example read(int i, long epoch) {
          Example e = base.read(i, epoch);
          Size whole = e.image().size();
          if (!fits(size, whole)) {
            throw tooSmall("crop(" + size.written() + ") of " + base.name(i), size, whole);
          }
          int down = whole.height() - size.height();
          int right = whole.width() - size.width();
          if (!anywhere || epoch == 0) {
            return e.crop(down / 2, right / 2, size);
          }
          var draws = new Draws(seed, "crop", epoch, i);
          return e.crop(draws.below(down + 1), draws.below(right + 1), size);
        }
      };
    }
  }

  /**
   * Cuts each picture into tiles of a size that together cover it; they overlap evenly where it is
   * no multiple. Each tile is a sample.
   */
  record Tiles(Size size) implements Transform {
    @Override
    public boolean needsSize() {
      return true;
    }

    @Override
    public Optional<Size> after(Optional<Size> before) {
      before
          .filter(b -> !fits(size, b))
          .ifPresent(
              b -> {
                throw tooSmall("tiles(" + size.written() + ")", size, b);
              });
      return Optional.of(size);
    }

    @Override
    public Pictures apply(Pictures base, Optional<Size> before, long seed) {
      Size whole = before.orElseThrow();
      int down = Math.ceilDiv(whole.height(), size.height());
      int across = Math.ceilDiv(whole.width(), size.width());
      int each = down * across;
      return new Pictures() {
        @Override
        public int count() {
          return Math.multiplyExact(base.count(), each);
        }

        @Override
        public Example read(int i, long epoch) {
          Example e = base.read(i / each, epoch);
          if (!e.image().size().equals(whole)) {
            throw new DataException(
                "D0414",
                base.name(i / each) + " is " + e.image().size() + " pixels, not " + whole,
                "tiles need pictures of one size: bring them to it with `-> resize(...)` before");
          }
          int row = i % each / across;
          int column = i % across;
          return e.crop(
              start(row, down, whole.height(), size.height()),
              start(column, across, whole.width(), size.width()),
              size);
        }

        @Override
        public String name(int i) {
          return base.name(i / each) + ", tile " + (i % each + 1);
        }

        @Override
        public int label(int i) {
          return base.label(i / each);
        }

        @Override
        public boolean costly() {
          return base.costly();
        }
      };
    }

    private static int start(int k, int count, int whole, int part) {
      return count == 1 ? 0 : (int) ((long) k * (whole - part) / (count - 1));
    }
  }
}
