package modelc.cli.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import modelc.runtime.Measured;

/**
 * Examples of one class that were taken for another, as a confusion matrix counts them.
 *
 * @param row the class they are of
 * @param column the one they were taken for
 * @param count how many
 * @param share of all examples of the class
 */
public record Mistake(int row, int column, double count, double share) {
  /** Those made most often, the most frequent first. */
  public static List<Mistake> mostOften(Measured.Table confusion, int limit) {
    int n = Math.toIntExact(confusion.shape().getFirst());
    var all = new ArrayList<Mistake>();
    for (int i = 0; i < n * n; i++) {
      double count = confusion.values().get(i);
      if (i / n != i % n && count > 0) {
        all.add(new Mistake(i / n, i % n, count, count / total(confusion, i / n)));
      }
    }
    return all.stream().sorted(Comparator.comparingDouble(m -> -m.count)).limit(limit).toList();
  }

  /** How many examples of a class there are. */
  static double total(Measured.Table confusion, int row) {
    int n = Math.toIntExact(confusion.shape().getFirst());
    return confusion.values().subList(row * n, (row + 1) * n).stream().mapToDouble(v -> v).sum();
  }
}
