package modelc.cli;

import java.io.PrintStream;
import java.util.Locale;

/**
 * What modelc says to people, on standard error: plain lines, and on a terminal a live line that is
 * rewritten in place.
 *
 * <p>It never writes data: that goes to standard output.
 */
final class Talk {
  private final PrintStream err;
  private final boolean live;
  private final boolean colour;

  /** How many characters of a live line are shown. */
  private int shown;

  Talk(PrintStream err, boolean terminal, boolean colour) {
    this.err = err;
    this.live = terminal;
    this.colour = colour;
  }

  /**
   * Standard error as the launcher found it: {@code modelc.terminal} says whether it is a terminal,
   * {@code NO_COLOR} and {@code TERM=dumb} are honoured.
   */
  static Talk standard() {
    boolean dumb = "dumb".equals(System.getenv("TERM"));
    boolean terminal = Boolean.getBoolean("modelc.terminal") && !dumb;
    return new Talk(System.err, terminal, terminal && System.getenv("NO_COLOR") == null);
  }

  boolean isLive() {
    return live;
  }

  boolean isColoured() {
    return colour;
  }

  synchronized void line(String text) {
    clear();
    err.println(Columns.wrapped(text));
    err.flush();
  }

  synchronized void line(String format, Object... arguments) {
    line(String.format(Locale.ROOT, format, arguments));
  }

  /** Replaces the live line; nothing without a terminal. */
  synchronized void live(String text) {
    if (!live) {
      return;
    }
    int width = Columns.width() - 1; // a line that wraps cannot be rewritten
    String cut = text.length() > width ? text.substring(0, width - 1) + "…" : text;
    err.print("\r" + cut + " ".repeat(Math.max(0, shown - cut.length())));
    err.flush();
    shown = cut.length();
  }

  /** Removes the live line. */
  synchronized void clear() {
    if (shown > 0) {
      err.print("\r" + " ".repeat(shown) + "\r");
      shown = 0;
    }
  }

  String bold(String text) {
    return colour ? "\033[1m" + text + "\033[0m" : text;
  }

  String red(String text) {
    return colour ? "\033[1;31m" + text + "\033[0m" : text;
  }
}
