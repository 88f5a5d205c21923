package modelc.passes.autodiff;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;

/**
 * The derivatives of ops that move elements: their transposes. Nothing here looks at element
 * values.
 */
final class StructuralVjp {
  private StructuralVjp() {}

  static Value untranspose(List<Integer> permutation, Value g, Builder b) {
    var inverse = new ArrayList<>(Collections.nCopies(permutation.size(), 0));
    for (int i = 0; i < permutation.size(); i++) {
      inverse.set(permutation.get(i), i);
    }
    return b.transpose(inverse, g);
  }

  static Value broadcast(Op.Broadcast o, Value g, Builder b) {
    TensorType x = o.x().type();
    var summed = new ArrayList<Integer>();
    for (int axis = 0; axis < o.shape().rank(); axis++) {
      int from = o.axes().indexOf(axis);
      if (from < 0 || !x.dim(from).equals(o.shape().dim(axis))) {
        summed.add(axis);
      }
    }
    return b.reshape(x.shape(), b.sum(summed, g));
  }

  static Value slice(Op.Slice o, Value g, Builder b) {
    var high = new ArrayList<Long>();
    var interior = new ArrayList<Long>();
    for (int i = 0; i < o.start().size(); i++) {
      Dim size = o.x().type().dim(i);
      if (size.isConstant()) {
        long taken = span(g.type().dim(i).constant(), o.stride().get(i));
        high.add(size.constant() - o.start().get(i) - taken);
      } else {
        high.add(0L);
      }
      interior.add(o.stride().get(i) - 1);
    }
    return b.pad(o.start(), high, interior, 0, g);
  }

  /** How far {@code n} elements reach at that stride. */
  private static long span(long n, long stride) {
    return n == 0 ? 0 : Math.addExact(Math.multiplyExact(n - 1, stride), 1);
  }

  /** Undoes the padding by the opposite padding, then takes the elements that were there. */
  static Value pad(Op.Pad o, Value g, Builder b) {
    Value dilated = crop(o.low(), o.high(), g, b);
    if (o.interior().stream().allMatch(i -> i == 0)) {
      return dilated;
    }
    int rank = o.low().size();
    return b.slice(
        Collections.nCopies(rank, 0L),
        dilated.type().shape().dims(),
        o.interior().stream().map(i -> i + 1).toList(),
        dilated);
  }

  /**
   * {@code x} less {@code low} and {@code high} elements on each axis; zeros come where they are
   * negative.
   */
  private static Value crop(List<Long> low, List<Long> high, Value x, Builder b) {
    Value padded = x;
    if (low.stream().anyMatch(n -> n < 0) || high.stream().anyMatch(n -> n < 0)) {
      List<Long> zeros = Collections.nCopies(low.size(), 0L);
      padded =
          b.pad(
              low.stream().map(n -> Math.max(0, -n)).toList(),
              high.stream().map(n -> Math.max(0, -n)).toList(),
              zeros,
              0,
              x);
    }
    if (low.stream().allMatch(n -> n <= 0) && high.stream().allMatch(n -> n <= 0)) {
      return padded;
    }
    var limit = new ArrayList<Dim>();
    for (int i = 0; i < low.size(); i++) {
      Dim size = padded.type().dim(i);
      long cut = Math.max(0, high.get(i));
      limit.add(cut == 0 ? size : Dim.of(size.constant() - cut));
    }
    return b.slice(
        low.stream().map(n -> Math.max(0, n)).toList(),
        limit,
        Collections.nCopies(low.size(), 1L),
        padded);
  }

  static void concatenate(Op.Concatenate o, Value g, Cotangents to, Builder b) {
    int axis = o.axis();
    Dim total = g.type().dim(axis);
    if (total.isConstant()) {
      long from = 0;
      for (Value x : o.xs()) {
        long start = from;
        from += x.type().dim(axis).constant();
        long end = from;
        to.add(x, () -> b.sliceAxis(g, axis, start, end));
      }
      return;
    }
    // An axis of n*batch cannot be cut: it is split into n and batch, and n is cut.
    var split = new ArrayList<>(g.type().shape().dims());
    split.set(axis, Dim.of(total.factor()));
    split.add(axis + 1, new Dim(1, total.symbols()));
    Value splitted = b.reshape(new Shape(split), g);
    long from = 0;
    for (Value x : o.xs()) {
      long start = from;
      from += x.type().dim(axis).factor();
      long end = from;
      to.add(x, () -> b.reshape(x.type().shape(), b.sliceAxis(splitted, axis, start, end)));
    }
  }

  /**
   * Gather clamps its indices and ScatterAdd drops those out of range, so they are clamped here.
   */
  static Value gather(Op.Gather o, Value g, Builder b) {
    Value indices = o.indices();
    Value last = lastIndex(o.x(), o.axis(), indices, b);
    Value clamped =
        b.binary(
            BinaryFn.MINIMUM,
            b.binary(BinaryFn.MAXIMUM, indices, b.constantLike(indices, 0)),
            last);
    return b.scatterAdd(o.axis(), b.constantLike(o.x(), 0), clamped, g);
  }

  /** What lay at the indices; 0 for indices out of range, which ScatterAdd drops. */
  static Value scatterUpdates(Op.ScatterAdd o, Value g, Builder b) {
    Value indices = o.indices();
    if (Cotangents.isEmpty(g)) {
      return b.constantLike(o.updates(), 0);
    }
    Value inRange =
        b.binary(
            BinaryFn.AND,
            b.compare(CompareFn.GE, indices, b.constantLike(indices, 0)),
            b.compare(CompareFn.LE, indices, lastIndex(o.x(), o.axis(), indices, b)));
    Value taken = b.gather(o.axis(), g, indices);
    List<Integer> axes =
        IntStream.range(o.axis(), o.axis() + indices.type().rank()).boxed().toList();
    Value mask = b.broadcast(taken.type().shape(), axes, inRange);
    return b.select(mask, taken, b.constantLike(taken, 0));
  }

  /**
   * The last index along {@code axis} of {@code x}, in every element of the shape of {@code
   * indices}.
   */
  private static Value lastIndex(Value x, int axis, Value indices, Builder b) {
    Dim size = x.type().dim(axis);
    if (size.isConstant()) {
      return b.constantLike(indices, (double) (size.constant() - 1));
    }
    var all = new TensorType(indices.type().dtype(), Shape.of(size));
    Value last = b.reduce(ReduceFn.MAXIMUM, List.of(0), b.iota(all, 0));
    return b.broadcastScalar(indices.type().shape(), last);
  }
}
