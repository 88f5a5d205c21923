package modelc.cli.report;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import modelc.cli.picture.Outputs;
import modelc.cli.picture.Paint;
import modelc.runtime.Measured;

/**
 * Metrics that are more than a number: a confusion matrix as a map whose colour is the share of the
 * row, and the numbers of each class as bars.
 */
final class MetricTables {
  /** Classes whose counts can be read in a map; of more each is a dot, and the worst are listed. */
  private static final int READABLE = 26;

  private static final int WORST = 12;

  /** Rows shown without being folded up. */
  private static final int UNFOLDED = 26;

  private MetricTables() {}

  /** All tables, those of the classes in one. */
  static String html(SequencedMap<String, Measured.Table> tables, List<String> classes) {
    var out = new StringBuilder();
    var maps = new StringBuilder();
    var perClass = new LinkedHashMap<String, Measured.Table>();
    tables.forEach(
        (name, table) -> {
          if (table.shape().size() == 1) {
            perClass.put(name, table);
          } else if (table.shape().size() == 2
              && table.shape().getFirst().equals(table.shape().getLast())) {
            maps.insert(0, confusion(name, table, classes)); // training, which says least, last
          }
        });
    if (!maps.isEmpty()) {
      out.append("<p class=note>Rows are the true classes, columns what the model took them for;")
          .append(" the deeper the colour, the larger the share of the row.</p><div class=maps>")
          .append(maps)
          .append("</div>");
    }
    perClass.values().stream()
        .map(t -> t.values().size())
        .distinct()
        .forEach(n -> out.append(perClass(perClass, n, classes)));
    return out.toString();
  }

  private static String perClass(Map<String, Measured.Table> tables, int n, List<String> classes) {
    List<Map.Entry<String, Measured.Table>> shown =
        tables.entrySet().stream().filter(e -> e.getValue().values().size() == n).toList();
    var titles = new ArrayList<String>(List.of("class"));
    shown.forEach(e -> titles.add(e.getKey().replace("_per_class", "").replace('_', ' ')));
    var rows = new ArrayList<List<String>>();
    for (int c = 0; c < n; c++) {
      var row = new ArrayList<String>(List.of(Html.text(Outputs.className(classes, c))));
      for (Map.Entry<String, Measured.Table> e : shown) {
        row.add(bar(e.getValue().values().get(c)));
      }
      rows.add(row);
    }
    String table = Html.table(titles, rows);
    return "<h3>Each class</h3>"
        + (n > UNFOLDED ? Html.folded(Html.count(n) + " classes", table) : table);
  }

  /** A share as a number and a bar. */
  private static String bar(double share) {
    String number =
        Double.isNaN(share) ? "does not occur" : String.format(Locale.ROOT, "%.4f", share);
    return String.format(
        Locale.ROOT,
        "<span class=bar><i style=\"width:%.1f%%\"></i></span>%s",
        100 * (share >= 0 && share <= 1 ? share : 0),
        number);
  }

  private static String confusion(String name, Measured.Table t, List<String> classes) {
    int n = Math.toIntExact(t.shape().getFirst());
    return "<div><h3>"
        + Html.text(name.replace('_', ' '))
        + "</h3>"
        + (n <= READABLE ? map(t, n, classes) : dots(t, n))
        + (n > 2 ? worst(t, classes) : "")
        + "</div>";
  }

  private static String map(Measured.Table t, int n, List<String> classes) {
    var out = new StringBuilder("<div class=scroll><table class=confusion><tr><td>");
    for (int c = 0; c < n; c++) {
      out.append("<th scope=col>").append(Html.text(Outputs.className(classes, c)));
    }
    for (int r = 0; r < n; r++) {
      out.append("\n<tr><th scope=row>").append(Html.text(Outputs.className(classes, r)));
      double sum = Mistake.total(t, r);
      for (int c = 0; c < n; c++) {
        double count = t.values().get(r * n + c);
        double share = sum == 0 ? 0 : count / sum;
        out.append(
            String.format(
                Locale.ROOT,
                "<td class=\"%s%s\" style=\"--s:%.3f\" title=\"%s\">%s",
                r == c ? "right" : "wrong",
                share > 0.3 ? " deep" : "",
                Math.sqrt(share), // lets single mistakes be seen
                Html.percent(share),
                count == 0 ? "" : Html.count((long) count)));
      }
    }
    return out.append("</table></div>\n").toString();
  }

  /**
   * A pixel a pair of classes, blue where right and orange where wrong, clear where there is none.
   */
  private static String dots(Measured.Table t, int n) {
    var image = new BufferedImage(n, n, BufferedImage.TYPE_INT_ARGB);
    for (int r = 0; r < n; r++) {
      double sum = Mistake.total(t, r);
      for (int c = 0; c < n; c++) {
        double count = t.values().get(r * n + c);
        int alpha = sum == 0 ? 0 : (int) Math.round(255 * Math.sqrt(count / sum));
        image.setRGB(c, r, alpha << 24 | (r == c ? 0x3182bd : 0xe6550d));
      }
    }
    return "<img class=dots alt=\"confusion matrix\" src=\"" + Paint.dataAddress(image) + "\">\n";
  }

  private static String worst(Measured.Table t, List<String> classes) {
    List<Mistake> mistakes = Mistake.mostOften(t, WORST);
    if (mistakes.isEmpty()) {
      return "";
    }
    List<List<String>> rows =
        mistakes.stream()
            .map(
                m ->
                    List.of(
                        Html.text(Outputs.className(classes, m.row())),
                        Html.text(Outputs.className(classes, m.column())),
                        Html.count((long) m.count()),
                        Html.percent(m.share())))
            .toList();
    return Html.folded(
        "Most often mistaken", Html.table(List.of("is", "taken for", ">times", ">of all"), rows));
  }
}
