package modelc.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import modelc.runtime.Measured;
import org.junit.jupiter.api.Test;

class MetricTablesTest {
  private static Measured.Table square(int n, double... values) {
    var list = new ArrayList<Double>();
    for (double v : values) {
      list.add(v);
    }
    return new Measured.Table(List.of((long) n, (long) n), list);
  }

  private static String html(String name, Measured.Table table, List<String> classes) {
    var tables = new LinkedHashMap<String, Measured.Table>();
    tables.put(name, table);
    return MetricTables.html(tables, classes);
  }

  @Test
  void aConfusionMatrixIsAMapOfShares() {
    String map = html("val_confusion", square(2, 3, 1, 0, 0), List.of("cat", "<script>x</script>"));
    assertThat(map)
        .contains("val confusion", ">cat", "&lt;script&gt;x&lt;/script&gt;")
        .contains("class=\"right deep\" style=\"--s:0.866\" title=\"75 %\">3")
        .contains("class=\"wrong\" style=\"--s:0.500\" title=\"25 %\">1")
        .contains("title=\"0.0 %\">") // the row of a class that does not occur
        .doesNotContain("<script>", "NaN");
  }

  @Test
  void aThousandClassesAreAPictureAndTheWorst() {
    int n = 1000;
    var values = new double[n * n];
    for (int i = 0; i < n; i++) {
      values[i * n + i] = 9;
    }
    values[7 * n + 8] = 91;
    String page = html("confusion", square(n, values), List.of());
    assertThat(page).contains("<img class=dots", "data:image/png;base64,", "91 %");
    assertThat(page.length()).isLessThan(100_000);
    List<Double> shares = Collections.nCopies(n, 0.5);
    String bars = html("iou_per_class", new Measured.Table(List.of(1000L), shares), List.of());
    assertThat(bars).contains("<details><summary>1,000 classes", ">999<");
  }

  @Test
  void theNumbersOfEachClassStandSideBySide() {
    var tables = new LinkedHashMap<String, Measured.Table>();
    tables.put("iou_per_class", new Measured.Table(List.of(2L), List.of(0.25, Double.NaN)));
    tables.put("val_iou_per_class", new Measured.Table(List.of(2L), List.of(1.0, 0.0)));
    assertThat(MetricTables.html(tables, List.of()))
        .contains("<th>iou<th>val iou", "width:25.0%", "0.2500", "does not occur", "1.0000");
  }
}
