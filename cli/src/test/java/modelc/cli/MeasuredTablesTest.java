package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.IntStream;
import modelc.runtime.Measured;
import org.junit.jupiter.api.Test;

/** Tables on a terminal: whole while they fit it, else the worst of them. */
class MeasuredTablesTest {
  private static String text(String name, List<Long> shape, List<Double> values, String... names) {
    var tables = new LinkedHashMap<String, Measured.Table>();
    tables.put(name, new Measured.Table(shape, values));
    var measured = new Measured(new LinkedHashMap<>(), tables);
    return MeasuredTables.text(measured, List.of(names), "page.html");
  }

  /** The counts of {@code n} classes, {@code right} of each told right. */
  private static List<Double> confusion(int n, double right) {
    var counts = new ArrayList<Double>(Collections.nCopies(n * n, 0.0));
    for (int i = 0; i < n; i++) {
      counts.set(i * n + i, right);
    }
    return counts;
  }

  @Test
  void aSmallMatrixIsShownWhole() {
    assertThat(text("confusion", List.of(2L, 2L), List.of(3.0, 1.0, 0.0, 12.0), "cat", "dog"))
        .isEqualTo(
            """

            confusion  cat  dog
            cat          3    1
            dog          0   12
            """);
  }

  @Test
  void ofALargeMatrixThereAreThePairsMostConfused() {
    List<Double> counts = confusion(1000, 9);
    counts.set(7 * 1000 + 8, 41.0);
    counts.set(999 * 1000, 1.0);
    assertThat(text("confusion", List.of(1000L, 1000L), counts))
        .isEqualTo(
            """

            confusion  taken for  times  of all
            7          8             41   82.0%
            999        0              1   10.0%
            what 1,000 classes were most often taken for; all: page.html
            """);
    assertThat(text("confusion", List.of(1000L, 1000L), confusion(1000, 9)))
        .contains("confusion: no mistakes", "all: page.html");
  }

  @Test
  void longNamesMakeAMatrixTooWide() {
    String[] names =
        IntStream.range(0, 8).mapToObj(i -> "a kind of bird " + i).toArray(String[]::new);
    List<Double> counts = confusion(8, 5);
    counts.set(1, 5.0);
    String shown = text("confusion", List.of(8L, 8L), counts, names);
    assertThat(shown).contains("a kind of bird 0  a kind of bird 1      5   50.0%");
    assertThat(shown.lines()).allMatch(line -> line.length() <= 80);
  }

  @Test
  void ofManyClassesThereAreTheLowest() {
    var shares = new ArrayList<Double>(Collections.nCopies(100, 0.5));
    shares.set(3, Double.NaN);
    shares.set(70, 0.25);
    assertThat(text("recall_per_class", List.of(100L), shares).lines())
        .hasSize(13)
        .containsSequence("class  recall_per_class", "70               0.2500")
        .contains("the lowest of 100 classes; all: page.html")
        .noneMatch(line -> line.endsWith("-"));
    assertThat(text("recall_per_class", List.of(3L), List.of(1.0, Double.NaN, 0.0)).lines())
        .containsSequence("0                1.0000", "1                     -");
  }
}
