package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.f32;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.lt;
import static modelc.ir.loop.LoopBuilder.min;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.rem;
import static modelc.ir.loop.LoopBuilder.size;
import static modelc.ir.loop.LoopBuilder.splat;
import static modelc.ir.loop.LoopBuilder.sub;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.passes.Target;

/**
 * Lowers the gradient of a convolution by its weights: rows are the weights of one output channel,
 * columns output channels, and the sum runs over output pixels, a block at a time so that both
 * operands' blocks stay in the cache. The sums lie in scratch memory between blocks; a last kernel
 * hands them to the epilogue one by one.
 *
 * <p>When there are too few tiles for the threads, the images are split into a fixed number of
 * shares with sums of their own, which the last kernel adds in order.
 */
final class ConvWeightGradient {
  /**
   * What a block of pixels has of the output's gradient. With the inputs beside it, it must stay in
   * a first-level cache of 32 to 48 KB, of which a neighbour on the same core may use half: twice
   * as much takes 1.4 to 2.5 times as long there with vectors of 16.
   */
  private static final long BLOCK_BYTES = 10 << 10;

  /** Channels from which on neighbouring pixels of a line fall into too few cache sets. */
  private static final long MANY_CHANNELS = 32;

  /** Rows of an item: enough to read a block of the output's gradient once for many tiles. */
  private static final long ROWS = 192;

  /** Multiply-adds below which another share of the images is not worth its sums. */
  private static final long SHARE = 1 << 20;

  private final String name;
  private final ConvShape shape;
  private final Columns columns;

  /** Channels of the input that lie side by side: all of a group, or those of a block. */
  private final long width;

  private final Epilogue epilogue;
  private final Target target;

  /** Of one block. */
  private final long pixels;

  private final List<Kernel> kernels = new ArrayList<>();
  private final List<Buffer> scratch = new ArrayList<>();

  private ConvWeightGradient(String name, ConvShape shape, Epilogue epilogue, Target target) {
    this.name = name;
    this.shape = shape;
    this.width = width(shape, target);
    Columns tiles = Columns.of(Dim.of(shape.groupOutputs()), width, target);
    this.columns = tiles.fitted(shape.c() * shape.r() * shape.s());
    this.pixels = BLOCK_BYTES / (Float.BYTES * widest(columns));
    this.epilogue = epilogue;
    this.target = target;
  }

  static Lowered lower(
      String name, ConvShape shape, Buffer x, Buffer dy, Epilogue epilogue, Target target) {
    return new ConvWeightGradient(name, shape, epilogue, target).lower(x, dy);
  }

  /**
   * How the row operand lies: channels in blocks of {@code width}, {@code blockStride} from one to
   * the next.
   */
  private record Channels(Buffer buffer, long width, Expr blockStride, long pixelStride) {}

  private Lowered lower(Buffer x, Buffer dy) {
    long rows = shape.c() * shape.r() * shape.s();
    if (columns.isEmpty() || rows == 0) {
      return new Lowered(List.of(), List.of());
    }
    Channels channels = channels(x);
    ColumnOperand gradient = gradient(dy);
    long unit = Blocking.unit(columns);
    long perBlock = Math.ceilDiv(Math.min(rows, ROWS), unit) * unit;
    long panels = Axis.constant(columns.panels()).orElseThrow();
    long items = shape.groups() * panels * Math.ceilDiv(rows, perBlock);
    long shares = shares(items, rows);
    long paddedRows = Math.ceilDiv(rows, unit) * unit;
    Buffer sums =
        Buffer.global(
            name + "_sums",
            DType.F32,
            Dim.of(shares).times(shape.groups()).times(columns.padded()).times(paddedRows));
    scratch.add(sums);
    kernels.add(accumulate(channels, gradient, sums, perBlock, paddedRows, shares));
    kernels.add(finish(channels, sums, paddedRows, shares));
    return new Lowered(kernels, scratch);
  }

  private long shares(long items, long rows) {
    long images = Math.max(shape.n().max(), 1);
    long work = rows * shape.k() * shape.oh() * shape.ow() * images;
    long wanted = Math.ceilDiv(Blocking.ITEMS / 2, items);
    return Math.clamp(work / SHARE, 1, Math.min(wanted, images));
  }

