package modelc.passes.layout;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;

/**
 * A dot_general as a batch of matrix products: the axes of each role joined to one with one stride,
 * where memory lets them be.
 *
 * <p>It does not order axes anew: roles keep the order the op gives them.
 */
public record ProductForm(Matrix x, Matrix y) {
  /** Axes joined to one. */
  public record Joined(Dim size, Dim stride) {}

  /** An operand: its batch axes, its free axes, its contracted axes. */
  public record Matrix(Joined batch, Joined free, Joined contract) {}

  /** The form over operands with these strides, if there is one. */
  public static Optional<ProductForm> of(
      Value v, Op.DotGeneral o, List<Dim> xStrides, List<Dim> yStrides) {
    if (v.type().dtype() != DType.F32) {
      return Optional.empty();
    }
    return x(o, xStrides).flatMap(x -> y(o, yStrides).map(y -> new ProductForm(x, y)));
  }

  public static Optional<Matrix> x(Op.DotGeneral o, List<Dim> strides) {
    return matrix(o.x(), o.xBatch(), o.xContract(), strides);
  }

  public static Optional<Matrix> y(Op.DotGeneral o, List<Dim> strides) {
    return matrix(o.y(), o.yBatch(), o.yContract(), strides);
  }

  /** The axes in no other role, in order. */
  public static List<Integer> free(Value v, List<Integer> batch, List<Integer> contract) {
    return IntStream.range(0, v.type().rank())
        .filter(a -> !batch.contains(a) && !contract.contains(a))
        .boxed()
        .toList();
  }

  private static Optional<Matrix> matrix(
      Value v, List<Integer> batch, List<Integer> contract, List<Dim> strides) {
    Shape s = v.type().shape();
    Optional<Joined> b = joined(s, batch, strides);
    Optional<Joined> f = joined(s, free(v, batch, contract), strides);
    Optional<Joined> c = joined(s, contract, strides);
    return b.isPresent() && f.isPresent() && c.isPresent()
        ? Optional.of(new Matrix(b.get(), f.get(), c.get()))
        : Optional.empty();
  }

  private static Optional<Joined> joined(Shape shape, List<Integer> axes, List<Dim> strides) {
    Dim size = Dim.ONE;
    Dim stride = Dim.ONE;
    for (int i = axes.size() - 1; i >= 0; i--) {
      Dim n = shape.dim(axes.get(i));
      if (n.isOne()) {
        continue;
      }
      if (size.isOne()) {
        stride = strides.get(axes.get(i));
      } else if (!strides.get(axes.get(i)).equals(stride.times(size))) {
        return Optional.empty();
      }
      size = size.times(n);
    }
    return Optional.of(new Joined(size, stride));
  }
}
