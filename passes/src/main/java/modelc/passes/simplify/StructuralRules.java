package modelc.passes.simplify;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * Ops that move elements, merged with each other or dropped. Rules give what replaces the op, or
 * null; operands are simplified already. Nothing here looks at element values but at splats.
 */
final class StructuralRules {
  private StructuralRules() {}

  static @Nullable Value reshape(Op.Reshape o, Builder b) {
    Value x = o.x();
    if (x.type().shape().equals(o.shape())) {
      return x;
    }
    if (x.op() instanceof Op.Constant c) {
      return b.constant(x.type().withShape(o.shape()), c.value());
    }
    if (x.op() instanceof Op.Reshape r) {
      return b.reshape(o.shape(), r.x());
    }
    if (x.op() instanceof Op.Broadcast r && r.x().type().rank() == 0) {
      return b.broadcastScalar(o.shape(), r.x());
    }
    return null;
  }

  static @Nullable Value transpose(Op.Transpose o, Builder b) {
    Value x = o.x();
    List<Integer> permutation = o.permutation();
    if (permutation.equals(range(permutation.size()))) {
      return x;
    }
    if (x.op() instanceof Op.Constant c) {
      return b.constant(transposed(o), c.value());
    }
    if (x.op() instanceof Op.Transpose t) {
      return b.transpose(permutation.stream().map(t.permutation()::get).toList(), t.x());
    }
    if (x.op() instanceof Op.Broadcast r) {
      List<Integer> axes = r.axes().stream().map(permutation::indexOf).toList();
      return isAscending(axes) ? b.broadcast(transposed(o).shape(), axes, r.x()) : null;
    }
    return null;
  }

  private static TensorType transposed(Op.Transpose o) {
    TensorType x = o.x().type();
    return x.withShape(new Shape(o.permutation().stream().map(x::dim).toList()));
  }

  static @Nullable Value broadcast(Op.Broadcast o, Builder b) {
    Value x = o.x();
    if (x.type().shape().equals(o.shape())) {
      return x;
    }
    if (x.op() instanceof Op.Constant c) {
      return b.constant(x.type().withShape(o.shape()), c.value());
    }
    if (x.op() instanceof Op.Broadcast inner) {
      return b.broadcast(o.shape(), inner.axes().stream().map(o.axes()::get).toList(), inner.x());
    }
    if (x.op() instanceof Op.Reshape r) {
      List<Integer> axes = broadcastAxes(r, o);
      return axes == null ? null : b.broadcast(o.shape(), axes, r.x());
    }
    return null;
  }

  /**
   * Where the broadcast puts the axes of what was reshaped, if the reshape only added axes of size
   * 1; null if it did more.
   */
  private static @Nullable List<Integer> broadcastAxes(Op.Reshape r, Op.Broadcast o) {
    List<Dim> from = r.x().type().shape().dims();
    if (from.stream().anyMatch(Dim::isOne)) {
      return null;
    }
    var axes = new ArrayList<Integer>();
    var kept = new ArrayList<Dim>();
    for (int i = 0; i < r.shape().rank(); i++) {
      if (!r.shape().dim(i).isOne()) {
        kept.add(r.shape().dim(i));
        axes.add(o.axes().get(i));
      }
    }
    return kept.equals(from) ? axes : null;
  }

  static @Nullable Value slice(Op.Slice o, Builder b) {
    Value x = o.x();
    TensorType type = b.emit(o).type();
    if (type.equals(x.type())) {
      return x; // as long as the whole, so it is the whole
    }
    if (x.op() instanceof Op.Constant c) {
      return b.constant(type, c.value());
    }
    if (x.op() instanceof Op.Broadcast r && r.x().type().rank() == 0) {
      return b.broadcastScalar(type.shape(), r.x());
    }
    if (x.op() instanceof Op.Slice inner) {
      return sliceOfSlice(o, inner, type, b);
    }
    return x.op() instanceof Op.Concatenate c ? partOf(o, c) : null;
  }

  private static Value sliceOfSlice(Op.Slice o, Op.Slice inner, TensorType type, Builder b) {
    var start = new ArrayList<Long>();
    var limit = new ArrayList<Dim>();
    var stride = new ArrayList<Long>();
    for (int i = 0; i < type.rank(); i++) {
      Dim size = type.dim(i);
      long from = inner.start().get(i) + o.start().get(i) * inner.stride().get(i);
      long step = inner.stride().get(i) * o.stride().get(i);
      if (!size.isConstant()) {
        limit.add(inner.limit().get(i));
      } else if (size.constant() == 0) {
        from = 0;
        limit.add(Dim.of(0));
      } else {
        limit.add(Dim.of(from + (size.constant() - 1) * step + 1));
      }
      start.add(from);
      stride.add(step);
    }
    return b.slice(start, limit, stride, inner.x());
  }

