package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.rem;

import java.util.List;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.passes.Target;

/**
 * Lowers a convolution: rows are output pixels, columns output channels, and the sum runs over the taps in place, with
 * channels and horizontal taps as one axis where they are adjacent. Weights are packed; the input is not copied.
 */
final class ConvForward {
  private ConvForward() {}

  static Lowered lower(String name, ConvShape shape, Buffer x, Buffer w, Epilogue epilogue, Target target) {
    Columns columns = Columns.of(Dim.of(shape.groupOutputs()), target);
    if (columns.isEmpty()) {
      return new Lowered(List.of(), List.of());
    }
    Packing packing = packing(name, shape, columns, w);
    Section section =
        new Section(
            rows(shape, x),
            columns,
            packing.packed(),
            taps(shape),
            (b, batch, row) -> pixel(b, row, shape.oh(), shape.ow()),
            (group, column) -> add(mul(group, index(shape.groupOutputs())), column),
            epilogue);
    long rowBytes = shape.strideH() * shape.strideW() * shape.channels() * DType.F32.bytes();
    long columnBytes = shape.r() * shape.s() * shape.c() * columns.padded() * DType.F32.bytes();
    Dim groups = Dim.of(shape.groups());
    Dim pixels = section.rows().count();
    Blocking blocking = Blocking.choose(groups, pixels, columns, rowBytes, columnBytes, target);
    var b = new LoopBuilder();
    blocking.parallel(
        b,
        groups,
        pixels,
        columns,
        (in, group, block, first, end) ->
            section.emit(in, group, block, blocking.rowsPerBlock(), first, end));
    Kernel multiply = Kernels.of(name, b, Kernels.with(epilogue, x, packing.to()));
    return new Lowered(List.of(packing.kernel(name + "_pack"), multiply), List.of(packing.to()));
  }

  private static Packing packing(String name, ConvShape shape, Columns columns, Buffer w) {
    long c = shape.c();
    long r = shape.r();
    long s = shape.s();
    Dim groups = Dim.of(shape.groups());
    Dim terms = Dim.of(c * r * s);
    long sign = shape.reversal() ? -1 : 1;
    return new Packing(
        w,
        Buffer.global(name + "_panels", DType.F32, Packing.elements(groups, columns, terms)),
        groups,
        columns,
        index(shape.reversal() ? r * s - 1 : 0),
        index(shape.groupOutputs() * c * r * s),
        index(c * r * s),
        List.of(Axis.of(r, sign * s, s * c), Axis.of(s, sign, c), Axis.of(c, r * s, 1)),
        terms,
        0);
  }

  /** Output pixels, and where the window of each starts in the input. */
  static Rows rows(ConvShape shape, Buffer x) {
    long channels = shape.channels();
    long stepH = shape.strideH() * shape.w() * channels;
    long stepW = shape.strideW() * channels;
    long image = shape.h() * shape.w() * channels;
    boolean rowsJoin = shape.ow() * stepW == stepH;
    boolean imagesJoin = rowsJoin && shape.oh() * stepH == image;
    long run = imagesJoin ? Rows.ALL : rowsJoin ? shape.oh() * shape.ow() : shape.ow();
    return new Rows(
        shape.n().times(shape.oh() * shape.ow()),
        x,
        run,
        index(stepW),
        (b, group, row) -> {
          Expr start = mul(group, index(shape.c()));
          if (imagesJoin) {
            return add(start, mul(row, index(stepW)));
          }
          List<Expr> at = pixel(b, row, shape.oh(), shape.ow());
          Expr inImage = add(mul(at.get(1), index(stepH)), mul(at.get(2), index(stepW)));
          return add(start, add(mul(at.getFirst(), index(image)), inImage));
        });
  }

  private static List<Axis> taps(ConvShape shape) {
    long channels = shape.channels();
    long c = shape.c();
    return List.of(
        Axis.of(shape.r(), shape.dilationH() * shape.w() * channels, shape.s() * c),
        Axis.of(shape.s(), shape.dilationW() * channels, c),
        Axis.of(c, 1, 1));
  }

  /** A row as image, line and column of it. */
  static List<Expr> pixel(LoopBuilder b, Expr row, long height, long width) {
    Expr line = b.let("line", div(row, width));
    return List.of(
        b.let("image", div(line, height)), b.let("y", rem(line, height)), b.let("x", rem(row, width)));
  }
}
