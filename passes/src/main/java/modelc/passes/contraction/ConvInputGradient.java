package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.mul;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.passes.Target;

/**
 * Lowers the gradient of a convolution by its input: for each phase of the strides (the pixels whose index leaves the
 * same remainder) the taps that divide form a convolution of stride one over the output's gradient. An item runs all
 * phases over about the same lines, so that these are read from the cache.
 */
final class ConvInputGradient {
  private ConvInputGradient() {}

  /**
   * One phase along one axis.
   *
   * @param start the first input index
   * @param count how many input indices
   * @param origin where the first tap of the first index is in the padded gradient
   * @param firstTap the first tap that divides
   * @param taps how many do
   * @param tapStep from one to the next
   * @param step of the place in the gradient, from one tap to the next
   */
  private record Phase(
      long start, long count, long origin, long firstTap, long taps, long tapStep, long step) {

    static List<Phase> of(long size, long window, long stride, long dilation, long offset) {
      var phases = new ArrayList<Phase>();
      for (long phase = 0; phase < Math.min(stride, size); phase++) {
        long first = -1;
        long second = -1;
        long taps = 0;
        for (long t = 0; t < window; t++) {
          if ((phase + t * dilation + offset) % stride == 0) {
            second = taps == 1 ? t : second;
            first = taps == 0 ? t : first;
            taps++;
          }
        }
        long step = taps > 1 ? second - first : 0;
        long origin = taps > 0 ? (phase + first * dilation + offset) / stride : 0;
        long count = Math.ceilDiv(size - phase, stride);
        phases.add(new Phase(phase, count, origin, Math.max(first, 0), taps, step, step * dilation / stride));
      }
      return phases;
    }
  }

  static Lowered lower(
      String name,
      ConvShape shape,
      Buffer dy,
      long dyH,
      long dyW,
      long offsetH,
      long offsetW,
      Buffer w,
      Epilogue epilogue,
      Target target) {
    Columns columns = Columns.of(Dim.of(shape.c()), target);
    List<Phase> high = Phase.of(shape.h(), shape.r(), shape.strideH(), shape.dilationH(), offsetH);
    List<Phase> wide = Phase.of(shape.w(), shape.s(), shape.strideW(), shape.dilationW(), offsetW);
    if (columns.isEmpty() || high.isEmpty() || wide.isEmpty()) {
      return new Lowered(List.of(), List.of());
    }
    Dim groups = Dim.of(shape.groups());
    Dim weights = Packing.elements(groups, columns, Dim.of(shape.r() * shape.s() * shape.groupOutputs()));
    Buffer panels = Buffer.global(name + "_panels", DType.F32, weights);
    var kernels = new ArrayList<Kernel>();
    var sections = new ArrayList<Section>();
    long offset = 0;
    for (Phase v : high) {
      for (Phase h : wide) {
        Dim terms = Dim.of(v.taps * h.taps * shape.groupOutputs());
        Packing packing = packing(shape, v, h, columns, w, panels, terms, offset);
        if (terms.constant() > 0) {
          kernels.add(packing.kernel(name + "_pack" + kernels.size()));
          offset += Packing.elements(groups, columns, terms).constant();
        }
        sections.add(section(shape, v, h, columns, dy, dyH, dyW, packing.packed(), epilogue));
      }
    }
    kernels.add(multiply(name, shape, sections, columns, Kernels.with(epilogue, dy, panels), target));
    return new Lowered(kernels, List.of(panels));
  }

  private static Packing packing(
      ConvShape shape, Phase v, Phase h, Columns columns, Buffer w, Buffer panels, Dim terms, long offset) {
    long r = shape.r();
    long s = shape.s();
    long k = shape.groupOutputs();
    long filter = shape.c() * r * s;
    boolean reads = shape.reversal();
    long start = (reads ? v.firstTap : r - 1 - v.firstTap) * s + (reads ? h.firstTap : s - 1 - h.firstTap);
    long sign = reads ? 1 : -1;
    return new Packing(
        w,
        panels,
        Dim.of(shape.groups()),
        columns,
        index(start),
        index(k * filter),
        index(r * s),
        List.of(
            Axis.of(v.taps, sign * v.tapStep * s, h.taps * k),
            Axis.of(h.taps, sign * h.tapStep, k),
            Axis.of(k, filter, 1)),
        terms,
        offset);
  }

  private static Section section(
      ConvShape shape,
      Phase v,
      Phase h,
      Columns columns,
      Buffer dy,
      long dyH,
      long dyW,
      ColumnOperand.Packed panels,
      Epilogue epilogue) {
    long channels = shape.k();
    long k = shape.groupOutputs();
    long line = dyW * channels;
    var rows =
        new Rows(
            shape.n().times(v.count * h.count),
            dy,
            h.count,
            index(channels),
            (b, group, row) -> {
              List<Expr> at = ConvForward.pixel(b, row, v.count, h.count);
              Expr start = add(mul(group, index(k)), index(v.origin * line + h.origin * channels));
              Expr inImage = add(mul(at.get(1), index(line)), mul(at.get(2), index(channels)));
              return add(start, add(mul(at.getFirst(), index(dyH * line)), inImage));
            });
    List<Axis> taps =
        v.taps * h.taps * k == 0
            ? List.of(Axis.of(0, 0, 0))
            : List.of(
                Axis.of(v.taps, v.step * line, h.taps * k),
                Axis.of(h.taps, h.step * channels, k),
                Axis.of(k, 1, 1));
    return new Section(
        rows,
        columns,
        panels,
        taps,
        (b, group, row) -> {
          List<Expr> at = ConvForward.pixel(b, row, v.count, h.count);
          return List.of(
              at.getFirst(),
              add(mul(at.get(1), index(shape.strideH())), index(v.start)),
              add(mul(at.get(2), index(shape.strideW())), index(h.start)));
        },
        (group, column) -> add(mul(group, index(shape.c())), column),
        epilogue);
  }

  private static Kernel multiply(
      String name,
      ConvShape shape,
      List<Section> sections,
      Columns columns,
      Collection<Buffer> buffers,
      Target target) {
    Dim groups = Dim.of(shape.groups());
    Dim most = sections.getFirst().rows().count();
    long rowBytes = (shape.k() + shape.channels() * sections.size()) * DType.F32.bytes();
    long terms = shape.r() * shape.s() * shape.groupOutputs();
    long columnBytes = terms * columns.padded() * DType.F32.bytes();
    Blocking blocking = Blocking.choose(groups, most, columns, rowBytes, columnBytes, target);
    var b = new LoopBuilder();
    blocking.parallel(
        b,
        groups,
        most,
        columns,
        (in, group, block, first, end) -> {
          for (Section section : sections) {
            section.emit(in, group, block, blocking.rowsPerBlock(), first, end);
          }
        });
    return Kernels.of(name, b, buffers);
  }
}