  private static long widest(Columns columns) {
    return columns.strips().stream().mapToLong(strip -> strip.tile().width()).max().orElse(1);
  }

  private static long width(ConvShape shape, Target target) {
    long block = 2L * target.vectorLanes();
    return shape.c() < MANY_CHANNELS || shape.c() % block != 0 ? shape.c() : block;
  }

  private Channels channels(Buffer x) {
    long all = shape.channels();
    if (width == shape.c()) {
      return new Channels(x, shape.c(), index(0), all);
    }
    Dim pixels = shape.n().times(shape.h() * shape.w());
    Columns blocks = Columns.of(Dim.of(all), 1, target);
    Packing packing = packing(name + "_x", x, blocks, pixels, 1, all, 0);
    return new Channels(packing.to(), width, size(pixels.times(width)), width);
  }

  private ColumnOperand gradient(Buffer dy) {
    Dim pixels = shape.n().times(shape.oh() * shape.ow());
    long k = shape.groupOutputs();
    if (shape.k() <= columns.padded()
        && columns.strips().size() == 1
        && columns.panels().equals(index(1))) {
      return new ColumnOperand.InPlace(dy, index(k), index(shape.k()), index(1));
    }
    return packing(name + "_dy", dy, columns, pixels, shape.groups(), shape.k(), k).packed();
  }

  /** Packs channels last to blocks of channels, and notes the kernel and the scratch buffer. */
  private Packing packing(
      String prefix,
      Buffer from,
      Columns blocks,
      Dim pixels,
      long groups,
      long pixelStride,
      long groupStride) {
    Dim batch = Dim.of(groups);
    var packing =
        new Packing(
            from,
            Buffer.global(prefix + "_panels", DType.F32, Packing.elements(batch, blocks, pixels)),
            batch,
            blocks,
            index(0),
            index(groupStride),
            index(1),
            List.of(new Axis(size(pixels), index(pixelStride), index(1))),
            pixels,
            0);
    kernels.add(packing.kernel(prefix + "_pack"));
    scratch.add(packing.to());
    return packing;
  }

  private Kernel accumulate(
      Channels x, ColumnOperand dy, Buffer sums, long perBlock, long paddedRows, long shares) {
    long rows = shape.c() * shape.r() * shape.s();
    var b = new LoopBuilder();
    Nest.parallel(
        b,
        List.of(
            index(shares),
            index(shape.groups()),
            columns.panels(),
            index(Math.ceilDiv(rows, perBlock))),
        (in, at) -> {
          Expr share = at.get(0);
          Expr group = at.get(1);
          Expr low = in.let("low", mul(at.get(3), index(perBlock)));
          Expr high = in.let("high", min(add(low, index(perBlock)), index(paddedRows)));
          Expr end = in.let("end", add(at.get(2), index(1)));
          Section.forPanels(
              in,
              columns,
              at.get(2),
              end,
              (p, strip, column) -> {
                Expr place =
                    add(
                        mul(add(mul(share, index(shape.groups())), group), index(columns.padded())),
                        column);
                Expr target = p.let("sums", mul(place, index(paddedRows)));
                clear(p, sums, target, strip, low, high);
                ColumnOperand.Panel panel = dy.panel(p, columns, strip, group, column);
                Expr n = size(shape.n());
                Expr from = p.let("from", div(mul(share, n), shares));
                Expr to = p.let("to", div(mul(add(share, index(1)), n), shares));
                pixels(
                    p,
                    x,
                    from,
                    to,
                    (t, block) -> tiles(t, x, group, strip, panel, sums, target, low, high, block));
              });
        });
    return Kernels.of(name, b, List.of(x.buffer(), dy.buffer(), sums));
  }

  private void clear(
      LoopBuilder b, Buffer sums, Expr target, Columns.Strip strip, Expr low, Expr high) {
    int lanes = strip.tile().lanes();
    Expr width = index(strip.tile().width());
    b.loop(
        LoopKind.SERIAL,
        "i",
        add(target, mul(low, width)),
        add(target, mul(high, width)),
        lanes,
        (in, i) -> in.store(sums, i, splat(f32(0), lanes)));
  }

