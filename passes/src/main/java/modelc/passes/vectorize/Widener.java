package modelc.passes.vectorize;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.UnaryFn;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.Var;

/**
 * Rewrites scalar code into vector code that does the work of {@code lanes} consecutive values of
 * one variable. It does not make the loop around it, nor the start and end of reductions.
 *
 * <p>Variables that grow by a fixed stride from lane to lane stay scalar (their base), so that
 * addresses do. Local buffers made inside get a lane each. A condition that differs between lanes
 * becomes a mask.
 */
final class Widener {
  private final int lanes;
  private final UnaryOperator<String> names;
  private final Facts facts;
  private final WideArithmetic arithmetic;
  private final Map<Var, Wide> vars = new HashMap<>();
  private final Map<Buffer, Buffer> locals = new HashMap<>();
  private final Map<Buffer, Reduction.Lanes> reductions = new HashMap<>();

  /** Lanes that exist; at least one does. */
  private Optional<Expr> tail = Optional.empty();

  /**
   * Lanes that the conditions around the current statement hold for; maybe none, so that even
   * scalars are masked.
   */
  private Optional<Expr> condition = Optional.empty();

  /** Whether the code has conditions, which may become masks. */
  private final boolean hasConditions;

  Widener(int lanes, boolean hasConditions, UnaryOperator<String> names, Facts facts) {
    this.lanes = lanes;
    this.hasConditions = hasConditions;
    this.names = names;
    this.facts = facts;
    arithmetic = new WideArithmetic(lanes, facts);
  }

  void bind(Var v, Wide value) {
    vars.put(v, value);
  }

  /** Updates of {@code r}'s buffer go to these lanes instead. */
  void bind(Reduction r, Reduction.Lanes to) {
    reductions.put(r.buffer(), to);
  }

  /** Lanes that exist; at least one does. */
  void tail(Expr lanesThatExist) {
    tail = Optional.of(lanesThatExist);
  }

  private Optional<Expr> mask() {
    return and(tail, condition);
  }

  // Expressions

  Wide expr(Expr e) {
    return switch (e) {
      case Expr.Const _, Expr.Size _ -> new Wide.Same(e);
      case Expr.VarRef r -> variable(r);
      case Expr.Unary u -> arithmetic.unary(u.fn(), expr(u.x()));
      case Expr.Binary b -> arithmetic.binary(b, expr(b.x()), expr(b.y()));
      case Expr.Fma f ->
          arithmetic.combine(
              List.of(expr(f.x()), expr(f.y()), expr(f.z())),
              o -> new Expr.Fma(o.get(0), o.get(1), o.get(2)));
      case Expr.Compare c ->
          arithmetic.combine(
              List.of(expr(c.x()), expr(c.y())), o -> new Expr.Compare(c.fn(), o.get(0), o.get(1)));
      case Expr.Select s ->
          arithmetic.combine(
              List.of(expr(s.predicate()), expr(s.onTrue()), expr(s.onFalse())),
              o -> new Expr.Select(o.get(0), o.get(1), o.get(2)));
      case Expr.Convert c -> arithmetic.convert(c, expr(c.x()));
      case Expr.Load l -> load(l);
      case Expr.Splat _, Expr.Ramp _, Expr.Horizontal _, Expr.Lane _ ->
          throw new NotVectorizableException("it has vectors already");
      case Expr.WarpShuffleXor _ -> throw new NotVectorizableException("threads exchange values");
    };
  }

  private Wide variable(Expr.VarRef r) {
    if (r.lanes() != 1) {
      throw new NotVectorizableException("it has vectors already");
    }
    return vars.getOrDefault(r.var(), new Wide.Same(r));
  }

  private Wide load(Expr.Load l) {
    if (l.lanes() != 1 || l.buffer().lanes() != 1) {
      throw new NotVectorizableException("it has vectors already");
    }
    if (reductions.containsKey(l.buffer())) {
      throw new NotVectorizableException(l.buffer().name() + " is read outside its reduction");
    }
    Wide index = expr(l.index());
    Optional<Wide> own = l.mask().map(this::expr);
    Buffer local = locals.get(l.buffer());
    if (local == null
        && index instanceof Wide.Same s
        && condition.isEmpty()
        && own.map(Wide.Same.class::isInstance).orElse(true)) {
      return new Wide.Same(
          new Expr.Load(l.buffer(), s.scalar(), 1, own.map(w -> ((Wide.Same) w).scalar())));
    }
    if (local != null && local.space() == Space.REGISTER) {
      Expr value = new Expr.Load(local, element(local, index), lanes, Optional.empty());
      // Registers cannot be out of bounds lane by lane, so the mask only chooses the value.
      return new Wide.Each(
          own.isEmpty()
              ? value
              : new Expr.Select(
                  own.get().vector(lanes),
                  value,
                  LoopBuilder.splat(new Expr.Const(l.dtype(), 0), lanes)));
    }
    Optional<Expr> guard = and(mask(), own.map(w -> w.vector(lanes)));
    Buffer buffer = local == null ? l.buffer() : local;
    return new Wide.Each(
        new Expr.Load(buffer, address(local != null, index, buffer), lanes, guard));
  }

