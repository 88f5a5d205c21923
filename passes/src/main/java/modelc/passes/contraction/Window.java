package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.lt;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.rem;

import java.util.List;
import modelc.ir.BinaryFn;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;

/**
 * A sum over the taps of a two-dimensional sliding window and the channels of a group: a
 * convolution, or one phase of its input gradient. It is emitted in one of two ways: with output
 * pixels as rows, or with images as rows, where each pixel sums exactly the taps that are inputs.
 *
 * @param x {@code [n][v.size][h.size][groups * c]}
 * @param c channels summed over
 * @param outputs output channels of one group
 * @param panels the weights, terms {@code [tap of v][tap of h][c]}
 */
record Window(
    Along v,
    Along h,
    Dim n,
    Buffer x,
    long groups,
    long c,
    long outputs,
    Columns columns,
    ColumnOperand panels,
    Epilogue epilogue) {

  /** How many outputs, from a multiple of it, have windows that are evenly spaced. */
  static long run(Along v, Along h) {
    return linesJoin(v, h) ? v.count() * h.count() : h.count();
  }

  private static boolean linesJoin(Along v, Along h) {
    return h.count() * h.stride() == v.stride() * h.size();
  }

  long pixels() {
    return v.count() * h.count();
  }

  private long channels() {
    return groups * c;
  }

  private long line() {
    return h.size() * channels();
  }

  private long image() {
    return v.size() * line();
  }

  /** Rows are the output pixels of all images; every tap must be an input. */
  Section pixelRows() {
    long stepV = v.stride() * line();
    long stepH = h.stride() * channels();
    boolean imagesJoin = linesJoin(v, h) && v.count() * stepV == image();
    long run = imagesJoin ? Rows.ALL : run(v, h);
    long origin = v.origin() * line() + h.origin() * channels();
    var rows =
        new Rows(
            n.times(pixels()),
            x,
            run,
            index(stepH),
            (b, group, row) -> {
              Expr start = add(mul(group, index(c)), index(origin));
              if (imagesJoin) {
                return add(start, mul(row, index(stepH)));
              }
              List<Expr> at = pixel(b, row);
              Expr inImage = add(mul(at.get(1), index(stepV)), mul(at.get(2), index(stepH)));
              return add(start, add(mul(at.getFirst(), index(image())), inImage));
            });
    List<Axis> taps =
        List.of(
            Axis.of(v.taps(), v.step() * line(), h.taps() * c),
            Axis.of(h.taps(), h.step() * channels(), c),
            Axis.of(c, 1, 1));
    return new Section(
        rows,
        columns,
        panels,
        taps,
        index(0),
        (b, group, row) -> {
          List<Expr> at = pixel(b, row);
          return List.of(at.getFirst(), v.writtenAt(at.get(1)), h.writtenAt(at.get(2)));
        },
        this::outputChannel,
        epilogue);
  }

  /** A row as image, line and column of it. */
  private List<Expr> pixel(LoopBuilder b, Expr row) {
    Expr line = b.let("line", div(row, h.count()));
    return List.of(
        b.let("image", div(line, v.count())),
        b.let("y", rem(line, v.count())),
        b.let("x", rem(row, h.count())));
  }

  private Expr outputChannel(Expr group, Expr column) {
    return add(mul(group, index(outputs)), column);
  }

  /**
   * Writes one item: some images by some panels at output pixel {@code (y, x)}, if there is one.
   */
  void imageRows(
      LoopBuilder b,
      Expr y,
      Expr x,
      Expr group,
      Expr rowBlock,
      long rowsPerBlock,
      Expr firstPanel,
      Expr endPanel) {
    b.when(
        new Expr.Binary(BinaryFn.AND, lt(y, index(v.count())), lt(x, index(h.count()))),
        in ->
            atPixel(in, in.let("y", y), in.let("x", x))
                .emit(in, group, rowBlock, rowsPerBlock, firstPanel, endPanel));
  }

  private Section atPixel(LoopBuilder b, Expr y, Expr x) {
    Expr startV = b.let("startV", v.start(y));
    Expr startH = b.let("startH", h.start(x));
    Along.Range down = v.inside(b, startV);
    Along.Range across = h.inside(b, startH);
    Expr line = add(startV, mul(down.first(), index(v.step())));
    Expr column = add(startH, mul(across.first(), index(h.step())));
    Expr inImage = b.let("inImage", add(mul(line, index(line())), mul(column, index(channels()))));
    Expr firstTap = add(mul(down.first(), index(h.taps())), across.first());
    boolean joins = h.step() * channels() == c;
    List<Axis> taps =
        List.of(
            new Axis(down.count(), index(v.step() * line()), index(h.taps() * c)),
            new Axis(joins ? index(1) : across.count(), index(h.step() * channels()), index(c)),
            new Axis(
                joins ? b.let("terms", mul(across.count(), index(c))) : index(c),
                index(1),
                index(1),
                c));
    var rows =
        new Rows(
            n,
            this.x,
            Rows.ALL,
            index(image()),
            (in, group, row) -> add(add(mul(group, index(c)), inImage), mul(row, index(image()))));
    return new Section(
        rows,
        columns,
        panels,
        taps,
        b.let("term", mul(firstTap, index(c))),
        (in, group, row) -> List.of(row, v.writtenAt(y), h.writtenAt(x)),
        this::outputChannel,
        epilogue);
  }
}
