package modelc.data;

import java.util.List;
import java.util.Optional;

/** The built-in digits as a source: {@code count} to train on, and 2000 more to test with. */
record DigitSource(int count, long seed) implements PictureSource {
  static final Size SIZE = new Size(28, 28);

  /** Test samples: the first after those to train on. */
  private static final int TEST = 2000;

  @Override
  public Answers answers() {
    return Answers.LABEL;
  }

  @Override
  public int channels() {
    return 1;
  }

  @Override
  public Optional<Size> stated() {
    return Optional.of(SIZE);
  }

  @Override
  public Size size() {
    return SIZE;
  }

  @Override
  public Opened open() {
    return new Opened(
        new Digits(seed, 0, count),
        Optional.of(new Digits(seed, count, TEST)),
        List.of(),
        List.of());
  }
}
