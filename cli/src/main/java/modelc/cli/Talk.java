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
  /** The width kept to; a live line that wraps cannot be rewritten. */
  private static final int WIDTH = 79;

  private final PrintStream err;
  private final boolean live;
  private final boolean colour;
  private boolean liveLineShown;

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
    err.println(text);
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
    String cut = text.length() > WIDTH ? text.substring(0, WIDTH - 1) + "…" : text;
    err.print("\r\033[K" + cut);
    err.flush();
    liveLineShown = true;
  }

  /** Removes the live line. */
  synchronized void clear() {
    if (liveLineShown) {
      err.print("\r\033[K");
      liveLineShown = false;
    }
  }

  String bold(String text) {
    return colour ? "\033[1m" + text + "\033[0m" : text;
  }

  String red(String text) {
    return colour ? "\033[1;31m" + text + "\033[0m" : text;
  }
}
