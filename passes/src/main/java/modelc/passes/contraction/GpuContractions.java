package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.lt;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.rem;
import static modelc.ir.loop.LoopBuilder.size;
import static modelc.ir.loop.LoopBuilder.sub;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.ir.CompareFn;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.passes.contraction.GpuProduct.Factor;
import modelc.passes.contraction.GpuProduct.Place;

/**
 * Matrix products and channels-last convolutions as sums of products for a GPU: says where each
 * factor of a term is. A group of channels is a product of its own.
 *
 * @see Contraction for what each computes
 */
final class GpuContractions {
  /** Floats of 16 bytes. */
  static final long MAX_TOGETHER = 4;

  private GpuContractions() {}

  static GpuProduct matmul(String name, Matmul p, Epilogue epilogue) {
    return new GpuProduct(
        name,
        p.batch(),
        p.m(),
        p.n(),
        p.k(),
        factor(
            p.x(),
            p.x().colStride(),
            p.x().rowStride(),
            p.batch(),
            p.m(),
            p.k(),
            (z, m, k) -> element(p.x(), z, m, k)),
        factor(
            p.y(),
            p.y().rowStride(),
            p.y().colStride(),
            p.batch(),
            p.n(),
            p.k(),
            (z, n, k) -> element(p.y(), z, k, n)),
        (_, z, m, n) -> List.of(z, m, n),
        epilogue);
  }

  @FunctionalInterface
  private interface MatrixElement {
    Place at(Expr z, Expr i, Expr k);
  }

  /** A matrix, by what lies between neighbours along the terms, and along rows or columns. */
  private static Factor factor(
      Operand o,
      Dim alongTerms,
      Dim across,
      Dim batch,
      Dim extent,
      Dim terms,
      MatrixElement element) {
    boolean isAlong = alongTerms.isOne();
    Dim other = isAlong ? across : alongTerms;
    Dim run = isAlong ? terms : extent;
    // What lies between one matrix and the next says nothing where there is one.
    long next = batch.isOne() ? 0 : o.batchStride().factor();
    long together = isAlong || across.isOne() ? together(run.factor(), other.factor(), next) : 1;
    return new Factor(o.buffer(), isAlong, together, (_, z, i, k) -> element.at(z, i, k));
  }

  /** How many elements can be copied at once where runs begin at multiples of all of these. */
  static long together(long... multiples) {
    long together = MAX_TOGETHER;
    for (long m : multiples) {
      while (m % together != 0) {
        together /= 2;
      }
    }
    return together;
  }

  private static Place element(Operand o, Expr z, Expr row, Expr column) {
    Expr at = add(mul(z, size(o.batchStride())), mul(row, size(o.rowStride())));
    return new Place(add(at, mul(column, size(o.colStride()))), Optional.empty());
  }

  /** Rows are pixels, columns output channels, terms taps by input channels. */
  static GpuProduct forward(String name, ConvShape s, Buffer x, Buffer w, Epilogue epilogue) {
    return new GpuProduct(
        name,
        Dim.of(s.groups()),
        s.n().times(s.oh() * s.ow()),
        Dim.of(s.groupOutputs()),
        Dim.of(s.r() * s.s() * s.c()),
        new Factor(
            x,
            true,
            together(s.c()),
            (b, group, pixel, k) -> {
              Pixel p = Pixel.of(b, pixel, s.oh(), s.ow());
              Tap t = Tap.of(b, k, s, s.c());
              return input(b, s, p, t.r(), t.s(), group, t.channel());
            }),
        new Factor(
            w,
            true,
            s.r() * s.s() == 1 ? together(s.c()) : 1,
            (b, group, n, k) -> {
              Tap t = Tap.of(b, k, s, s.c());
              Expr output = add(mul(group, index(s.groupOutputs())), n);
              return weight(s, output, t.channel(), t.r(), t.s());
            }),
        (b, group, pixel, n) -> {
          Pixel p = Pixel.of(b, pixel, s.oh(), s.ow());
          return List.of(p.image(), p.y(), p.x(), add(mul(group, index(s.groupOutputs())), n));
        },
        epilogue);
  }

  /**
   * Rows are the input's pixels, columns input channels, terms taps by output channels.
   *
   * @param dy {@code [n][dyH][dyW][k]}
   */
  static GpuProduct inputGradient(
      String name, ConvShape s, Buffer dy, Gradient g, Buffer w, Epilogue epilogue) {
    return new GpuProduct(
        name,
        Dim.of(s.groups()),
        s.n().times(s.h() * s.w()),
        Dim.of(s.c()),
        Dim.of(s.r() * s.s() * s.groupOutputs()),
        new Factor(
            dy,
            true,
            together(s.groupOutputs()),
            (b, group, pixel, k) -> {
              Pixel p = Pixel.of(b, pixel, s.h(), s.w());
              Tap t = Tap.of(b, k, s, s.groupOutputs());
              Along v = along(b, p.y(), t.r(), s.dilationH(), g.offsetH(), s.strideH(), g.height());
              Along h = along(b, p.x(), t.s(), s.dilationW(), g.offsetW(), s.strideW(), g.width());
              Expr at =
                  add(
                      mul(add(mul(p.image(), index(g.height())), v.at()), index(g.width())),
                      h.at());
              Expr channel = add(mul(group, index(s.groupOutputs())), t.channel());
              return new Place(
                  add(mul(at, index(s.k())), channel),
                  Optional.of(b.let("e", GpuTile.and(v.exists(), h.exists()))));
            }),
        new Factor(
            w,
            false,
            s.r() * s.s() == 1 ? together(s.c()) : 1,
            (b, group, n, k) -> {
              Tap t = Tap.of(b, k, s, s.groupOutputs());
              Expr output = add(mul(group, index(s.groupOutputs())), t.channel());
              Expr r = s.reversal() ? t.r() : sub(index(s.r() - 1), t.r());
              Expr u = s.reversal() ? t.s() : sub(index(s.s() - 1), t.s());
              return new Place(weightAddress(s, output, n, r, u), Optional.empty());
            }),
        (b, group, pixel, n) -> {
          Pixel p = Pixel.of(b, pixel, s.h(), s.w());
          return List.of(p.image(), p.y(), p.x(), add(mul(group, index(s.c())), n));
        },
        epilogue);
  }

