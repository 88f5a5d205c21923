package modelc.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A text table: columns as wide as their widest cell, numbers to the right, two spaces between. It
 * never wraps.
 */
final class Table {
  private final List<String> header;
  private final boolean[] right;
  private final List<List<String>> rows = new ArrayList<>();

  /** Column names; one that begins with {@code >} is aligned to the right. */
  Table(String... columns) {
    right = new boolean[columns.length];
    var names = new ArrayList<String>();
    for (int i = 0; i < columns.length; i++) {
      right[i] = columns[i].startsWith(">");
      names.add(right[i] ? columns[i].substring(1) : columns[i]);
    }
    header = names;
  }

  Table row(String... cells) {
    if (cells.length != header.size()) {
      throw new IllegalArgumentException(
          header.size() + " cells expected: " + Arrays.toString(cells));
    }
    rows.add(List.of(cells));
    return this;
  }

  @Override
  public String toString() {
    var all = new ArrayList<List<String>>();
    all.add(header);
    all.addAll(rows);
    int[] width = new int[header.size()];
    for (List<String> row : all) {
      for (int i = 0; i < width.length; i++) {
        width[i] = Math.max(width[i], row.get(i).length());
      }
    }
    var out = new StringBuilder();
    for (List<String> row : all) {
      var line = new StringBuilder();
      for (int i = 0; i < width.length; i++) {
        String pad = " ".repeat(width[i] - row.get(i).length());
        line.append(i == 0 ? "" : "  ").append(right[i] ? pad + row.get(i) : row.get(i) + pad);
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }
}