  /**
   * A block of pixels.
   *
   * @param offset of its first pixel in the row operand
   * @param position of its first pixel among all
   */
  private record Pixels(List<Axis> axes, Expr offset, Expr position) {}

  @FunctionalInterface
  private interface PixelsBody {
    void write(LoopBuilder b, Pixels block);
  }

  /**
   * Loops over the blocks of the images {@code from} to {@code to}: some lines of one image, or
   * several images.
   */
  private void pixels(LoopBuilder b, Channels x, Expr from, Expr to, PixelsBody body) {
    long image = shape.h() * shape.w() * x.pixelStride();
    long line = shape.strideH() * shape.w() * x.pixelStride();
    long area = shape.oh() * shape.ow();
    Axis across = Axis.of(shape.ow(), shape.strideW() * x.pixelStride(), 1);
    if (area < pixels) {
      long several = Math.max(pixels / Math.max(area, 1), 1);
      Axis down = Axis.of(shape.oh(), line, shape.ow());
      b.loop(
          LoopKind.SERIAL,
          "image",
          from,
          to,
          several,
          (in, n) -> {
            Expr count =
                several == 1 ? index(1) : in.let("images", min(index(several), sub(to, n)));
            Axis images = new Axis(count, index(image), index(area));
            body.write(
                in,
                new Pixels(
                    List.of(images, down, across), mul(n, index(image)), mul(n, index(area))));
          });
      return;
    }
    long lines = lines();
    b.loop(
        LoopKind.SERIAL,
        "image",
        from,
        to,
        1,
        (in, n) ->
            in.loop(
                LoopKind.SERIAL,
                "y",
                index(0),
                index(shape.oh()),
                lines,
                (rows, y) -> {
                  Axis down = Axis.of(lines, line, shape.ow());
                  Expr offset = add(mul(n, index(image)), mul(y, index(line)));
                  Expr position = add(mul(n, index(area)), mul(y, index(shape.ow())));
                  body.write(rows, new Pixels(List.of(down, across), offset, position));
                }));
  }

  /**
   * Lines of a block: of those that divide an image into equal blocks, whose loops are of constant
   * length, the number nearest in proportion to the wanted pixels.
   */
  private long lines() {
    return LongStream.rangeClosed(1, shape.oh())
        .filter(lines -> shape.oh() % lines == 0)
        .boxed()
        .min(Comparator.comparingDouble(n -> Math.abs(Math.log((double) n * shape.ow() / pixels))))
        .orElse(1L);
  }

  private void tiles(
      LoopBuilder b,
      Channels x,
      Expr group,
      Columns.Strip strip,
      ColumnOperand.Panel panel,
      Buffer sums,
      Expr target,
      Expr low,
      Expr high,
      Pixels block) {
    Tile tile = strip.tile();
    Expr offset = b.let("offset", block.offset());
    Expr position = b.let("position", block.position());
    b.loop(
        LoopKind.SERIAL,
        "m",
        low,
        high,
        tile.rows(),
        (in, m) -> {
          var kernel = new MicroKernel(in, tile, x.buffer(), taps(in, x, group, m, tile, offset));
          Expr place = in.let("place", add(target, mul(m, index(tile.width()))));
          kernel.restore(in, sums, place);
          kernel.accumulate(in, block.axes(), position, panel);
          kernel.save(in, sums, place);
        });
  }

  /** Where the inputs of a tile's weights start. */
  private UnaryOperator<Expr> taps(
      LoopBuilder b, Channels x, Expr group, Expr m, Tile tile, Expr offset) {
    if (x.width() % tile.rows() != 0) {
      return p -> add(tap(b, x, group, add(m, p)), offset);
    }
    long last = shape.c() * shape.r() * shape.s() - tile.rows();
    Expr base = b.let("base", add(tap(b, x, group, min(m, index(last))), offset));
    return p -> add(base, p);
  }

