package modelc.passes.lower;

import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.size;
import static modelc.ir.loop.LoopBuilder.splat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.TensorType;
import modelc.ir.loop.Expr;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * The expression for one element of a value: pulls it from the operands' elements, down to values
 * that have memory, which are loaded. Index-changing ops become index arithmetic and cost nothing.
 *
 * <p>It does not choose what has memory (fusion does) nor loop over anything: reductions,
 * contractions and scatters are lowered by their own classes, which {@link #seed} their elements
 * here before pulling an epilogue. Its recursion is bounded by the size fusion allows a group.
 */
final class Pull {
  private record Key(Value value, List<Index> index, Optional<Expr> guard) {}

  private final Storage storage;
  private final Set<Value> own;
  private final Scope scope;
  private final Optional<Expr> tail;
  private Optional<Expr> guard = Optional.empty();

  /**
   * Pulls into {@code scope}.
   *
   * @param own values this kernel computes itself, which it must not load
   * @param tail where indices have lanes: which of them exist, or empty for all; one does
   */
  Pull(Storage storage, Set<Value> own, Scope scope, Optional<Expr> tail) {
    this.storage = storage;
    this.own = own;
    this.scope = scope;
    this.tail = tail;
  }

  /**
   * Says that element {@code index} of {@code v} is {@code e}, while the innermost open loop is.
   */
  void seed(Value v, List<Index> index, Expr e) {
    scope.rememberHere(new Key(v, index, Optional.empty()), e);
  }

  /** Runs {@code body} where loads happen only if {@code condition}; elsewhere they give 0. */
  Expr guarded(Expr condition, Supplier<Expr> body) {
    Optional<Expr> saved = guard;
    guard = Optional.of(saved.map(g -> and(g, condition)).orElse(condition));
    try {
      return body.get();
    } finally {
      guard = saved;
    }
  }

  /**
   * Element {@code index} of {@code v}: a constant or a variable; a vector if the index or a seed
   * is one.
   */
  Expr value(Value v, List<Index> index) {
    Expr seeded = scope.known(new Key(v, index, Optional.empty()));
    if (seeded != null) {
      return seeded;
    }
    var key = new Key(v, index, guard);
    Expr known = scope.known(key);
    if (known != null) {
      return known;
    }
    Storage.@Nullable Stored stored = own.contains(v) ? null : storage.get(v);
    Expr e = scope.let("v", stored != null ? load(stored, index) : compute(v, index));
    scope.remember(key, e);
    return e;
  }

  Expr load(Storage.Stored s, List<Index> index) {
    Expr at = scope.emit(address(s, index));
    if (at.lanes() == 1 && guard.map(Expr::lanes).orElse(1) == 1) {
      return new Expr.Load(s.buffer(), at, 1, guard);
    }
    int lanes = Math.max(at.lanes(), guard.map(Expr::lanes).orElse(1));
    Optional<Expr> mask = guard.map(g -> splat(g, lanes));
    if (tail.isPresent()) {
      mask = Optional.of(mask.map(m -> and(m, tail.get())).orElse(tail.get()));
    }
    boolean contiguous =
        at instanceof Expr.Ramp r && r.stride() instanceof Expr.Const c && c.value() == 1;
    Expr address = contiguous ? ((Expr.Ramp) at).base() : splat(at, lanes);
    return new Expr.Load(s.buffer(), address, lanes, mask);
  }

  static Index address(Storage.Stored s, List<Index> index) {
    Index address = Index.ZERO;
    for (int i = 0; i < index.size(); i++) {
      address = address.plus(index.get(i).times(s.strides().get(i)));
    }
    return address;
  }

  private Expr compute(Value v, List<Index> at) {
    TensorType type = v.type();
    return switch (v.op()) {
      case Op.Parameter o ->
          throw new IllegalStateException("parameter " + o.name() + " has no memory");
      case Op.Constant o -> constant(type.dtype(), o.value());
      case Op.DenseConstant o -> dense(o, at);
      case Op.Iota o -> iota(type.dtype(), at.get(o.axis()));
      case Op.RandomBits o -> randomBits(o, at);
      case Op.Unary o -> new Expr.Unary(o.fn(), value(o.x(), at));
      case Op.Binary o -> binary(o.fn(), value(o.x(), at), value(o.y(), at));
      case Op.Compare o -> compare(o.fn(), value(o.x(), at), value(o.y(), at));
      case Op.Select o ->
          select(value(o.predicate(), at), value(o.onTrue(), at), value(o.onFalse(), at));
      case Op.Convert o -> convert(o.to(), value(o.x(), at));
      case Op.StopGradient o -> value(o.x(), at);
      case Op.Reshape o -> value(o.x(), Index.reshaped(o.x().type().shape(), o.shape(), at));
      case Op.Transpose o -> value(o.x(), transposed(o.permutation(), at));
      case Op.Broadcast o -> value(o.x(), broadcast(o, at));
      case Op.Slice o -> value(o.x(), slice(o, at));
      case Op.Reverse o -> value(o.x(), reversed(o, at));
      case Op.Pad o -> pad(o, at);
      case Op.Gather o -> gather(o, at);
      case Op.ReduceWindow o -> Windows.unrolled(this, o, at);
      case Op.Concatenate _,
          Op.ScatterAdd _,
          Op.Reduce _,
          Op.CumulativeSum _,
          Op.DotGeneral _,
          Op.Convolution _,
          Op.SelectAndScatter _,
          Op.Call _,
          Op.Gradient _ ->
          throw new NotPullableException("an element of " + v + " cannot be pulled");
    };
  }

  private static Expr dense(Op.DenseConstant o, List<Index> at) {
    long linear = 0;
    for (int i = 0; i < at.size(); i++) {
      if (!at.get(i).isConstant()) {
        throw new IllegalStateException("a dense constant needs memory to be indexed");
      }
      linear = linear * o.type().dim(i).constant() + at.get(i).value();
    }
    return constant(o.type().dtype(), o.values().get(Math.toIntExact(linear)));
  }

  private Expr iota(DType dtype, Index at) {
    Expr i = scope.emit(at);
    return dtype == DType.I64 ? i : convert(dtype, i);
  }

  private Expr randomBits(Op.RandomBits o, List<Index> at) {
    Index linear = Index.ZERO;
    for (int i = 0; i < at.size(); i++) {
      linear = linear.times(o.shape().dim(i)).plus(at.get(i));
    }
    Expr counter = scope.let("i", scope.emit(linear));
    Expr low = convert(DType.I32, counter);
    boolean small = o.shape().elements().max() < 1L << 31;
    Expr high =
        small
            ? constant(DType.I32, 0)
            : convert(DType.I32, binary(BinaryFn.SHIFT_RIGHT_LOGICAL, counter, index(32)));
    Expr key0 = value(o.key(), List.of(Index.ZERO));
    Expr key1 = value(o.key(), List.of(Index.constant(1)));
    return ThreefryCode.word0(scope, key0, key1, low, high);
  }

  private static List<Index> transposed(List<Integer> permutation, List<Index> at) {
    var x = new ArrayList<>(Collections.nCopies(at.size(), Index.ZERO));
    for (int i = 0; i < at.size(); i++) {
      x.set(permutation.get(i), at.get(i));
    }
    return x;
  }

  private static List<Index> broadcast(Op.Broadcast o, List<Index> at) {
    var x = new ArrayList<Index>();
    for (int i = 0; i < o.axes().size(); i++) {
      x.add(o.x().type().dim(i).isOne() ? Index.ZERO : at.get(o.axes().get(i)));
    }
    return x;
  }

  private static List<Index> slice(Op.Slice o, List<Index> at) {
    var x = new ArrayList<Index>();
    for (int i = 0; i < at.size(); i++) {
      x.add(at.get(i).times(o.stride().get(i)).plus(o.start().get(i)));
    }
    return x;
  }

  private static List<Index> reversed(Op.Reverse o, List<Index> at) {
    var x = new ArrayList<>(at);
    for (int axis : o.axes()) {
      Index last = Index.of(o.x().type().dim(axis)).plus(-1);
      x.set(axis, last.minus(at.get(axis)));
    }
    return x;
  }

  private Expr pad(Op.Pad o, List<Index> at) {
    var x = new ArrayList<Index>();
    Optional<Expr> inside = Optional.empty();
    for (int i = 0; i < at.size(); i++) {
      Index position = at.get(i).plus(-o.low().get(i));
      boolean plain = o.low().get(i) == 0 && o.high().get(i) == 0 && o.interior().get(i) == 0;
      if (!plain) {
        inside = both(inside, inside(position, o.x().type().dim(i), o.interior().get(i) + 1));
      }
      x.add(position.quotient(Dim.of(o.interior().get(i) + 1)));
    }
    return orElse(inside, () -> value(o.x(), x), constant(o.x().type().dtype(), o.value()));
  }

  /** {@code body} where {@code condition} holds, else {@code otherwise}. */
  Expr orElse(Optional<Expr> condition, Supplier<Expr> body, Expr otherwise) {
    return condition.map(c -> select(c, guarded(c, body), otherwise)).orElseGet(body);
  }

  /**
   * When {@code position} is that of an element of an axis of {@code n}, {@code dilation} apart;
   * empty: always.
   */
  Optional<Expr> inside(Index position, Dim n, long dilation) {
    Optional<Expr> condition = Optional.empty();
    if (position.min().isEmpty() || position.min().getAsLong() < 0) {
      condition =
          both(condition, Optional.of(compare(CompareFn.GE, scope.emit(position), index(0))));
    }
    boolean below =
        position.isWithin(n)
            || n.isConstant()
                && n.constant() > 0
                && position.max().isPresent()
                && position.max().getAsLong() <= (n.constant() - 1) * dilation;
    if (!below) {
      Expr limit =
          dilation == 1 ? size(n) : scope.emit(Index.of(n).plus(-1).times(dilation).plus(1));
      condition = both(condition, Optional.of(compare(CompareFn.LT, scope.emit(position), limit)));
    }
    Index remainder = position.remainder(Dim.of(dilation));
    if (!remainder.equals(Index.ZERO)) {
      condition =
          both(condition, Optional.of(compare(CompareFn.EQ, scope.emit(remainder), index(0))));
    }
    return condition;
  }

  Optional<Expr> both(Optional<Expr> a, Optional<Expr> b) {
    if (a.isEmpty() || b.isEmpty()) {
      return a.isEmpty() ? b.map(x -> scope.let("c", x)) : a;
    }
    return Optional.of(and(a.get(), scope.let("c", b.get())));
  }

  private Expr and(Expr a, Expr b) {
    return a.equals(b) ? a : scope.let("c", binary(BinaryFn.AND, a, b));
  }

  private Expr gather(Op.Gather o, List<Index> at) {
    int rank = o.indices().type().rank();
    Expr i = value(o.indices(), at.subList(o.axis(), o.axis() + rank));
    Dim n = o.x().type().dim(o.axis());
    Expr wide = i.dtype() == DType.I64 ? i : convert(DType.I64, i);
    Expr last = scope.let("n", scope.emit(Index.of(n).plus(-1)));
    Expr clamped = binary(BinaryFn.MAXIMUM, binary(BinaryFn.MINIMUM, wide, last), index(0));
    var x = new ArrayList<>(at.subList(0, o.axis()));
    x.add(Index.axis(scope.let("g", clamped), n));
    x.addAll(at.subList(o.axis() + rank, at.size()));
    return value(o.x(), x);
  }

  static Expr constant(DType dtype, double value) {
    return new Expr.Const(dtype, dtype == DType.F32 ? (float) value : value);
  }

  static Expr convert(DType to, Expr x) {
    return x.dtype() == to ? x : new Expr.Convert(to, x);
  }

  static Expr binary(BinaryFn fn, Expr x, Expr y) {
    int lanes = Math.max(x.lanes(), y.lanes());
    return new Expr.Binary(fn, splat(x, lanes), splat(y, lanes));
  }

  static Expr compare(CompareFn fn, Expr x, Expr y) {
    int lanes = Math.max(x.lanes(), y.lanes());
    return new Expr.Compare(fn, splat(x, lanes), splat(y, lanes));
  }

  static Expr select(Expr predicate, Expr x, Expr y) {
    int lanes = Math.max(predicate.lanes(), Math.max(x.lanes(), y.lanes()));
    return new Expr.Select(splat(predicate, lanes), splat(x, lanes), splat(y, lanes));
  }
}
