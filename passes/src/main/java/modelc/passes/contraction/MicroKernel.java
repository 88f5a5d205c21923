package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.f32;
import static modelc.ir.loop.LoopBuilder.fma;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.splat;
import static modelc.ir.loop.LoopBuilder.sub;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import modelc.ir.DType;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;

/**
 * Emits the innermost code of every contraction: a tile of sums in registers, to which each term
 * adds a scalar of the row operand, in every lane, times vectors of the column operand. It does not
 * choose tiles or the order of tiles.
 */
final class MicroKernel {
  /**
   * Terms written out after each other in the innermost loop: enough to hide the loop's own cost.
   */
  private static final int UNROLL = 4;

  /** Sums of up to this many terms need no innermost loop at all. */
  private static final int STRAIGHT = 6;

  private final Tile tile;
  private final Buffer sums;
  private final List<Expr> addresses = new ArrayList<>();
  private final Buffer x;

  /**
   * Declares the tile's sums and notes where its rows start.
   *
   * @param x the row operand
   * @param address where row p of the tile starts in {@code x}
   */
  MicroKernel(LoopBuilder b, Tile tile, Buffer x, UnaryOperator<Expr> address) {
    this.tile = tile;
    this.x = x;
    this.sums = b.alloc("sum", DType.F32, tile.lanes(), tile.sums(), Space.REGISTER);
    for (int p = 0; p < tile.rows(); p++) {
      addresses.add(b.let("row", address.apply(index(p))));
    }
  }

  /** Sums of nothing. */
  void clear(LoopBuilder b) {
    b.loop(
        LoopKind.UNROLL,
        "i",
        index(tile.sums()),
        (u, i) -> u.store(sums, i, splat(f32(0), tile.lanes())));
  }

  /** Takes up sums put down at {@code at + row*width + column}. */
  void restore(LoopBuilder b, Buffer from, Expr at) {
    b.loop(
        LoopKind.UNROLL,
        "i",
        index(tile.sums()),
        (u, i) -> u.store(sums, i, load(from, add(at, mul(i, index(tile.lanes()))), tile.lanes())));
  }

  /** Puts the sums down at {@code at + row*width + column}. */
  void save(LoopBuilder b, Buffer to, Expr at) {
    b.loop(
        LoopKind.UNROLL,
        "i",
        index(tile.sums()),
        (u, i) -> u.store(to, add(at, mul(i, index(tile.lanes()))), load(sums, i)));
  }

  /** Vector {@code v} of row {@code p}. */
  Expr sum(Expr p, int v) {
    return load(sums, add(mul(p, index(tile.vectors())), index(v)));
  }

  /**
   * Adds the terms along {@code axes}, outermost first, the first of them at {@code position} of
   * the whole sum.
   */
  void accumulate(LoopBuilder b, List<Axis> axes, Expr position, ColumnOperand.Panel panel) {
    nest(b, Axis.simplify(axes), index(0), position, panel);
  }

  private void nest(
      LoopBuilder b, List<Axis> axes, Expr offset, Expr position, ColumnOperand.Panel panel) {
    if (axes.isEmpty()) {
      term(b, offset, position, panel);
      return;
    }
    Axis axis = axes.getFirst();
    List<Axis> inner = axes.subList(1, axes.size());
    if (inner.isEmpty()) {
      innermost(b, axis, offset, position, panel);
      return;
    }
    b.loop(
        LoopKind.SERIAL,
        "t",
        axis.extent(),
        (in, i) -> {
          Expr at = in.let("at", add(offset, mul(i, axis.stride())));
          Expr place = in.let("place", add(position, mul(i, axis.position())));
          nest(in, inner, at, place, panel);
        });
  }

  private void innermost(
      LoopBuilder b, Axis axis, Expr offset, Expr position, ColumnOperand.Panel panel) {
    OptionalLong extent = Axis.constant(axis.extent());
    if (extent.isPresent() && extent.getAsLong() <= STRAIGHT) {
      terms(b, axis, index(0), axis.extent(), LoopKind.UNROLL, offset, position, panel);
      return;
    }
    long divisor = extent.orElse(axis.divisor());
    long unroll = extent.isPresent() || divisor > 1 ? unroll(divisor) : UNROLL;
    boolean divides = divisor % unroll == 0;
    Expr whole =
        divides
            ? axis.extent()
            : b.let("whole", sub(axis.extent(), LoopBuilder.rem(axis.extent(), unroll)));
    b.loop(
        LoopKind.SERIAL,
        "t",
        index(0),
        whole,
        unroll,
        (in, i) -> {
          Expr at = in.let("at", add(offset, mul(i, axis.stride())));
          Expr place = in.let("place", add(position, mul(i, axis.position())));
          terms(in, axis, index(0), index(unroll), LoopKind.UNROLL, at, place, panel);
        });
    if (!divides) {
      LoopKind kind = extent.isPresent() ? LoopKind.UNROLL : LoopKind.SERIAL;
      terms(b, axis, whole, axis.extent(), kind, offset, position, panel);
    }
  }

  /** The number of terms to unroll by: one that divides, when there is one. */
  private static long unroll(long extent) {
    for (long candidate = UNROLL; candidate <= STRAIGHT; candidate++) {
      if (extent % candidate == 0) {
        return candidate;
      }
    }
    return extent % 3 == 0 ? 3 : UNROLL;
  }

  private void terms(
      LoopBuilder b,
      Axis axis,
      Expr from,
      Expr to,
      LoopKind kind,
      Expr offset,
      Expr position,
      ColumnOperand.Panel panel) {
    b.loop(
        kind,
        "u",
        from,
        to,
        1,
        (in, i) ->
            term(
                in,
                add(offset, mul(i, axis.stride())),
                add(position, mul(i, axis.position())),
                panel));
  }

  private void term(LoopBuilder b, Expr offset, Expr position, ColumnOperand.Panel panel) {
    var columns = new ArrayList<Expr>();
    for (int v = 0; v < tile.vectors(); v++) {
      columns.add(b.let("y", panel.load(position, v)));
    }
    for (int p = 0; p < tile.rows(); p++) {
      Expr scalar = load(x, add(addresses.get(p), offset));
      Expr row = b.let("x", splat(scalar, tile.lanes()));
      for (int v = 0; v < tile.vectors(); v++) {
        Expr sum = index((long) p * tile.vectors() + v);
        b.store(sums, sum, fma(row, columns.get(v), load(sums, sum)));
      }
    }
  }
}
