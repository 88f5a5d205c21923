package modelc.ir.loop;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * The products of a warpgroup that are under way, as one of its threads sees them. A product is
 * computed when it begins; its sums may not be touched before the thread has waited for it, and its
 * factors have to be the same then.
 */
final class AsyncProducts {
  /** A factor that a thread read, and what it was. */
  private record Word(View view, long index, long value) {}

  private record Product(View sums, long first, double[] values, Word[] read, Site site) {}

  private final Deque<Product> underWay = new ArrayDeque<>();

  /** A tile of factors of an interpreted thread. */
  record Tile(View view, long first, int rows) {}

  /** Begins to add the product of two tiles to the thread's sums. */
  void begin(Frame f, Stmt.WarpgroupMma m, Tile a, Tile b, View sums, long first, Site site) {
    WarpgroupTile tile = WarpgroupTile.of(m.factors());
    int thread = f.thread % WarpgroupTile.THREADS;
    var read = new Word[m.terms() * (2 + m.columns() / WarpgroupTile.MEMBERS)];
    int n = 0;
    var left = new double[2][m.terms()];
    for (int i = 0; i < 2; i++) {
      int row = WarpgroupTile.row(thread) + WarpgroupTile.rowOfSum(2 * i);
      n = read(f, tile, a, row, left[i], read, n, site);
    }
    double[] values = before(f, m, sums, first, site);
    var right = new double[m.terms()];
    for (int i = 0; i < values.length; i++) {
      if (i % WarpgroupTile.MEMBERS < 2) {
        int column = WarpgroupTile.column(thread) + WarpgroupTile.columnOfSum(i);
        n = read(f, tile, b, column, right, read, n, site);
        add(values, i, left[0], right, tile.depth());
        add(values, i + 2, left[1], right, tile.depth());
      }
    }
    underWay.add(new Product(sums, first, values, read, site));
  }

  private static void add(double[] sums, int at, double[] left, double[] right, int depth) {
    for (int from = 0; from < left.length; from += depth) {
      double sum = sums[at];
      for (int k = from; k < from + depth; k++) {
        sum += left[k] * right[k];
      }
      sums[at] = (float) sum;
    }
  }

  private static int read(
      Frame f,
      WarpgroupTile tile,
      Tile from,
      int row,
      double[] terms,
      Word[] read,
      int count,
      Site site) {
    int n = count;
    for (int k = 0; k < terms.length; k++) {
      long index = from.first + tile.word(from.rows, row, k);
      long word = from.view.readLong(f, index, site);
      terms[k] = tile.factor(word, k);
      read[n++] = new Word(from.view, index, word);
    }
    return n;
  }

  /** The sums up to now: those of the last product under way on them, if there is one. */
  private double[] before(Frame f, Stmt.WarpgroupMma m, View sums, long first, Site site) {
    int n = WarpgroupTile.sums(m.columns());
    Product last = last(sums, first);
    if (last != null && last.values.length == n) {
      return last.values.clone();
    }
    var values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = sums.readDouble(f, first + i, site);
    }
    for (int i = 0; i < n; i++) {
      sums.expect(f, first + i, site);
    }
    return values;
  }

  private @Nullable Product last(View sums, long first) {
    for (Iterator<Product> i = underWay.descendingIterator(); i.hasNext(); ) {
      Product p = i.next();
      if (p.sums == sums && p.first == first) {
        return p;
      }
    }
    return null;
  }

  /** Waits until at most {@code pending} products are under way. */
  void await(Frame f, int pending) {
    while (underWay.size() > pending) {
      Product p = underWay.removeFirst();
      for (Word w : p.read) {
        if (w.view.readLong(f, w.index, p.site) != w.value) {
          throw p.site.error(
              f,
              w.view.name()
                  + "["
                  + w.index
                  + "] was written before its product had been waited for");
        }
      }
      if (last(p.sums, p.first) == null) {
        for (int i = 0; i < p.values.length; i++) {
          int bits = Float.floatToRawIntBits((float) p.values[i]);
          p.sums.land(f, p.first + i, bits, p.site);
        }
      }
    }
  }
}
