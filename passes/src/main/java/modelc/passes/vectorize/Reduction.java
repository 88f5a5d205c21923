package modelc.passes.vectorize;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.ReduceFn;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.Var;

/**
 * Accumulators of a VECTOR loop: register buffers made outside it, which its iterations do nothing
 * with but {@code acc[c] = fn(acc[c], x)}. Finds them, and writes what stands before and after the
 * loop; the updates themselves are the widener's.
 *
 * @param elements those updated, or empty when an index is the variable of an unrolled loop: then
 *     all
 */
record Reduction(Buffer buffer, ReduceFn fn, SortedSet<Long> elements) {

  /**
   * Vector accumulators in the place of one buffer; this copy of the loop body uses those from
   * {@code first}.
   */
  record Lanes(Buffer buffer, long first) {}

  /** What a store does to the accumulator. */
  sealed interface Update {
    BinaryFn fn();

    /** {@code fn(old, x)}. */
    record Of(BinaryFn fn, Expr x) implements Update {}

    /** {@code x * y + old}. */
    record MultiplyAdd(Expr x, Expr y) implements Update {
      @Override
      public BinaryFn fn() {
        return BinaryFn.ADD;
      }
    }
  }

  /** The store as an update of the element it stores to, if it is one. */
  static Optional<Update> update(Stmt.Store s) {
    Expr old = new Expr.Load(s.buffer(), s.index(), 1, Optional.empty());
    return switch (s.value()) {
      case Expr.Binary b when reduceFn(b.fn()).isEmpty() -> Optional.empty();
      case Expr.Binary b when b.x().equals(old) -> Optional.of(new Update.Of(b.fn(), b.y()));
      case Expr.Binary b when b.y().equals(old) -> Optional.of(new Update.Of(b.fn(), b.x()));
      case Expr.Fma f when f.z().equals(old) -> Optional.of(new Update.MultiplyAdd(f.x(), f.y()));
      case Expr _ -> Optional.empty();
    };
  }

  private static Optional<ReduceFn> reduceFn(BinaryFn fn) {
    return switch (fn) {
      case ADD -> Optional.of(ReduceFn.ADD);
      case MULTIPLY -> Optional.of(ReduceFn.MULTIPLY);
      case MAXIMUM -> Optional.of(ReduceFn.MAXIMUM);
      case MINIMUM -> Optional.of(ReduceFn.MINIMUM);
      case AND -> Optional.of(ReduceFn.AND);
      case OR -> Optional.of(ReduceFn.OR);
      case SUBTRACT, DIVIDE, REMAINDER, POWER, XOR, SHIFT_LEFT, SHIFT_RIGHT_LOGICAL ->
          Optional.empty();
    };
  }

  private BinaryFn binaryFn() {
    return switch (fn) {
      case ADD -> BinaryFn.ADD;
      case MULTIPLY -> BinaryFn.MULTIPLY;
      case MAXIMUM -> BinaryFn.MAXIMUM;
      case MINIMUM -> BinaryFn.MINIMUM;
      case AND -> BinaryFn.AND;
      case OR -> BinaryFn.OR;
    };
  }

  /**
   * The reductions of a loop body.
   *
   * @throws NotVectorizableException if it stores to an outer register buffer in any other way
   */
  static List<Reduction> of(Stmt body) {
    var found = new LinkedHashMap<Buffer, List<Stmt.Store>>();
    collect(body, new LinkedHashSet<>(), found);
    var reductions = new ArrayList<Reduction>();
    for (Map.Entry<Buffer, List<Stmt.Store>> e : found.entrySet()) {
      reductions.add(of(e.getKey(), e.getValue()));
    }
    return reductions;
  }

  private static Reduction of(Buffer buffer, List<Stmt.Store> stores) {
    var fns = new LinkedHashSet<BinaryFn>();
    var elements = new TreeSet<Long>();
    boolean constant = true;
    for (Stmt.Store s : stores) {
      fns.add(
          update(s)
              .orElseThrow(
                  () ->
                      new NotVectorizableException(
                          buffer.name() + " is written, but not reduced into"))
              .fn());
      if (s.index() instanceof Expr.Const c) {
        elements.add((long) c.value());
      } else {
        constant = false;
      }
    }
    if (fns.size() != 1 || buffer.lanes() != 1) {
      throw new NotVectorizableException(buffer.name() + " is not reduced into with one function");
    }
    return new Reduction(
        buffer, reduceFn(fns.getFirst()).orElseThrow(), constant ? elements : new TreeSet<>());
  }