  /** The operand of the concatenation that is exactly what the slice takes. */
  private static @Nullable Value partOf(Op.Slice o, Op.Concatenate c) {
    int axis = c.axis();
    Dim limit = o.limit().get(axis);
    for (int i = 0; i < o.start().size(); i++) {
      boolean whole = o.start().get(i) == 0 && o.limit().get(i).equals(o.x().type().dim(i));
      if (o.stride().get(i) != 1 || (i != axis && !whole)) {
        return null;
      }
    }
    long from = 0;
    for (Value part : c.xs()) {
      Dim size = part.type().dim(axis);
      if (!size.isConstant() || !limit.isConstant()) {
        return null;
      }
      long to = from + size.constant();
      if (from == o.start().get(axis) && to == limit.constant()) {
        return part;
      }
      from = to;
    }
    return null;
  }

  static @Nullable Value pad(Op.Pad o, Builder b) {
    Value x = o.x();
    TensorType type = b.emit(o).type();
    boolean nothing =
        o.low().stream().allMatch(n -> n == 0)
            && o.high().stream().allMatch(n -> n == 0)
            && type.equals(x.type());
    if (nothing) {
      return x;
    }
    OptionalDouble splat = Splat.of(x);
    if (splat.isPresent() && Double.compare(splat.getAsDouble(), o.value()) == 0
        || x.type().shape().elements().equals(Dim.of(0))) {
      return b.constant(type, o.value());
    }
    boolean crops =
        o.low().stream().allMatch(n -> n <= 0)
            && o.high().stream().allMatch(n -> n <= 0)
            && o.interior().stream().allMatch(n -> n == 0);
    if (crops) {
      return crop(o, b);
    }
    return x.op() instanceof Op.Pad inner ? padOfPad(o, inner, b) : null;
  }

  /** Padding that only removes elements is a slice. */
  private static Value crop(Op.Pad o, Builder b) {
    var limit = new ArrayList<Dim>();
    for (int i = 0; i < o.low().size(); i++) {
      Dim size = o.x().type().dim(i);
      long cut = -o.high().get(i);
      limit.add(cut == 0 ? size : Dim.of(size.constant() - cut));
    }
    return b.slice(
        o.low().stream().map(n -> -n).toList(),
        limit,
        Collections.nCopies(o.low().size(), 1L),
        o.x());
  }

  private static @Nullable Value padOfPad(Op.Pad o, Op.Pad inner, Builder b) {
    boolean grows =
        Double.compare(o.value(), inner.value()) == 0
            && o.interior().stream().allMatch(n -> n == 0)
            && isGrowing(o)
            && isGrowing(inner);
    if (!grows) {
      return null;
    }
    return b.pad(
        sums(o.low(), inner.low()),
        sums(o.high(), inner.high()),
        inner.interior(),
        o.value(),
        inner.x());
  }

  private static boolean isGrowing(Op.Pad o) {
    return o.low().stream().allMatch(n -> n >= 0) && o.high().stream().allMatch(n -> n >= 0);
  }

  private static List<Long> sums(List<Long> x, List<Long> y) {
    return IntStream.range(0, x.size()).mapToObj(i -> Math.addExact(x.get(i), y.get(i))).toList();
  }

  static @Nullable Value concatenate(Op.Concatenate o, Builder b) {
    List<Value> parts =
        o.xs().stream().filter(x -> !x.type().dim(o.axis()).equals(Dim.of(0))).toList();
    if (parts.isEmpty()) {
      return o.xs().getFirst();
    }
    if (parts.size() == 1 || parts.size() < o.xs().size()) {
      return b.concatenate(o.axis(), parts);
    }
    OptionalDouble first = Splat.of(parts.getFirst());
    boolean same =
        first.isPresent()
            && parts.stream()
                .map(Splat::of)
                .allMatch(
                    s ->
                        s.isPresent() && Double.compare(s.getAsDouble(), first.getAsDouble()) == 0);
    return same ? b.constant(b.emit(o).type(), first.getAsDouble()) : null;
  }

  static @Nullable Value reverse(Op.Reverse o, Builder b) {
    Value x = o.x();
    if (Splat.of(x).isPresent()) {
      return x;
    }
    List<Integer> axes = o.axes().stream().filter(axis -> !x.type().dim(axis).isOne()).toList();
    if (x.op() instanceof Op.Reverse inner) {
      // An axis reversed twice is not reversed.
      List<Integer> once =
          range(x.type().rank()).stream()
              .filter(axis -> axes.contains(axis) != inner.axes().contains(axis))
              .toList();
      return b.reverse(once, inner.x());
    }
    return axes.size() < o.axes().size() ? b.reverse(axes, x) : null;
  }

  static boolean isAscending(List<Integer> axes) {
    return IntStream.range(1, axes.size()).allMatch(i -> axes.get(i - 1) < axes.get(i));
  }

  static List<Integer> range(int n) {
    return IntStream.range(0, n).boxed().toList();
  }
}