  /** The gradient a convolution's input gradient reads, and where its windows begin. */
  record Gradient(long height, long width, long offsetH, long offsetW) {}

  /**
   * Rows are output channels, columns taps by input channels, so that neighbours read neighbours;
   * terms are output pixels.
   */
  static GpuProduct weightGradient(
      String name, ConvShape s, Buffer x, Buffer dy, Epilogue epilogue) {
    return new GpuProduct(
        name,
        Dim.of(s.groups()),
        Dim.of(s.groupOutputs()),
        Dim.of(s.c() * s.r() * s.s()),
        s.n().times(s.oh() * s.ow()),
        new Factor(
            dy,
            false,
            together(s.groupOutputs()),
            (_, group, m, pixel) ->
                new Place(
                    add(mul(pixel, index(s.k())), add(mul(group, index(s.groupOutputs())), m)),
                    Optional.empty())),
        new Factor(
            x,
            false,
            together(s.c()),
            (b, group, n, pixel) -> {
              Pixel p = Pixel.of(b, pixel, s.oh(), s.ow());
              Tap t = Tap.of(b, n, s, s.c());
              Expr r = s.reversal() ? sub(index(s.r() - 1), t.r()) : t.r();
              Expr u = s.reversal() ? sub(index(s.s() - 1), t.s()) : t.s();
              return input(b, s, p, r, u, group, t.channel());
            }),
        (b, group, m, n) -> {
          Tap t = Tap.of(b, n, s, s.c());
          return List.of(add(mul(group, index(s.groupOutputs())), m), t.channel(), t.r(), t.s());
        },
        epilogue);
  }

  /** Element {@code (r, s)} of the window at an output pixel; beyond the last pixel it is none. */
  private static Place input(
      LoopBuilder b, ConvShape s, Pixel p, Expr r, Expr u, Expr group, Expr channel) {
    Expr row = add(mul(p.y(), index(s.strideH())), mul(r, index(s.dilationH())));
    Expr column = add(mul(p.x(), index(s.strideW())), mul(u, index(s.dilationW())));
    Expr at = add(mul(add(mul(p.image(), index(s.h())), row), index(s.w())), column);
    Expr all = add(mul(group, index(s.c())), channel);
    return new Place(b.let("a", add(mul(at, index(s.channels())), all)), Optional.empty());
  }

  private static Place weight(ConvShape s, Expr output, Expr channel, Expr r, Expr u) {
    Expr row = s.reversal() ? sub(index(s.r() - 1), r) : r;
    Expr column = s.reversal() ? sub(index(s.s() - 1), u) : u;
    return new Place(weightAddress(s, output, channel, row, column), Optional.empty());
  }

  private static Expr weightAddress(ConvShape s, Expr output, Expr channel, Expr r, Expr u) {
    Expr at = add(mul(output, index(s.c())), channel);
    return add(mul(add(mul(at, index(s.r())), r), index(s.s())), u);
  }

  /** A pixel of an image, from its number over all of them. */
  private record Pixel(Expr image, Expr y, Expr x) {
    static Pixel of(LoopBuilder b, Expr number, long height, long width) {
      Expr line = b.let("l", div(number, width));
      return new Pixel(
          b.let("i", div(line, height)),
          b.let("y", rem(line, height)),
          b.let("x", rem(number, width)));
    }
  }

  /** A tap of the window and a channel, from the number of a term: channels are innermost. */
  private record Tap(Expr r, Expr s, Expr channel) {
    static Tap of(LoopBuilder b, Expr k, ConvShape s, long channels) {
      Expr tap = b.let("w", div(k, channels));
      return new Tap(
          b.let("r", div(tap, s.s())), b.let("s", rem(tap, s.s())), b.let("c", rem(k, channels)));
    }
  }

  /** Where along an axis of the gradient a tap reads, and whether there is something. */
  private record Along(Expr at, Expr exists) {}

  private static Along along(
      LoopBuilder b,
      Expr position,
      Expr tap,
      long dilation,
      long offset,
      long stride,
      long extent) {
    Expr reach = b.let("q", add(add(position, mul(tap, index(dilation))), index(offset)));
    Expr at = b.let("o", div(reach, stride));
    var conditions = new ArrayList<Expr>();
    conditions.add(lt(at, index(extent)));
    if (offset < 0) {
      conditions.add(new Expr.Compare(CompareFn.GE, reach, index(0)));
    }
    if (stride > 1) {
      conditions.add(new Expr.Compare(CompareFn.EQ, rem(reach, stride), index(0)));
    }
    return new Along(at, conditions.stream().reduce(GpuTile::and).orElseThrow());
  }
}
