package modelc.frontend.elaborate;

import static modelc.frontend.elaborate.Primitives.arg;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import modelc.frontend.diagnostic.Code;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Span;
import modelc.ir.tensor.ConvDims;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;
import org.jspecify.annotations.Nullable;

/** Convolutions and poolings over the axes of space: those after batch and channel. */
final class Windows {
  private final Evaluator evaluator;
  private final Context context;

  Windows(Evaluator evaluator) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
  }

  Val call(Primitive p, Map<String, Val> a, Span place) {
    Val.Tensor x = Primitives.tensor(context, p, a, "x", place);
    if (x.rank() < 3) {
      throw context.error(
          Code.SHAPES,
          place,
          "`" + p.text() + "` needs [batch, channel, ...space]",
          Show.type(x.type()) + " has no axes of space");
    }
    return p == Primitive.CONVOLUTION ? convolution(p, x, a, place) : pooling(p, x, a, place);
  }

  private Val convolution(Primitive p, Val.Tensor x, Map<String, Val> a, Span place) {
    Val.Tensor w = Primitives.tensor(context, p, a, "w", place);
    long groups = Primitives.integer(a, "groups");
    if (w.rank() != x.rank()) {
      throw context.error(
          Code.SHAPES,
          place,
          "weights are [out, in / groups, ...window]",
          Show.type(x.type()) + " with " + Show.type(w.type()));
    }
    long channels = space(x, 1, place);
    long inputs = space(w, 1, place);
    long outputs = space(w, 0, place);
    if (groups < 1
        || channels % groups != 0
        || outputs % groups != 0
        || inputs * groups != channels) {
      throw context.error(
          Code.SHAPES,
          place,
          channels
              + " channels in "
              + groups
              + " groups do not fit weights for "
              + inputs
              + " each, "
              + outputs
              + " out",
          Show.type(x.type()) + " with " + Show.type(w.type()));
    }
    var sizes = new ArrayList<Long>();
    for (int i = 2; i < w.rank(); i++) {
      sizes.add(space(w, i, place));
    }
    List<Long> spread = each((Val.Ints) arg(a, "spread"), sizes.size(), "spread", 1, place);
    Window window =
        window(x, new Val.Ints(sizes), a, spread, Integer.MIN_VALUE, false, place)
            .withBaseDilation(spread);
    boolean flipped = ((Val.Bool) arg(a, "flipped")).value();
    Value v =
        context.emit(
            place,
            () ->
                context
                    .builder()
                    .convolution(
                        window,
                        ConvDims.standard(sizes.size()),
                        flipped,
                        groups,
                        1,
                        x.value(),
                        w.value()));
    note(x, v, window, false);
    List<@Nullable AxisName> names = Patterns.unnamed(x.rank());
    names.set(0, x.axes().get(0));
    return new Val.Tensor(v, names);
  }

  private Val pooling(Primitive p, Val.Tensor x, Map<String, Val> a, Span place) {
    boolean ceil = ((Val.Bool) arg(a, "ceil_mode")).value();
    List<Long> dense = Collections.nCopies(x.rank() - 2, 1L);
    Window window = window(x, (Val.Ints) arg(a, "window"), a, dense, 0, ceil, place);
    Window all = onAllAxes(window);
    ReduceFn fn = p == Primitive.WINDOW_MAX ? ReduceFn.MAXIMUM : ReduceFn.ADD;
    Value v = context.emit(place, () -> context.builder().reduceWindow(fn, all, x.value()));
    note(x, v, window, ceil);
    List<@Nullable AxisName> names = Patterns.unnamed(x.rank());
    names.set(0, x.axes().get(0));
    names.set(1, x.axes().get(1));
    return new Val.Tensor(v, names);
  }

  /**
   * The window over the axes of space alone.
   *
   * @param spread how far the elements of x lie apart
   * @param least padding that may be asked for
   */
  private Window window(
      Val.Tensor x,
      Val.Ints size,
      Map<String, Val> a,
      List<Long> spread,
      long least,
      boolean ceil,
      Span place) {
    int rank = x.rank() - 2;
    List<Long> sizes = each(size, rank, "window", 1, place);
    List<Long> stride = each((Val.Ints) arg(a, "stride"), rank, "stride", 1, place);
    List<Long> dilation = each((Val.Ints) arg(a, "dilation"), rank, "dilation", 1, place);
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    for (int i = 0; i < rank; i++) {
      long span = Math.multiplyExact(dilation.get(i), sizes.get(i) - 1);
      switch ((Val.Padding) arg(a, "padding")) {
        case Val.Padding.Valid _ -> add(low, high, 0, 0);
        case Val.Padding.Same _ -> add(low, high, span / 2, span - span / 2);
        case Val.Padding.Full _ -> add(low, high, span, span);
        case Val.Padding.Explicit e ->
            add(
                low,
                high,
                each(new Val.Ints(e.low()), rank, "padding", least, place).get(i),
                each(new Val.Ints(e.high()), rank, "padding", least, place).get(i));
      }
      long in = Math.multiplyExact(space(x, i + 2, place) - 1, spread.get(i)) + 1;
      long covered = in + low.get(i) + high.get(i);
      if (covered < span + 1) {
        throw context.error(
            Code.WINDOW,
            place,
            "a window of " + (span + 1) + " does not fit " + covered + " elements",
            Show.type(x.type()) + " on axis " + (i + 2),
            "pad the input, or take a smaller window");
      }
      if (ceil) {
        high.set(i, high.get(i) + extra(in, low.get(i), high.get(i), span + 1, stride.get(i)));
      }
    }
    return Window.of(sizes).withStride(stride).withPadding(low, high).withWindowDilation(dilation);
  }

  private long space(Val.Tensor x, int axis, Span place) {
    Dim dim = x.type().dim(axis);
    if (!dim.isConstant()) {
      throw context.error(
          Code.RUN_TIME_VALUE,
          place,
          "windows slide over sizes known at compile time, not " + dim,
          Show.type(x.type()));
    }
    return dim.constant();
  }

  /**
   * Padding that lets a last, partial window count, if it begins inside the input or the padding
   * before it.
   */
  private static long extra(long in, long low, long high, long window, long stride) {
    long free = in + low + high - window;
    long last = Math.ceilDiv(free, stride) * stride;
    if (last >= in + low) {
      last -= stride;
    }
    return Math.max(last - free, 0);
  }

  private static void add(List<Long> low, List<Long> high, long before, long after) {
    low.add(before);
    high.add(after);
  }

  private List<Long> each(Val.Ints ints, int rank, String what, long least, Span place) {
    if (ints.values().size() != 1 && ints.values().size() != rank) {
      throw context.error(
          Code.WINDOW,
          place,
          "`" + what + "` has " + ints.values().size() + " values for " + rank + " axes of space",
          "");
    }
    var values = new ArrayList<Long>();
    for (int i = 0; i < rank; i++) {
      if (ints.at(i) < least) {
        throw context.error(
            Code.WINDOW, place, "`" + what + "` is at least " + least + ", not " + ints.at(i), "");
      }
      if (ints.at(i) > Integer.MAX_VALUE) {
        throw context.error(Code.WINDOW, place, "`" + what + "` is too large: " + ints.at(i), "");
      }
      values.add(ints.at(i));
    }
    return values;
  }

  private static Window onAllAxes(Window w) {
    return new Window(
        prefixed(w.size(), 1),
        prefixed(w.stride(), 1),
        prefixed(w.padLow(), 0),
        prefixed(w.padHigh(), 0),
        prefixed(w.baseDilation(), 1),
        prefixed(w.windowDilation(), 1));
  }

  private static List<Long> prefixed(List<Long> values, long first) {
    var all = new ArrayList<>(List.of(first, first));
    all.addAll(values);
    return all;
  }

  private void note(Val.Tensor x, Value result, Window w, boolean ceil) {
    for (int i = 0; i < w.rank(); i++) {
      context.rows.window(
          Rows.windowFormula(
              x.type().dim(i + 2),
              w.size().get(i),
              w.padLow().get(i),
              w.padHigh().get(i),
              w.stride().get(i),
              w.windowDilation().get(i),
              w.baseDilation().get(i),
              result.type().dim(i + 2),
              ceil));
    }
  }
}
