package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.rem;
import static modelc.ir.loop.LoopBuilder.size;

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
 * Lowers the gradient of a convolution by its input: for each phase of the strides (the pixels
 * whose index leaves the same remainder) the taps that divide form a window of stride one over the
 * output's gradient. An item runs all phases over about the same lines, so that these are read from
 * the cache.
 *
 * <p>Where taps fall outside the output's gradient, images are the rows, and those taps are left
 * out.
 */
final class ConvInputGradient {
  /** Unpadded gradients are worth it from so many products in vain for each that counts. */
  private static final double WASTE = 1.2;

  /** With fewer images, tiles of images are too small. */
  private static final long FEW_IMAGES = 4;

  /** Images of one item. */
  private static final long IMAGES = 48;

  private final String name;
  private final ConvShape shape;
  private final Buffer dy;
  private final Buffer w;
  private final Columns columns;
  private final Epilogue epilogue;
  private final Target target;
  private final List<Kernel> kernels = new ArrayList<>();

  private ConvInputGradient(
      String name,
      ConvShape shape,
      Buffer dy,
      Buffer w,
      Columns columns,
      Epilogue epilogue,
      Target target) {
    this.name = name;
    this.shape = shape;
    this.dy = dy;
    this.w = w;
    this.columns = columns;
    this.epilogue = epilogue;
    this.target = target;
  }

  /**
   * One phase along one axis.
   *
   * @param firstTap the first tap that divides, in the gradient's orientation
   * @param tapStep from one that divides to the next
   */
  private record Phase(Along along, long firstTap, long tapStep) {

    static List<Phase> of(
        long size, long window, long stride, long dilation, long offset, long dySize) {
      var phases = new ArrayList<Phase>();
      for (long phase = 0; phase < Math.min(stride, size); phase++) {
        long first = -1;
        long second = -1;
        long taps = 0;
        for (long t = 0; t < window; t++) {
          if (Math.floorMod(phase + t * dilation + offset, stride) == 0) {
            second = taps == 1 ? t : second;
            first = taps == 0 ? t : first;
            taps++;
          }
        }
        long step = taps > 1 ? second - first : 0;
        long origin = taps > 0 ? Math.floorDiv(phase + first * dilation + offset, stride) : 0;
        long count = Math.ceilDiv(size - phase, stride);
        long dyStep = Math.max(step * dilation / stride, 1);
        var along = new Along(count, 1, origin, taps, dyStep, dySize, phase, stride);
        phases.add(new Phase(along, Math.max(first, 0), step));
      }
      return phases;
    }
  }

  /** Whether padding the output's gradient would cost more than it saves. */
  static boolean prefersUnpadded(ConvShape shape, long offsetH, long offsetW) {
    long made = 0;
    long needed = 0;
    for (Phase v :
        Phase.of(shape.h(), shape.r(), shape.strideH(), shape.dilationH(), offsetH, shape.oh())) {
      for (Phase h :
          Phase.of(shape.w(), shape.s(), shape.strideW(), shape.dilationW(), offsetW, shape.ow())) {
        made += v.along.count() * v.along.taps() * h.along.count() * h.along.taps();
        needed += v.along.products() * h.along.products();
      }
    }
    return shape.n().max() >= FEW_IMAGES && made > WASTE * needed;
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
    List<Phase> high =
        Phase.of(shape.h(), shape.r(), shape.strideH(), shape.dilationH(), offsetH, dyH);
    List<Phase> wide =
        Phase.of(shape.w(), shape.s(), shape.strideW(), shape.dilationW(), offsetW, dyW);
    if (shape.c() == 0 || high.isEmpty() || wide.isEmpty()) {
      return new Lowered(List.of(), List.of());
    }
    boolean inside =
        high.stream().allMatch(p -> p.along.isInside())
            && wide.stream().allMatch(p -> p.along.isInside());
    long run = inside ? Window.run(high.getFirst().along, wide.getFirst().along) : 1;
    Columns columns = Columns.of(Dim.of(shape.c()), run, target);
    Columns tiles = inside ? columns : columns.fitted(Math.min(shape.n().max(), IMAGES));
    return new ConvInputGradient(name, shape, dy, w, tiles, epilogue, target)
        .lower(high, wide, inside);
  }