  /** The index of an element of a register buffer: one for all lanes. */
  private static Expr element(Buffer b, Wide index) {
    if (index instanceof Wide.Same s) {
      return s.scalar();
    }
    throw new NotVectorizableException(
        "the index of register buffer " + b.name() + " differs between lanes");
  }

  /** A scalar index for consecutive elements, else a vector of them. */
  private Expr address(boolean local, Wide index, Buffer buffer) {
    if (buffer.space() == Space.REGISTER) {
      throw new NotVectorizableException(
          "the index of register buffer " + buffer.name() + " differs between lanes");
    }
    if (!local) {
      return index instanceof Wide.Affine a && a.isContiguous() ? a.base() : index.vector(lanes);
    }
    // Element i of a lane's private array is at i * lanes + lane.
    if (index instanceof Wide.Same s) {
      return LoopBuilder.mul(s.scalar(), LoopBuilder.index(lanes));
    }
    Expr times = LoopBuilder.splat(LoopBuilder.index(lanes), lanes);
    return new Expr.Binary(
        BinaryFn.ADD,
        new Expr.Binary(BinaryFn.MULTIPLY, index.vector(lanes), times),
        new Expr.Ramp(LoopBuilder.index(0), LoopBuilder.index(1), lanes));
  }

  private static Optional<Expr> and(Optional<Expr> x, Optional<Expr> y) {
    return x.isEmpty()
        ? y
        : y.isEmpty() ? x : Optional.of(new Expr.Binary(BinaryFn.AND, x.get(), y.get()));
  }

  // Statements

  Stmt.Block block(Stmt s) {
    var out = new ArrayList<Stmt>();
    stmt(s, out);
    return new Stmt.Block(out);
  }

  void stmt(Stmt s, List<Stmt> out) {
    switch (s) {
      case Stmt.Block b -> b.body().forEach(x -> stmt(x, out));
      case Stmt.For f -> loop(f, out);
      case Stmt.Let l -> let(l, out);
      case Stmt.Store st -> store(st, out);
      case Stmt.Alloc a -> alloc(a.buffer(), out);
      case Stmt.If i -> when(i, out);
      case Stmt.InBlock _ -> throw new NotVectorizableException("threads wait in it");
      case Stmt.Prefetch p -> {
        switch (expr(p.index())) {
          case Wide.Same i -> out.add(new Stmt.Prefetch(p.buffer(), i.scalar()));
          case Wide.Affine i -> out.add(new Stmt.Prefetch(p.buffer(), i.base()));
          case Wide.Each _ -> {
            // A hint for scattered addresses is worth less than what computing them costs.
          }
        }
      }
    }
  }

  private void loop(Stmt.For f, List<Stmt> out) {
    if (f.kind() != LoopKind.SERIAL && f.kind() != LoopKind.UNROLL) {
      throw new NotVectorizableException("it has a " + f.kind() + " loop inside");
    }
    if (!(expr(f.lower()) instanceof Wide.Same lower)
        || !(expr(f.upper()) instanceof Wide.Same upper)) {
      throw new NotVectorizableException(
          "the bounds of loop " + f.var().name() + " differ between lanes");
    }
    Var v = fresh(f.var(), 1);
    facts.learn(v, lower.scalar(), f.step());
    vars.put(f.var(), new Wide.Same(new Expr.VarRef(v)));
    out.add(new Stmt.For(f.kind(), v, lower.scalar(), upper.scalar(), f.step(), block(f.body())));
  }

  private Var fresh(Var like, int lanes) {
    return new Var(names.apply(like.name()), like.dtype(), lanes);
  }

  private void let(Stmt.Let l, List<Stmt> out) {
    Wide bound =
        switch (expr(l.value())) {
          case Wide.Same s -> new Wide.Same(scalarLet(l.var(), s.scalar(), out));
          case Wide.Affine a -> new Wide.Affine(scalarLet(l.var(), a.base(), out), a.stride());
          case Wide.Each e -> {
            Var v = fresh(l.var(), lanes);
            out.add(new Stmt.Let(v, e.vector()));
            yield new Wide.Each(new Expr.VarRef(v));
          }
        };
    vars.put(l.var(), bound);
  }

  private Expr scalarLet(Var like, Expr value, List<Stmt> out) {
    if (value instanceof Expr.VarRef || value instanceof Expr.Const) {
      return value;
    }
    Var v = fresh(like, 1);
    if (v.dtype().isInteger()) {
      facts.learn(v, value);
    }
    out.add(new Stmt.Let(v, value));
    return new Expr.VarRef(v);
  }

