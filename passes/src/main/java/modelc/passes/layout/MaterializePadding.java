package modelc.passes.layout;

import java.util.ArrayList;
import java.util.Collections;
import modelc.ir.Dim;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Rewriter;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;
import modelc.passes.Pass;

/**
 * Makes the padding of convolutions a pad of its own, which is computed with what it pads and
 * shared between a convolution and its weight gradient; the convolution then reads no element that
 * does not exist.
 *
 * <p>With base dilation (input gradients) only whole elements are padded: what is left is a
 * negative offset in the window's low padding. It does not touch pooling, whose padding is not
 * zero, nor convolutions whose kernel does without ({@link ConvForm}).
 */
public final class MaterializePadding implements Pass {
  @Override
  public String name() {
    return "materialize-padding";
  }

  @Override
  public Program run(Program program) {
    return new Program(
        program.model(),
        program.entries().stream()
            .map(e -> e.withFunction(Rewriter.rewrite(e.function(), MaterializePadding::rewrite)))
            .toList());
  }

  private static Value rewrite(Value old, Op op, Builder b) {
    return op instanceof Op.Convolution c && ConvForm.of(old).isEmpty() ? padded(c, b) : b.emit(op);
  }

  private static Value padded(Op.Convolution c, Builder b) {
    int rank = c.x().type().rank();
    var low = new ArrayList<>(Collections.nCopies(rank, 0L));
    var high = new ArrayList<>(low);
    var windowLow = new ArrayList<Long>();
    var windowHigh = new ArrayList<Long>();
    for (int i = 0; i < c.window().rank(); i++) {
      int axis = c.dims().inputSpatial().get(i);
      Dim n = c.x().type().dim(axis);
      if (!n.isConstant() || n.constant() == 0) {
        return b.emit(c);
      }
      Amount a = amount(c.window(), i, n.constant());
      low.set(axis, a.low);
      high.set(axis, a.high);
      windowLow.add(a.windowLow);
      windowHigh.add(a.windowHigh);
    }
    boolean none = low.stream().allMatch(x -> x == 0) && high.stream().allMatch(x -> x == 0);
    Value x = none ? c.x() : b.pad(low, high, Collections.nCopies(rank, 0L), 0, c.x());
    Window window = c.window().withPadding(windowLow, windowHigh);
    return b.emit(
        new Op.Convolution(
            window, c.dims(), c.reversal(), c.featureGroups(), c.batchGroups(), x, c.kernel()));
  }

  /**
   * Whole elements to add before and after, and what the window keeps: never a position beyond the
   * elements.
   */
  private record Amount(long low, long high, long windowLow, long windowHigh) {}

  private static Amount amount(Window w, int i, long n) {
    long out = w.outputSize(i, n);
    long dilation = w.baseDilation().get(i);
    long extent = dilated(w.size().get(i), w.windowDilation().get(i));
    long low = w.padLow().get(i) > 0 ? Math.ceilDiv(w.padLow().get(i), dilation) : 0;
    long windowLow = w.padLow().get(i) - low * dilation;
    if (dilation == 1 && windowLow < 0) {
      // Cropping whole elements is cropping: the window then begins at the first one.
      low = windowLow;
      windowLow = 0;
    }
    // The last position any window reads, in elements of the dilated and padded input.
    long last = Math.max(0, (out - 1) * w.stride().get(i) + extent - 1 - windowLow);
    long high = Math.max(out == 0 ? 0 : last / dilation + 1 - n - low, 0);
    long padded = dilated(n + low + high, dilation);
    long needed = out == 0 ? 0 : (out - 1) * w.stride().get(i) + extent;
    return new Amount(low, high, windowLow, needed - padded - windowLow);
  }

  private static long dilated(long n, long dilation) {
    return n == 0 ? 0 : (n - 1) * dilation + 1;
  }
}