  private Lowered lower(List<Phase> high, List<Phase> wide, boolean inside) {
    Dim groups = Dim.of(shape.groups());
    Dim weights =
        Packing.elements(groups, columns, Dim.of(shape.r() * shape.s() * shape.groupOutputs()));
    Buffer panels = Buffer.global(name + "_panels", DType.F32, weights);
    var windows = new ArrayList<Window>();
    long offset = 0;
    for (Phase v : high) {
      for (Phase h : wide) {
        Dim terms = Dim.of(v.along.taps() * h.along.taps() * shape.groupOutputs());
        Packing packing = packing(v, h, panels, terms, offset);
        if (terms.constant() > 0) {
          kernels.add(packing.kernel(name + "_pack" + kernels.size()));
          offset += Packing.elements(groups, columns, terms).constant();
        }
        windows.add(
            new Window(
                v.along,
                h.along,
                shape.n(),
                dy,
                shape.groups(),
                shape.groupOutputs(),
                shape.c(),
                columns,
                packing.packed(),
                epilogue));
      }
    }
    Collection<Buffer> buffers = Kernels.with(epilogue, dy, panels);
    kernels.add(Kernels.of(name, inside ? pixelRows(windows) : imageRows(windows), buffers));
    return new Lowered(kernels, List.of(panels));
  }

  private Packing packing(Phase v, Phase h, Buffer panels, Dim terms, long offset) {
    long r = shape.r();
    long s = shape.s();
    long k = shape.groupOutputs();
    long filter = shape.c() * r * s;
    boolean reads = shape.reversal();
    long start =
        (reads ? v.firstTap : r - 1 - v.firstTap) * s + (reads ? h.firstTap : s - 1 - h.firstTap);
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
            Axis.of(v.along.taps(), sign * v.tapStep * s, h.along.taps() * k),
            Axis.of(h.along.taps(), sign * h.tapStep, k),
            Axis.of(k, filter, 1)),
        terms,
        offset);
  }

  private LoopBuilder pixelRows(List<Window> windows) {
    List<Section> sections = windows.stream().map(Window::pixelRows).toList();
    Dim groups = Dim.of(shape.groups());
    Dim most = sections.getFirst().rows().count();
    long rowBytes = (shape.k() + shape.channels() * sections.size()) * DType.F32.bytes();
    Blocking blocking = Blocking.choose(groups, most, columns, rowBytes, columnBytes(), target);
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
    return b;
  }

  private long columnBytes() {
    long terms = shape.r() * shape.s() * shape.groupOutputs();
    return terms * columns.padded() * DType.F32.bytes();
  }

  /**
   * Items are pixels by blocks of images; of heavy weights one panel each, so that it stays in the
   * cache.
   */
  private LoopBuilder imageRows(List<Window> windows) {
    Window largest = windows.getFirst();
    long unit = Blocking.unit(columns);
    long rowsPerBlock = Math.ceilDiv(Math.min(shape.n().max(), IMAGES), unit) * unit;
    long panels = Axis.constant(columns.panels()).orElseThrow();
    boolean one = columnBytes() > target.l2Bytes() / 2;
    var b = new LoopBuilder();
    Nest.parallel(
        b,
        List.of(
            index(shape.groups()),
            index(one ? panels : 1),
            index(largest.pixels()),
            Nest.ceilDivide(size(shape.n()), rowsPerBlock)),
        (in, at) -> {
          Expr first = one ? at.get(1) : index(0);
          Expr end = one ? add(at.get(1), index(1)) : columns.panels();
          Expr y = in.let("y", div(at.get(2), largest.h().count()));
          Expr x = in.let("x", rem(at.get(2), largest.h().count()));
          for (Window window : windows) {
            window.imageRows(in, y, x, at.getFirst(), at.get(3), rowsPerBlock, first, end);
          }
        });
    return b;
  }
}