  private void alloc(Buffer b, List<Stmt> out) {
    if (b.lanes() != 1) {
      throw new NotVectorizableException("it has vectors already");
    }
    String name = names.apply(b.name());
    long size = b.size().constant();
    Buffer wide =
        switch (b.space()) {
          case REGISTER -> Buffer.local(name, b.dtype(), lanes, size, Space.REGISTER);
          case PRIVATE ->
              Buffer.local(name, b.dtype(), 1, Math.multiplyExact(size, lanes), Space.PRIVATE);
          case GLOBAL, SHARED ->
              throw new NotVectorizableException("it makes a " + b.space() + " buffer");
        };
    locals.put(b, wide);
    out.add(new Stmt.Alloc(wide));
    if (wide.space() == Space.REGISTER && hasConditions) {
      // Conditional updates of registers read the old value, so that there must be one.
      Var i = new Var(names.apply("z"), DType.I64, 1);
      Expr zero = LoopBuilder.splat(new Expr.Const(b.dtype(), 0), lanes);
      Stmt clear =
          new Stmt.Store(
              wide, size == 1 ? LoopBuilder.index(0) : new Expr.VarRef(i), zero, Optional.empty());
      out.add(
          size == 1
              ? clear
              : new Stmt.For(
                  LoopKind.UNROLL,
                  i,
                  LoopBuilder.index(0),
                  LoopBuilder.index(size),
                  1,
                  new Stmt.Block(List.of(clear))));
    }
  }

  private void when(Stmt.If i, List<Stmt> out) {
    Wide condition = expr(i.condition());
    if (condition instanceof Wide.Same c) {
      out.add(new Stmt.If(c.scalar(), block(i.then()), i.otherwise().map(this::block)));
      return;
    }
    Var m = new Var(names.apply("m"), DType.BOOL, lanes);
    out.add(new Stmt.Let(m, condition.vector(lanes)));
    Expr on = new Expr.VarRef(m);
    masked(on, i.then(), out);
    i.otherwise().ifPresent(o -> masked(new Expr.Unary(UnaryFn.NOT, on), o, out));
  }

  private void masked(Expr on, Stmt body, List<Stmt> out) {
    Optional<Expr> before = condition;
    condition = and(before, Optional.of(on));
    stmt(body, out);
    condition = before;
  }

  private void store(Stmt.Store s, List<Stmt> out) {
    if (reductions.containsKey(s.buffer())) {
      accumulate(s, reductions.get(s.buffer()), out);
      return;
    }
    if (s.buffer().lanes() != 1) {
      throw new NotVectorizableException("it has vectors already");
    }
    Wide index = expr(s.index());
    Wide value = expr(s.value());
    Optional<Expr> own = s.mask().map(m -> expr(m).vector(lanes));
    Buffer local = locals.get(s.buffer());
    if (local == null && index instanceof Wide.Same) {
      throw new NotVectorizableException("all lanes write one element of " + s.buffer().name());
    }
    if (local != null && local.space() == Space.REGISTER) {
      // Lanes that do not exist may be written: nobody reads them.
      Expr at = element(local, index);
      out.add(
          new Stmt.Store(
              local,
              at,
              choose(and(condition, own), value.vector(lanes), local, at),
              Optional.empty()));
      return;
    }
    Buffer buffer = local == null ? s.buffer() : local;
    out.add(
        new Stmt.Store(
            buffer, address(local != null, index, buffer), value.vector(lanes), and(mask(), own)));
  }

  private void accumulate(Stmt.Store s, Reduction.Lanes to, List<Stmt> out) {
    Reduction.Update u =
        Reduction.update(s)
            .orElseThrow(
                () -> new NotVectorizableException("not a reduction of " + s.buffer().name()));
    if (!(expr(s.index()) instanceof Wide.Same index)) {
      throw new NotVectorizableException(
          "the index of reduction " + s.buffer().name() + " differs between lanes");
    }
    Expr at = LoopBuilder.add(LoopBuilder.index(to.first()), index.scalar());
    Expr old = new Expr.Load(to.buffer(), at, lanes, Optional.empty());
    Expr value =
        switch (u) {
          case Reduction.Update.Of o -> new Expr.Binary(o.fn(), old, expr(o.x()).vector(lanes));
          case Reduction.Update.MultiplyAdd m ->
              new Expr.Fma(expr(m.x()).vector(lanes), expr(m.y()).vector(lanes), old);
        };
    Optional<Expr> guard = and(mask(), s.mask().map(m -> expr(m).vector(lanes)));
    out.add(
        new Stmt.Store(to.buffer(), at, choose(guard, value, to.buffer(), at), Optional.empty()));
  }

  private Expr choose(Optional<Expr> guard, Expr value, Buffer registers, Expr at) {
    return guard.isEmpty()
        ? value
        : new Expr.Select(
            guard.get(), value, new Expr.Load(registers, at, lanes, Optional.empty()));
  }
}
