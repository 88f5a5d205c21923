package modelc.frontend.diagnostic;

/**
 * Makes text from files fit to be shown: what would steer a terminal, or turn the order of the
 * words around, becomes the replacement character.
 */
public final class Printable {
  private static final char REPLACEMENT = '\uFFFD';

  private Printable() {}

  /** The text with tabs and newlines, but without other control and format characters. */
  public static String of(String text) {
    if (text.chars().noneMatch(Printable::isHidden)) {
      return text;
    }
    var out = new StringBuilder(text.length());
    text.chars().forEach(c -> out.append(isHidden(c) ? REPLACEMENT : (char) c));
    return out.toString();
  }

  private static boolean isHidden(int c) {
    return c != '\n'
        && c != '\t'
        && (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT);
  }
}
