package modelc.frontend.reception;

import java.util.List;
import java.util.Optional;
import modelc.ir.TensorType;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;

/**
 * Products with a matrix that is known now, as resizing has: an element sees what has a weight
 * other than 0.
 */
final class Matrices {
  /** Larger ones are not looked at. */
  private static final long MAX_ELEMENTS = 1L << 20;

  private Matrices() {}

  /** The place in a product over the axis of {@code a}; empty if the other factor is not known. */
  static Optional<Place> weighted(Value v, Op.DotGeneral o, boolean left, Place.Along a) {
    Value matrix = left ? o.y() : o.x();
    Value x = left ? o.x() : o.y();
    List<Integer> contract = left ? o.yContract() : o.xContract();
    TensorType type = matrix.type();
    boolean fits =
        type.rank() == 2
            && type.shape().isConstant()
            && type.shape().elements().constant() <= MAX_ELEMENTS
            && contract.size() == 1
            && o.xBatch().isEmpty()
            && Graph.topological(List.of(matrix)).stream()
                .noneMatch(u -> u.op() instanceof Op.Parameter);
    if (!fits) {
      return Optional.empty();
    }
    double[] weights =
        Interpreter.run(new Function("weights", List.of(), List.of(matrix)), List.of())
            .getFirst()
            .data();
    int along = contract.getFirst();
    int n = Math.toIntExact(type.dim(1 - along).constant());
    int of = Math.toIntExact(type.dim(along).constant());
    var first = new long[n];
    var last = new long[n];
    for (int row = 0; row < n; row++) {
      first[row] = of;
      last[row] = -1;
      for (int i = 0; i < of; i++) {
        if (weights[along == 1 ? row * of + i : i * n + row] != 0) {
          first[row] = Math.min(first[row], i);
          last[row] = i;
        }
      }
    }
    int axis = left ? v.type().rank() - 1 : 0;
    return a.plain(x.type().shape())
        .flatMap(p -> p.reach().table(n, of, i -> first[(int) i], i -> last[(int) i]))
        .map(r -> new Place.Along(axis, 1, n, r));
  }
}
