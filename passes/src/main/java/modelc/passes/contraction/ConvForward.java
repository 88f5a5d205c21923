package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.index;

import java.util.List;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.passes.Target;

/**
 * Lowers a convolution: rows are output pixels, columns output channels, and the sum runs over the
 * taps in place, with channels and horizontal taps as one axis where they are adjacent. Weights are
 * packed; the input is not copied.
 */
final class ConvForward {
  private ConvForward() {}

  static Lowered lower(
      String name, ConvShape shape, Buffer x, Buffer w, Epilogue epilogue, Target target) {
    var v =
        new Along(shape.oh(), shape.strideH(), 0, shape.r(), shape.dilationH(), shape.h(), 0, 1);
    var h =
        new Along(shape.ow(), shape.strideW(), 0, shape.s(), shape.dilationW(), shape.w(), 0, 1);
    long run = Window.run(v, h);
    Columns columns = Columns.of(Dim.of(shape.groupOutputs()), run, target);
    if (columns.isEmpty()) {
      return new Lowered(List.of(), List.of());
    }
    Packing packing = packing(name, shape, columns, w);
    var window =
        new Window(
            v,
            h,
            shape.n(),
            x,
            shape.groups(),
            shape.c(),
            shape.groupOutputs(),
            columns,
            packing.packed(),
            epilogue);
    Section section = window.pixelRows();
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
}
