package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.lt;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.size;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.ir.Dim;
import modelc.ir.loop.Expr;
import modelc.passes.Target;

/**
 * How the columns of a contraction are cut into panels, each as wide as a register tile. It says
 * nothing of where the column operand lies.
 *
 * @param n how many columns
 * @param strips runs of panels of one width, at most two when {@code n} is constant
 */
record Columns(Dim n, List<Strip> strips) {

  /**
   * A run of panels of one width.
   *
   * @param first its first column
   * @param panelsBefore panels of the strips before it
   * @param panels how many it has
   * @param masked whether columns beyond the last exist in it
   */
  record Strip(long first, long panelsBefore, Expr panels, Tile tile, boolean masked) {
    /** The first column of a panel, counted within the strip. */
    Expr column(Expr panel) {
      return add(index(first), mul(panel, index(tile.width())));
    }
  }

  /** Fewer columns than this are not worth shorter vectors. */
  private static final int LEAST_LANES = 8;

  /**
   * Panels two vectors wide, and where the count is odd or does not divide, a last one of one, two
   * or three.
   *
   * @param run so many rows, from a multiple of it, are evenly spaced
   */
  static Columns of(Dim n, long run, Target target) {
    int lanes = lanes(n, target);
    Tile two = Tile.tallest(2, lanes, target).spaced(run);
    if (!n.isConstant()) {
      Expr panels = div(add(size(n), index(two.width() - 1)), two.width());
      return new Columns(n, List.of(new Strip(0, 0, panels, two, true)));
    }
    long columns = n.constant();
    long vectors = Math.ceilDiv(columns, (long) lanes);
    boolean masked = columns % lanes != 0;
    long last = vectors <= 3 ? vectors : vectors % 2 == 1 ? 3 : masked ? 2 : 0;
    var strips = new ArrayList<Strip>();
    long panels = (vectors - last) / 2;
    if (panels > 0) {
      strips.add(new Strip(0, 0, index(panels), two, false));
    }
    if (last > 0) {
      Tile tile = Tile.tallest((int) last, lanes, target).spaced(run);
      strips.add(new Strip(panels * two.width(), panels, index(1), tile, masked));
    }
    return new Columns(n, strips);
  }

  /** Those of the target, or half as many as long as the columns fit into one vector. */
  private static int lanes(Dim n, Target target) {
    int lanes = target.vectorLanes();
    while (n.isConstant() && lanes > LEAST_LANES && n.constant() <= lanes / 2) {
      lanes /= 2;
    }
    return lanes;
  }

  /** The same panels with tiles no taller than so many rows need. */
  Columns fitted(long rows) {
    return new Columns(
        n,
        strips.stream()
            .map(s -> new Strip(s.first, s.panelsBefore, s.panels, s.tile.fitted(rows), s.masked))
            .toList());
  }

  /** All panels. */
  Expr panels() {
    Strip last = strips.getLast();
    return add(index(last.panelsBefore), last.panels);
  }

  boolean isEmpty() {
    return strips.isEmpty();
  }

  /** Columns with those that fill up the last panel; only for a constant number of columns. */
  long padded() {
    Strip last = strips.getLast();
    return last.first + Axis.constant(last.panels).orElseThrow() * last.tile.width();
  }

  /** Which lanes of vector {@code v} of the panel at {@code column} exist; all when empty. */
  Optional<Expr> mask(Strip strip, Expr column, int v) {
    int lanes = strip.tile.lanes();
    boolean whole =
        !strip.masked || (n.isConstant() && strip.first + (v + 1L) * lanes <= n.constant());
    if (whole) {
      return Optional.empty();
    }
    var lane = new Expr.Ramp(add(column, index((long) v * lanes)), index(1), lanes);
    return Optional.of(lt(lane, new Expr.Splat(size(n), lanes)));
  }
}
