package modelc.data;

import static modelc.data.ImageFolderTest.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AugmentTest {
  private static Step step(String name, Object... arguments) {
    return new Step(name, List.of(arguments), Map.of());
  }

  private static Step named(String name, String key, Object value) {
    return new Step(name, List.of(), Map.of(key, value));
  }

  private static Pictures augmented(Pictures base, long seed, Object... changes) {
    return Augment.of(step("augment", changes)).apply(base, Optional.empty(), seed);
  }

  /** One picture of a bright square, its mask, and the box around it. */
  private record Square(Size size, int top, int left, int side) implements Pictures {
    @Override
    public int count() {
      return 1;
    }

    @Override
    public Example read(int i, long epoch) {
      var mask = new byte[size.height() * size.width()];
      for (int y = top; y < top + side; y++) {
        Arrays.fill(mask, y * size.width() + left, y * size.width() + left + side, (byte) 1);
      }
      var image = new byte[3 * mask.length];
      for (int v = 0; v < image.length; v++) {
        image[v] = (byte) (mask[v % mask.length] == 1 ? 200 + v / mask.length * 10 : 20);
      }
      double w = size.width();
      double h = size.height();
      return new Example(
          new Picture(3, size, image),
          5,
          new Picture(1, size, mask),
          Box.between(left / w, top / h, (left + side) / w, (top + side) / h));
    }

    @Override
    public String name(int i) {
      return "square";
    }

    @Override
    public int label(int i) {
      return 5;
    }

    @Override
    public boolean costly() {
      return false;
    }
  }

  private static final Square SQUARE = new Square(new Size(40, 48), 12, 20, 12);

  private static final Object[] ALL = {
    step("shift", 3L),
    step("flip", 0.5, 0.5),
    step("rotate", 20L),
    step("scale", 0.8, 1.2),
    step("crop", 0.6),
    step("jitter", 0.2, 0.2, 0.2, 10L),
    step("noise", 0.02),
    step("cutout", 4L)
  };

  @Test
  void itIsAFunctionOfSeedEpochAndNumber() {
    Pictures digits = new Digits(1, 0, 20);
    Pictures a = augmented(digits, 1, ALL);
    Pictures b = augmented(digits, 1, ALL);
    Pictures other = augmented(digits, 2, ALL);
    var seen = new HashSet<String>();
    for (int epoch = 1; epoch <= 3; epoch++) {
      for (int i = 19; i >= 0; i--) {
        byte[] values = a.read(i, epoch).image().values();
        assertThat(b.read(i, epoch).image().values()).isEqualTo(values);
        assertThat(other.read(i, epoch).image().values()).isNotEqualTo(values);
        assertThat(a.read(i, epoch).label()).isEqualTo(i % 10);
        seen.add(Arrays.toString(values));
      }
    }
    assertThat(seen).hasSize(60);
  }

  /** Validation and test are read in epoch 0. */
  @Test
  void judgingSeesPicturesAsTheyAre() {
    Pictures digits = new Digits(1, 0, 5);
    Pictures a = augmented(digits, 1, ALL);
    for (int i = 0; i < 5; i++) {
      assertThat(a.read(i, 0).image().values()).isEqualTo(digits.read(i, 0).image().values());
    }
  }

  /** The bright pixels, the mask and the box must go on describing the same square. */
  @ParameterizedTest
  @ValueSource(strings = {"shift", "flip", "rotate", "scale", "crop"})
  void masksAndBoxesFollowTheirPicture(String kind) {
    Step change =
        switch (kind) {
          case "shift" -> step("shift", 8L);
          case "flip" -> step("flip", 0.5, 0.5);
          case "rotate" -> step("rotate", 40L);
          case "scale" -> step("scale", 0.7, 1.4);
          default -> step("crop", 0.5);
        };
    Pictures a = augmented(SQUARE, 3, change);
    var boxes = new HashSet<Box>();
    for (int epoch = 1; epoch <= 100; epoch++) {
      Example e = a.read(0, epoch);
      int h = e.image().height();
      int w = e.image().width();
      int left = w;
      int right = 0;
      int top = h;
      int bottom = 0;
      for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
          int shade = e.image().values()[y * w + x] & 0xff;
          int inside = e.mask().values()[y * w + x];
          assertThat(inside).isBetween(0, 1);
          if (inside == 1) {
            assertThat(shade).isGreaterThan(60); // a corner may be a quarter inside
            left = Math.min(left, x);
            right = Math.max(right, x + 1);
            top = Math.min(top, y);
            bottom = Math.max(bottom, y + 1);
          } else {
            assertThat(shade).isLessThan(160);
          }
        }
      }
      Box box = e.box();
      boxes.add(box);
      double slack = kind.equals("rotate") ? 1.5 : 1;
      assertThat(box.left() * w).isCloseTo(left, within(slack));
      assertThat(box.right() * w).isCloseTo(right, within(slack));
      assertThat(box.top() * h).isCloseTo(top, within(slack));
      assertThat(box.bottom() * h).isCloseTo(bottom, within(slack));
    }
    assertThat(boxes).hasSizeGreaterThan(kind.equals("flip") ? 3 : 20);
  }

  @Test
  void flipsAndShiftsAreExact() {
    Pictures digits = new Digits(1, 0, 1);
    Picture p = digits.read(0, 0).image();
    Picture flipped = augmented(digits, 1, step("flip", 1L)).read(0, 1).image();
    for (int y = 0; y < 28; y++) {
      for (int x = 0; x < 28; x++) {
        assertThat(flipped.values()[y * 28 + x]).isEqualTo(p.values()[y * 28 + 27 - x]);
      }
    }
    var places = new HashSet<String>();
    Pictures shifted = augmented(digits, 1, step("shift", 2L));
    Picture padded = p.pad(2, Border.ZERO);
    for (int epoch = 1; epoch <= 200; epoch++) {
      byte[] values = shifted.read(0, epoch).image().values();
      for (int y = 0; y <= 4; y++) {
        for (int x = 0; x <= 4; x++) {
          if (Arrays.equals(values, padded.crop(y, x, new Size(28, 28)).values())) {
            places.add(y + "," + x);
          }
        }
      }
    }
    assertThat(places).hasSize(25); // every place, and nothing else
  }

  @Test
  void bordersFillWhatMovesIn() {
    Pictures ones =
        new MemoryPictures(
            "ones", 1, new Size(8, 8), new byte[][] {filled((byte) 100)}, new byte[1]);
    for (String border : Border.WORDS) {
      var spec = new Step("augment", List.of(step("shift", 3L)), Map.of("border", border));
      Pictures a = Augment.of(spec).apply(ones, Optional.empty(), 1);
      boolean black = false;
      for (int epoch = 1; epoch <= 20; epoch++) {
        for (byte v : a.read(0, epoch).image().values()) {
          black |= v == 0;
        }
      }
      assertThat(black).isEqualTo(border.equals("zero"));
    }
  }

  private static byte[] filled(byte value) {
    var values = new byte[64];
    Arrays.fill(values, value);
    return values;
  }

  @Test
  void coloursChangeAsTold() {
    Picture p = SQUARE.read(0, 0).image();
    double[] none = Colours.turned(1, 0);
    assertThat(none).containsExactly(new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1}, within(1e-12));
    Picture gray = Colours.mixed(p, Colours.turned(0, 0), 1, 0);
    int n = 40 * 48;
    for (int i = 0; i < n; i++) {
      assertThat(gray.values()[i]).isEqualTo(gray.values()[n + i]);
    }
    Picture turned = Colours.mixed(p, Colours.turned(1, 1), 1, 0);
    assertThat(Colours.meanShade(turned)).isCloseTo(Colours.meanShade(p), within(0.6));
    assertThat(turned.values()).isNotEqualTo(p.values());
    Pictures bright = augmented(SQUARE, 1, step("jitter", 0.5));
    Pictures contrasty = augmented(SQUARE, 1, named("jitter", "contrast", 0.5));
    double low = 255;
    double high = 0;
    for (int epoch = 1; epoch <= 50; epoch++) {
      double mean = Colours.meanShade(bright.read(0, epoch).image());
      low = Math.min(low, mean);
      high = Math.max(high, mean);
      assertThat(Colours.meanShade(contrasty.read(0, epoch).image()))
          .isCloseTo(Colours.meanShade(p), within(6.0)); // but for what is cut off at white
    }
    assertThat(low).isLessThan(0.7 * Colours.meanShade(p));
    assertThat(high).isGreaterThan(1.2 * Colours.meanShade(p));
  }

  @Test
  void noiseHasItsDeviationAndCutoutsTheirSize() {
    var flat = new byte[64 * 64];
    Arrays.fill(flat, (byte) 127);
    Pictures one =
        new MemoryPictures("flat", 1, new Size(64, 64), new byte[][] {flat}, new byte[1]);
    byte[] noisy = augmented(one, 1, step("noise", 0.1)).read(0, 1).image().values();
    double sum = 0;
    double squares = 0;
    for (byte v : noisy) {
      double x = ((v & 0xff) - 127) / 255.0;
      sum += x;
      squares += x * x;
    }
    assertThat(sum / noisy.length).isCloseTo(0, within(0.01));
    assertThat(Math.sqrt(squares / noisy.length)).isCloseTo(0.1, within(0.01));
    Pictures cut = augmented(one, 1, step("cutout", 10L));
    int most = 0;
    for (int epoch = 1; epoch <= 30; epoch++) {
      int black = 0;
      for (byte v : cut.read(0, epoch).image().values()) {
        black += v == 0 ? 1 : 0;
      }
      assertThat(black).isBetween(25, 100);
      most = Math.max(most, black);
    }
    assertThat(most).isEqualTo(100);
  }

  @Test
  void wrongChangesGetHelp() {
    refused("D0108", "did you mean flip?", () -> Augment.of(step("augment", step("flp"))));
    refused("D0108", "told nothing", () -> Augment.of(step("augment")));
    refused("D0108", "knows no 3", () -> Augment.of(step("augment", 3L)));
    refused(
        "D0102",
        "did you mean degrees?",
        () -> Augment.of(step("augment", named("rotate", "degres", 3L))));
    refused("D0102", "needs pixels", () -> Augment.of(step("augment", step("shift"))));
    refused(
        "D0102",
        "cannot use horizontal = 2.0",
        () -> Augment.of(step("augment", step("flip", 2L))));
    var border = new Step("augment", List.of(step("flip")), Map.of("border", "mirror"));
    refused("D0102", "zero or edge or reflect", () -> Augment.of(border));
    var known = new Step("augment", List.of(step("flip")), Map.of("brder", "edge"));
    refused("D0102", "did you mean border?", () -> Augment.of(known));
  }

  @Test
  void itStandsInTheDataAmongTheOtherTransforms() {
    var request =
        new Request(
            step("digits", 10L),
            List.of(step("pad", 2L), step("augment", step("shift", 2L))),
            List.of(),
            Path.of("."),
            1);
    DataSet set = Data.open(request).train();
    assertThat(set.columns().toString()).contains("f32[1,32,32]");
    assertThat(set.costly()).isTrue();
    assertThat(Samples.floats(set, 0)).hasSize(1024);
  }
}
