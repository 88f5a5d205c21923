package modelc.cli;

import java.util.regex.Pattern;

/**
 * Fits what people read into 80 columns, or as many as the environment's {@code COLUMNS} says.
 * Lines of source that a message quotes stay as they are, and so do words that are too long.
 */
final class Columns {
  private static final int DEFAULT = 80;
  private static final int LEAST = 40;

  /** A line of source that a diagnostic quotes, or marks below such a line. */
  static final Pattern QUOTED = Pattern.compile("\\s*\\d* \\|.*");

  private static final String HELP = "= help: ";

  private Columns() {}

  /** How many there are; {@code modelc.columns}, a property of the JVM, comes first. */
  static int width() {
    String environment = System.getenv("COLUMNS");
    boolean usable = environment != null && environment.matches("[1-9]\\d{0,8}");
    int width = usable ? Integer.parseInt(environment) : DEFAULT;
    return Math.max(LEAST, Integer.getInteger("modelc.columns", width));
  }

  /** Lines that are too long are cut at spaces; what follows is indented below its beginning. */
  static String wrapped(String text) {
    return wrapped(text, 2);
  }

  /**
   * As {@link #wrapped(String)}.
   *
   * @param hanging by how much more than its first line a paragraph is indented
   */
  static String wrapped(String text, int hanging) {
    int width = width();
    if (text.lines().allMatch(l -> l.length() <= width)) {
      return text;
    }
    var out = new StringBuilder();
    for (String line : text.split("\n", -1)) {
      out.append(out.isEmpty() ? "" : "\n");
      if (QUOTED.matcher(line).matches()) {
        out.append(line);
      } else {
        wrap(line, width, hanging, out);
      }
    }
    return out.toString();
  }

  private static void wrap(String line, int width, int hanging, StringBuilder out) {
    int start = line.length() - line.stripLeading().length();
    int help = line.indexOf(HELP);
    int indent = help >= 0 && help <= 16 ? help + HELP.length() : start + hanging;
    String rest = line;
    int from = Math.max(indent, start + 1);
    while (rest.length() > width) {
      int cut = cut(rest, from, width);
      if (cut < 0) {
        break;
      }
      out.append(rest.substring(0, cut).stripTrailing()).append('\n');
      rest = " ".repeat(indent) + rest.substring(cut).strip();
      from = indent + 1;
    }
    out.append(rest);
  }

  /**
   * Where to cut: where two spaces stand, if not too early, else at the last space; -1: nowhere.
   */
  private static int cut(String text, int from, int width) {
    int wide = text.lastIndexOf("  ", width);
    if (wide > Math.max(from, width / 2)) {
      return wide;
    }
    int space = text.lastIndexOf(' ', width);
    return space >= from ? space : text.indexOf(' ', Math.max(from, width));
  }

  /** The text, its middle left out where it has more characters than {@code width}. */
  static String shortened(String text, int width) {
    if (text.length() <= width) {
      return text;
    }
    int head = (width - 1) / 2;
    return text.substring(0, head) + "…" + text.substring(text.length() - (width - 1 - head));
  }
}
