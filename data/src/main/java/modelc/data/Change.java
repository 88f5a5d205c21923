package modelc.data;

import java.util.List;
import modelc.runtime.DataException;

/**
 * One kind of random change that {@code augment} makes: of positions, or of colours. What it draws
 * it takes from the draws it is given, always as many.
 */
sealed interface Change {
  /** {@code before}, and then this change; pixels of a picture of {@code size}. */
  default Placement move(Placement before, Size size, Draws draws) {
    return before;
  }

  default Picture recolour(Picture p, Draws draws) {
    return p;
  }

  /**
   * The change a .model file names.
   *
   * @throws DataException if its arguments do not fit
   */
  static Change of(Step s) {
    return switch (s.name()) {
      case "shift" ->
          new Shift((int) new Arguments(s, List.of("pixels")).integer("pixels", 1, 1024));
      case "flip" -> {
        var given = new Arguments(s, List.of("horizontal", "vertical"));
        yield new Flip(given.number("horizontal", 0.5, 0, 1), given.number("vertical", 0, 0, 1));
      }
      case "rotate" -> {
        var given = new Arguments(s, List.of("degrees"));
        yield new Rotate(given.number("degrees", 10, 0, 180));
      }
      case "scale" -> {
        var given = new Arguments(s, List.of("low", "high"));
        double low = given.number("low", 0.9, 0.1, 10);
        yield new Scale(low, given.number("high", Math.max(1, 1 / low), low, 10));
      }
      case "crop" -> new Crop(new Arguments(s, List.of("least")).number("least", 0.5, 0.01, 1));
      case "jitter" -> {
        var given = new Arguments(s, List.of("brightness", "contrast", "saturation", "hue"));
        yield new Jitter(
            given.number("brightness", 0, 0, 1),
            given.number("contrast", 0, 0, 1),
            given.number("saturation", 0, 0, 1),
            given.number("hue", 0, 0, 180));
      }
      case "noise" -> new Noise(new Arguments(s, List.of("std")).number("std", 0.05, 0, 1));
      case "cutout" ->
          new Cutout((int) new Arguments(s, List.of("pixels")).integer("pixels", 1, 4096));
      default -> throw new IllegalArgumentException(s.name());
    };
  }

  /** By whole pixels, up to {@code pixels} each way: padding and a random crop in one. */
  record Shift(int pixels) implements Change {
    @Override
    public Placement move(Placement before, Size size, Draws draws) {
      int x = draws.below(2 * pixels + 1) - pixels;
      int y = draws.below(2 * pixels + 1) - pixels;
      return before.then(new Placement(1, 0, -x, 0, 1, -y));
    }
  }

  /** Left and right swapped with one probability, top and bottom with another. */
  record Flip(double horizontal, double vertical) implements Change {
    @Override
    public Placement move(Placement before, Size size, Draws draws) {
      double x = draws.chance(horizontal) ? -1 : 1;
      double y = draws.chance(vertical) ? -1 : 1;
      return x == 1 && y == 1 ? before : before.then(new Placement(x, 0, 0, 0, y, 0));
    }
  }

  /** Up to {@code degrees} either way. */
  record Rotate(double degrees) implements Change {
    @Override
    public Placement move(Placement before, Size size, Draws draws) {
      double angle = StrictMath.toRadians(draws.between(-degrees, degrees));
      double cos = StrictMath.cos(angle);
      double sin = StrictMath.sin(angle);
      return before.then(new Placement(cos, sin, 0, -sin, cos, 0));
    }
  }

  /** Larger or smaller by a factor from {@code low} to {@code high}. */
  record Scale(double low, double high) implements Change {
    @Override
    public Placement move(Placement before, Size size, Draws draws) {
      double back = 1 / draws.between(low, high);
      return before.then(new Placement(back, 0, 0, 0, back, 0));
    }
  }

  /**
   * A part of the picture of {@code least} of its area or more, its proportions changed by up to
   * 3:4, stretched to the whole (Szegedy et al. 2015).
   */
  record Crop(double least) implements Change {
    @Override
    public Placement move(Placement before, Size size, Draws draws) {
      double area = draws.between(least, 1);
      double ratio = StrictMath.exp(draws.between(-1, 1) * StrictMath.log(4.0 / 3) / 2);
      double width = Math.min(1, StrictMath.sqrt(area) * ratio);
      double height = Math.min(1, StrictMath.sqrt(area) / ratio);
      double x = draws.between(-0.5, 0.5) * (1 - width) * size.width();
      double y = draws.between(-0.5, 0.5) * (1 - height) * size.height();
      return before.then(new Placement(width, 0, x, 0, height, y));
    }
  }

  /**
   * Brightness, contrast and saturation times a factor drawn around 1, the hue turned by up to some
   * degrees; gray pictures have the first two.
   */
  record Jitter(double brightness, double contrast, double saturation, double hue)
      implements Change {
    @Override
    public Picture recolour(Picture p, Draws draws) {
      double bright = draws.between(1 - brightness, 1 + brightness);
      double contrasty = draws.between(1 - contrast, 1 + contrast);
      double saturated = draws.between(1 - saturation, 1 + saturation);
      double turn = StrictMath.toRadians(draws.between(-hue, hue));
      double mean = bright * Colours.meanShade(p) * (1 - contrasty);
      double gain = bright * contrasty;
      return p.channels() == 3
          ? Colours.mixed(p, Colours.turned(saturated, turn), gain, mean)
          : Colours.mixed(p, gain, mean);
    }
  }

  /** Normal noise of a deviation in shares of white, on every value. */
  record Noise(double std) implements Change {
    @Override
    public Picture recolour(Picture p, Draws draws) {
      byte[] old = p.values();
      var made = new byte[old.length];
      for (int i = 0; i < made.length; i++) {
        made[i] = Colours.shade((old[i] & 0xff) + 255 * std * draws.normal());
      }
      return new Picture(p.channels(), p.size(), made);
    }
  }

  /** A black square around a point of the picture (DeVries and Taylor 2017). */
  record Cutout(int pixels) implements Change {
    @Override
    public Picture recolour(Picture p, Draws draws) {
      int top = draws.below(p.height()) - pixels / 2;
      int left = draws.below(p.width()) - pixels / 2;
      int from = Math.max(0, left);
      int to = Math.min(p.width(), left + pixels);
      byte[] made = p.values().clone();
      for (int c = 0; c < p.channels(); c++) {
        for (int y = Math.max(0, top); y < Math.min(p.height(), top + pixels); y++) {
          java.util.Arrays.fill(made, p.row(c, y) + from, p.row(c, y) + to, (byte) 0);
        }
      }
      return new Picture(p.channels(), p.size(), made);
    }
  }
}
