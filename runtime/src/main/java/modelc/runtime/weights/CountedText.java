package modelc.runtime.weights;

/**
 * A name that tells how often it was looked at: regular expressions like {@code .*.*.*.*.*b} look
 * at a name of n letters as often as n to the fifth power.
 */
final class CountedText implements CharSequence {
  private static final int MOST = 100_000;

  private final String text;
  private int looks;

  CountedText(String text) {
    this.text = text;
  }

  /** The text was looked at too often for any sensible expression. */
  static final class TooOften extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  @Override
  public char charAt(int index) {
    if (++looks > MOST + 100 * text.length()) {
      throw new TooOften();
    }
    return text.charAt(index);
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public CharSequence subSequence(int from, int to) {
    return text.subSequence(from, to);
  }

  @Override
  public String toString() {
    return text;
  }
}
