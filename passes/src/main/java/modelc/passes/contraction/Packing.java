package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.lt;
import static modelc.ir.loop.LoopBuilder.min;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.size;
import static modelc.ir.loop.LoopBuilder.sub;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;

/**
 * Copies the column operand of a contraction into panels {@code [terms][width]}, zeros where there
 * are no columns. It does not decide whether that is worth it.
 *
 * @param from the operand as it is
 * @param to the panels, those of one batch after those of the one before
 * @param start where the first term of the first column is
 * @param batchStride in {@code from}
 * @param colStride in {@code from}
 * @param axes the terms: {@link Axis#stride} is in {@code from}, {@link Axis#position} the place in
 *     the panel
 * @param terms of one column
 * @param offset in {@code to}
 */
record Packing(
    Buffer from,
    Buffer to,
    Dim batch,
    Columns columns,
    Expr start,
    Expr batchStride,
    Expr colStride,
    List<Axis> axes,
    Dim terms,
    long offset) {
  /** Terms of a long sum that one item packs. */
  private static final long BLOCK = 64;

  /** Terms along the axis of the longest stride that are packed while their lines are in L1. */
  private static final long NEAR = 32;

  /** How many elements the panels take. */
  static Dim elements(Dim batch, Columns columns, Dim terms) {
    return batch.times(terms).times(columns.padded());
  }

  /** The panels this makes, as an operand. */
  ColumnOperand.Packed packed() {
    return new ColumnOperand.Packed(to, index(offset), size(terms), batchElements());
  }

  private Expr batchElements() {
    return mul(size(terms), index(columns.padded()));
  }

  /** The kernel that packs. */
  Kernel kernel(String name) {
    List<Axis> all = new ArrayList<>(Axis.simplify(axes));
    if (all.isEmpty()) {
      all.add(Axis.of(1, 0, 0));
    }
    if (!isAdjacent()) {
      // What is far apart in the columns comes last, so that a line once in the cache is used
      // whole.
      all.sort(Comparator.comparingLong((Axis a) -> -Axis.constant(a.stride()).orElse(0)));
    }
    Axis outer = all.removeFirst();
    long block = all.isEmpty() ? BLOCK : isAdjacent() ? 1 : NEAR;
    var b = new LoopBuilder();
    Nest.parallel(
        b,
        List.of(size(batch), columns.panels(), Nest.ceilDivide(outer.extent(), block)),
        (in, at) -> {
          Expr first = in.let("first", mul(at.get(2), index(block)));
          var inner = new ArrayList<>(all);
          if (block > 1) {
            Expr terms = in.let("terms", min(index(block), sub(outer.extent(), first)));
            inner.add(new Axis(terms, outer.stride(), outer.position()));
          }
          eachStrip(
              in,
              at.get(1),
              (s, strip) -> {
                Expr column =
                    s.let("column", strip.column(sub(at.get(1), index(strip.panelsBefore()))));
                Expr source = add(mul(column, colStride), mul(first, outer.stride()));
                Expr panel = add(mul(at.getFirst(), batchElements()), mul(column, size(terms)));
                Expr place = mul(mul(first, outer.position()), index(strip.tile().width()));
                copy(
                    s,
                    inner,
                    s.let("source", add(start, add(mul(at.getFirst(), batchStride), source))),
                    s.let("place", add(index(offset), add(panel, place))),
                    strip,
                    column);
              });
        });
    return Kernels.of(name, b, List.of(from, to));
  }

  private boolean isAdjacent() {
    return Axis.constant(colStride).orElse(0) == 1;
  }

  private void eachStrip(LoopBuilder b, Expr panel, BiConsumer<LoopBuilder, Columns.Strip> body) {
    Columns.Strip first = columns.strips().getFirst();
    if (columns.strips().size() == 1) {
      body.accept(b, first);
      return;
    }
    b.whenElse(
        lt(panel, first.panels()),
        in -> body.accept(in, first),
        in -> body.accept(in, columns.strips().getLast()));
  }

  private void copy(
      LoopBuilder b, List<Axis> rest, Expr source, Expr place, Columns.Strip strip, Expr column) {
    if (!rest.isEmpty()) {
      Axis axis = rest.getFirst();
      Expr width = index(strip.tile().width());
      b.loop(
          LoopKind.SERIAL,
          "t",
          axis.extent(),
          (in, i) ->
              copy(
                  in,
                  rest.subList(1, rest.size()),
                  in.let("from", add(source, mul(i, axis.stride()))),
                  in.let("to", add(place, mul(mul(i, axis.position()), width))),
                  strip,
                  column));
      return;
    }
    int lanes = strip.tile().lanes();
    boolean adjacent = isAdjacent();
    for (int v = 0; v < strip.tile().vectors(); v++) {
      Expr first = add(source, mul(colStride, index((long) v * lanes)));
      Expr at = adjacent ? first : new Expr.Ramp(first, colStride, lanes);
      Optional<Expr> mask = columns.mask(strip, column, v);
      b.store(to, add(place, index((long) v * lanes)), new Expr.Load(from, at, lanes, mask));
    }
  }
}
