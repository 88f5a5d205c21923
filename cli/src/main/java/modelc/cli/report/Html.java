package modelc.cli.report;

import java.util.List;
import java.util.Locale;

/** Text and numbers as HTML has them. */
final class Html {
  private Html() {}

  /** {@code text} as it is, whatever is in it. */
  static String text(String text) {
    var out = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.appendCodePoint(c < ' ' && c != '\n' && c != '\t' ? '\ufffd' : c);
              }
            });
    return out.toString();
  }

  /** Four digits or so; a dash for what is no number. */
  static String number(double x) {
    if (!Double.isFinite(x)) {
      return Double.isNaN(x) ? "–" : x > 0 ? "∞" : "−∞";
    }
    double size = Math.abs(x);
    if (x == Math.rint(x) && size < 1e6) {
      return String.format(Locale.ROOT, "%.0f", x);
    }
    return String.format(Locale.ROOT, size >= 1e-3 && size < 1e5 ? "%.4f" : "%.3e", x);
  }

  static String count(long n) {
    return String.format(Locale.ROOT, "%,d", n);
  }

  static String percent(double share) {
    return Double.isFinite(share)
        ? String.format(Locale.ROOT, share < 0.0995 ? "%.1f %%" : "%.0f %%", 100 * share)
        : "–";
  }

  /** A table; columns whose title begins with {@code >} have numbers. Cells are HTML already. */
  static String table(List<String> titles, List<List<String>> rows) {
    var out = new StringBuilder("<div class=scroll><table><thead><tr>");
    for (String t : titles) {
      boolean number = t.startsWith(">");
      out.append(number ? "<th class=n>" : "<th>").append(text(number ? t.substring(1) : t));
    }
    out.append("<tbody>");
    for (List<String> row : rows) {
      out.append("\n<tr>");
      for (int i = 0; i < row.size(); i++) {
        out.append(titles.get(i).startsWith(">") ? "<td class=n>" : "<td>").append(row.get(i));
      }
    }
    return out.append("</table></div>\n").toString();
  }

  /** Something long, folded up behind its title. */
  static String folded(String title, String body) {
    return "<details><summary>" + text(title) + "</summary>" + body + "</details>\n";
  }
}