  /**
   * Where the input of a weight starts: rows are {@code [channel block][r][s][channel]}; beyond the
   * last, the last.
   */
  private Expr tap(LoopBuilder b, Channels x, Expr group, Expr row) {
    long rows = shape.c() * shape.r() * shape.s();
    Expr m = b.let("m", min(row, index(rows - 1)));
    Expr tap = b.let("tap", div(m, x.width()));
    Expr line = b.let("r", div(tap, shape.s()));
    Expr r = rem(line, shape.r());
    Expr pixel =
        add(
            mul(r, index(shape.dilationH() * shape.w())),
            mul(rem(tap, shape.s()), index(shape.dilationW())));
    Expr inBlock = add(mul(pixel, index(x.pixelStride())), rem(m, x.width()));
    Expr blocks = mul(group, index(shape.c() / x.width()));
    Expr block = x.width() == shape.c() ? index(0) : div(line, shape.r());
    Expr start =
        x.pixelStride() == x.width() && x.width() != shape.channels()
            ? mul(add(blocks, block), x.blockStride())
            : mul(group, index(shape.c()));
    return b.let("address", add(start, inBlock));
  }

  private Kernel finish(Channels x, Buffer sums, long paddedRows, long shares) {
    long k = shape.groupOutputs();
    var b = new LoopBuilder();
    Nest.parallel(
        b,
        List.of(index(shape.k())),
        (in, at) -> {
          Expr out = at.getFirst();
          Expr group = in.let("group", div(out, k));
          Expr column = in.let("column", rem(out, k));
          Place place = place(in, column);
          Expr panel = add(mul(group, index(columns.padded())), place.first);
          Expr start =
              in.let("start", add(mul(panel, index(paddedRows)), sub(column, place.first)));
          in.loop(
              LoopKind.SERIAL,
              "c",
              index(shape.c()),
              (inC, c) ->
                  inC.loop(
                      LoopKind.SERIAL,
                      "r",
                      index(shape.r()),
                      (inR, r) ->
                          inR.loop(
                              LoopKind.SERIAL,
                              "s",
                              index(shape.s()),
                              (inS, s) -> {
                                Expr row = row(x, c, r, s);
                                Expr from = inS.let("from", add(start, mul(row, place.width)));
                                Expr sum = total(inS, sums, from, paddedRows, shares);
                                epilogue.write(
                                    inS,
                                    sum,
                                    List.of(out, c, tap(r, shape.r()), tap(s, shape.s())),
                                    1,
                                    Optional.empty());
                              })));
        });
    return Kernels.of(name + "_finish", b, Kernels.with(epilogue, sums));
  }

  private Expr tap(Expr t, long taps) {
    return shape.reversal() ? sub(index(taps - 1), t) : t;
  }

  private Expr row(Channels x, Expr c, Expr r, Expr s) {
    Expr block = x.width() == shape.c() ? index(0) : div(c, x.width());
    Expr tap = add(mul(add(mul(block, index(shape.r())), r), index(shape.s())), s);
    Expr inBlock = x.width() == shape.c() ? c : rem(c, x.width());
    return add(mul(tap, index(x.width())), inBlock);
  }

  /** The first column and the width of the panel a column is in. */
  private record Place(Expr first, Expr width) {}

  private Place place(LoopBuilder b, Expr column) {
    Columns.Strip main = columns.strips().getFirst();
    Columns.Strip last = columns.strips().getLast();
    long width = main.tile().width();
    Expr first = mul(div(column, width), index(width));
    if (main.equals(last)) {
      return new Place(b.let("first", first), index(width));
    }
    Expr inMain = b.let("main", lt(column, index(last.first())));
    return new Place(
        b.let("first", new Expr.Select(inMain, first, index(last.first()))),
        b.let("width", new Expr.Select(inMain, index(width), index(last.tile().width()))));
  }

  /** The sum over the shares, in order. */
  private Expr total(LoopBuilder b, Buffer sums, Expr from, long paddedRows, long shares) {
    Expr total = load(sums, from);
    long step = shape.groups() * columns.padded() * paddedRows;
    for (long share = 1; share < shares; share++) {
      Expr next = load(sums, add(from, index(share * step)));
      total = b.let("total", new Expr.Binary(BinaryFn.ADD, total, next));
    }
    return b.let("total", total);
  }
}