  private static void collect(Stmt s, Set<Buffer> inner, Map<Buffer, List<Stmt.Store>> found) {
    switch (s) {
      case Stmt.Block b -> b.body().forEach(x -> collect(x, inner, found));
      case Stmt.For f -> collect(f.body(), inner, found);
      case Stmt.Alloc a -> inner.add(a.buffer());
      case Stmt.Store st -> {
        if (st.buffer().space() == Space.REGISTER && !inner.contains(st.buffer())) {
          found.computeIfAbsent(st.buffer(), _ -> new ArrayList<>()).add(st);
        }
      }
      case Stmt.If i -> {
        collect(i.then(), inner, found);
        i.otherwise().ifPresent(o -> collect(o, inner, found));
      }
      case Stmt.Let _, Stmt.InBlock _, Stmt.Prefetch _ -> {}
    }
  }

  long size() {
    return buffer.size().constant();
  }

  /** Sets {@code copies} sets of vector accumulators to what changes nothing. */
  Buffer start(String name, int lanes, int copies, String index, List<Stmt> out) {
    Buffer wide = Buffer.local(name, buffer.dtype(), lanes, copies * size(), Space.REGISTER);
    out.add(new Stmt.Alloc(wide));
    Var i = Var.index(index);
    Expr identity =
        LoopBuilder.splat(new Expr.Const(buffer.dtype(), identity(fn, buffer.dtype())), lanes);
    out.add(
        new Stmt.For(
            LoopKind.UNROLL,
            i,
            LoopBuilder.index(0),
            LoopBuilder.index(copies * size()),
            1,
            new Stmt.Block(
                List.of(new Stmt.Store(wide, new Expr.VarRef(i), identity, Optional.empty())))));
    return wide;
  }

  /** Folds the vector accumulators into the scalar one: the copies pairwise, then the lanes. */
  void finish(Buffer wide, int copies, String index, List<Stmt> out) {
    if (!elements.isEmpty()) {
      elements.forEach(e -> out.add(fold(wide, copies, LoopBuilder.index(e))));
      return;
    }
    Var i = Var.index(index);
    Stmt body = new Stmt.Block(List.of(fold(wide, copies, new Expr.VarRef(i))));
    out.add(
        new Stmt.For(LoopKind.UNROLL, i, LoopBuilder.index(0), LoopBuilder.index(size()), 1, body));
  }

  private Stmt fold(Buffer wide, int copies, Expr at) {
    Expr old = LoopBuilder.load(buffer, at);
    Expr all = new Expr.Horizontal(fn, tree(wide, 0, copies, at));
    return new Stmt.Store(buffer, at, new Expr.Binary(binaryFn(), old, all), Optional.empty());
  }

  private Expr tree(Buffer wide, int from, int count, Expr at) {
    if (count == 1) {
      return LoopBuilder.load(wide, LoopBuilder.add(at, LoopBuilder.index(from * size())));
    }
    int half = count / 2;
    return new Expr.Binary(
        binaryFn(), tree(wide, from, half, at), tree(wide, from + half, count - half, at));
  }

  private static double identity(ReduceFn fn, DType type) {
    return switch (fn) {
      case ADD -> 0;
      case MULTIPLY -> 1;
      case MAXIMUM -> type.isFloat() ? Double.NEGATIVE_INFINITY : least(type);
      case MINIMUM ->
          type == DType.BOOL ? 1 : type.isFloat() ? Double.POSITIVE_INFINITY : -1 - least(type);
      case AND -> type == DType.BOOL ? 1 : -1;
      case OR -> 0;
    };
  }

  private static double least(DType type) {
    return switch (type) {
      case I32 -> Integer.MIN_VALUE;
      case I64 -> Long.MIN_VALUE;
      case BOOL -> 0;
      case F32, F64 -> Double.NEGATIVE_INFINITY;
    };
  }
}
