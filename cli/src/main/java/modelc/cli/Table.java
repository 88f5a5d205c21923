package modelc.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A text table: columns as wide as their widest cell, numbers to the right, two spaces between. It
 * never wraps: where it would be too wide, long words are shortened; numbers never are.
 */
final class Table {
  /** Words are not made shorter than this. */
  private static final int LEAST_WORD = 6;

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

  /** Takes from the widest columns that can be narrower until all fit, or none can. */
  private void narrow(int[] width) {
    var least = new int[width.length];
    for (int i = 0; i < width.length; i++) {
      least[i] = Math.min(width[i], LEAST_WORD);
      for (List<String> row : rows) {
        least[i] = right[i] ? Math.max(least[i], row.get(i).length()) : least[i];
      }
    }
    int over = Arrays.stream(width).sum() + 2 * (width.length - 1) - Columns.width();
    for (; over > 0; over--) {
      int widest = -1;
      for (int i = 0; i < width.length; i++) {
        if (width[i] > least[i] && (widest < 0 || width[i] > width[widest])) {
          widest = i;
        }
      }
      if (widest < 0) {
        return;
      }
      width[widest]--;
    }
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
    narrow(width);
    var out = new StringBuilder();
    for (List<String> row : all) {
      var line = new StringBuilder();
      for (int i = 0; i < width.length; i++) {
        String cell = Columns.shortened(row.get(i), width[i]);
        String pad = " ".repeat(width[i] - cell.length());
        line.append(i == 0 ? "" : "  ").append(right[i] ? pad + cell : cell + pad);
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }
}
