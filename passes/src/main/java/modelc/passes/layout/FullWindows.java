package modelc.passes.layout;

import java.util.List;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.ConvDims;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Rewriter;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;
import modelc.passes.Pass;

/**
 * Turns a convolution whose window is its whole input into the matrix product it is. It comes
 * before autodiff, because the gradients of the product are products, while those of the
 * convolution would be padded all around.
 *
 * <p>It does not look into callees.
 */
public final class FullWindows implements Pass {
  @Override
  public String name() {
    return "full-windows";
  }

  @Override
  public Program run(Program program) {
    return new Program(
        program.model(),
        program.entries().stream()
            .map(e -> e.withFunction(Rewriter.rewrite(e.function(), FullWindows::rewrite)))
            .toList());
  }

  private static Value rewrite(Value old, Op op, Builder b) {
    return op instanceof Op.Convolution c && isFull(c) ? product(old, c, b) : b.emit(op);
  }

  private static boolean isFull(Op.Convolution c) {
    Window w = c.window();
    if (!c.dims().equals(ConvDims.standard(w.rank()))
        || c.featureGroups() != 1
        || c.batchGroups() != 1
        || c.reversal()) {
      return false;
    }
    for (int i = 0; i < w.rank(); i++) {
      boolean full =
          Dim.of(w.size().get(i)).equals(c.x().type().dim(2 + i))
              && w.padLow().get(i) == 0
              && w.padHigh().get(i) == 0
              && w.baseDilation().get(i) == 1
              && w.windowDilation().get(i) == 1;
      if (!full) {
        return false;
      }
    }
    return true;
  }

  private static Value product(Value old, Op.Convolution c, Builder b) {
    Value x = b.reshape(flat(c.x()), c.x());
    Value w = b.reshape(flat(c.kernel()), c.kernel());
    return b.reshape(
        old.type().shape(), b.dotGeneral(List.of(), List.of(), List.of(1), List.of(1), x, w));
  }

  /** All axes but the first as one. */
  private static Shape flat(Value v) {
    Dim rest = Dim.ONE;
    for (Dim d : v.type().shape().dims().subList(1, v.type().rank())) {
      rest = rest.times(d);
    }
    return Shape.of(v.type().dim(0), rest);
  }
}
