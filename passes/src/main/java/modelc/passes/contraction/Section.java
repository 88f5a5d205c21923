package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.lt;
import static modelc.ir.loop.LoopBuilder.min;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.size;
import static modelc.ir.loop.LoopBuilder.sub;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import modelc.ir.DType;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;

/**
 * One contraction with its whole sum in registers: every tile is computed at once and handed to the
 * epilogue. An item of a kernel may run several, one after the other.
 *
 * @param axes summed over, outermost first
 * @param term the first one's position among all the column operand has
 * @param rowIndex the output's indices but the last, of a row
 * @param columnIndex the output's last index, of a column
 */
record Section(
    Rows rows,
    Columns columns,
    ColumnOperand y,
    List<Axis> axes,
    Expr term,
    RowIndex rowIndex,
    BiFunction<Expr, Expr, Expr> columnIndex,
    Epilogue epilogue) {

  /** The output's indices but the last. */
  @FunctionalInterface
  interface RowIndex {
    List<Expr> of(LoopBuilder b, Expr batch, Expr row);
  }

  /** Emits one item: a block of rows by some panels. */
  void emit(
      LoopBuilder b, Expr batch, Expr rowBlock, long rowsPerBlock, Expr firstPanel, Expr endPanel) {
    Expr low = b.let("low", mul(rowBlock, index(rowsPerBlock)));
    Expr high = b.let("high", min(add(low, index(rowsPerBlock)), size(rows.count())));
    forPanels(
        b,
        columns,
        firstPanel,
        endPanel,
        (in, strip, column) -> {
          ColumnOperand.Panel panel = y.panel(in, columns, strip, batch, column);
          in.loop(
              LoopKind.SERIAL,
              "m",
              low,
              high,
              strip.tile().rows(),
              (t, m) -> tile(t, batch, strip, column, panel, m, high));
        });
  }

  private void tile(
      LoopBuilder b,
      Expr batch,
      Columns.Strip strip,
      Expr column,
      ColumnOperand.Panel panel,
      Expr m,
      Expr high) {
    Tile tile = strip.tile();
    var kernel = new MicroKernel(b, tile, rows.x(), rows.ofTile(b, batch, m, tile.rows()));
    kernel.clear(b);
    kernel.accumulate(b, axes, term, panel);
    if (!rows.leavesPartial(tile.rows())) {
      writeWhole(b, kernel, batch, strip, column, m);
      return;
    }
    b.whenElse(
        lt(add(m, index(tile.rows() - 1)), high),
        whole -> writeWhole(whole, kernel, batch, strip, column, m),
        part -> {
          Buffer kept =
              part.alloc("kept", DType.F32, 1, (long) tile.sums() * tile.lanes(), Space.PRIVATE);
          kernel.save(part, kept, index(0));
          part.loop(
              LoopKind.SERIAL,
              "p",
              sub(high, m),
              (in, p) ->
                  writeRow(
                      in,
                      batch,
                      strip,
                      column,
                      add(m, p),
                      v -> {
                        Expr at = add(mul(p, index(tile.width())), index((long) v * tile.lanes()));
                        return load(kept, at, tile.lanes());
                      }));
        });
  }

  private void writeWhole(
      LoopBuilder b, MicroKernel kernel, Expr batch, Columns.Strip strip, Expr column, Expr m) {
    b.loop(
        LoopKind.UNROLL,
        "p",
        index(strip.tile().rows()),
        (in, p) -> writeRow(in, batch, strip, column, add(m, p), v -> kernel.sum(p, v)));
  }

  /** The vectors of a row. */
  @FunctionalInterface
  private interface Vectors {
    Expr get(int v);
  }

  private void writeRow(
      LoopBuilder b, Expr batch, Columns.Strip strip, Expr column, Expr row, Vectors vectors) {
    List<Expr> leading = rowIndex.of(b, batch, b.let("m", row));
    int lanes = strip.tile().lanes();
    for (int v = 0; v < strip.tile().vectors(); v++) {
      Expr first = add(column, index((long) v * lanes));
      var at = new ArrayList<>(leading);
      at.add(columnIndex.apply(batch, first));
      Optional<Expr> mask = columns.mask(strip, column, v);
      epilogue.write(b, b.let("value", vectors.get(v)), at, lanes, mask);
    }
  }

  /** What to do with a panel. */
  @FunctionalInterface
  interface PanelBody {
    void write(LoopBuilder b, Columns.Strip strip, Expr column);
  }

  /** Loops over the panels from {@code first} to {@code end}, strip by strip. */
  static void forPanels(LoopBuilder b, Columns columns, Expr first, Expr end, PanelBody body) {
    boolean all = Axis.constant(first).orElse(-1) == 0 && end.equals(columns.panels());
    for (Columns.Strip strip : columns.strips()) {
      Expr before = index(strip.panelsBefore());
      Expr low = all ? index(0) : LoopBuilder.max(sub(first, before), index(0));
      Expr high = all ? strip.panels() : min(sub(end, before), strip.panels());
      b.loop(
          LoopKind.SERIAL,
          "panel",
          b.let("first", low),
          b.let("end", high),
          1,
          (in, panel) -> body.write(in, strip, in.let("column", strip.column(panel))));
    }
  }
}
