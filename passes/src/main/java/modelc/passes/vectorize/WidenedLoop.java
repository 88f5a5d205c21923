package modelc.passes.vectorize;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Renamer;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.Var;

/**
 * The vector form of one VECTOR loop: whole vectors, then a tail in one of three forms, whichever a
 * rough count of instructions finds cheapest. The statements inside are {@link Widener}'s.
 */
final class WidenedLoop {
  /** Vector accumulators of a reduction with a small body. */
  private static final int ACCUMULATORS = 4;

  /** A body with this much work hides the latency of its reduction by itself. */
  private static final double WORK_THAT_HIDES_LATENCY = 40;

  /** How the iterations are done that fill no vector. */
  private enum Tail {
    NONE,
    /** One by one. */
    SCALAR,
    /** One vector with some lanes off. */
    MASKED,
    /** A constant number of them in shorter vectors: 6 as 4 and 2. */
    PIECES
  }

  private final Stmt.For f;
  private final int lanes;
  private final Names names;
  private final Facts facts;
  private final List<Stmt> out;
  private final List<Reduction> reductions;
  private final List<Buffer> accumulators = new ArrayList<>();
  private final Cost cost;
  private final Expr upper;

  /**
   * The first iteration that is not done yet, and how many there are from it on, where that is
   * known.
   */
  private Expr next;

  private OptionalLong left;

  WidenedLoop(Stmt.For f, int lanes, Names names, Facts facts, List<Stmt> out) {
    this.f = f;
    this.lanes = lanes;
    this.names = names;
    this.facts = facts;
    this.out = out;
    reductions = Reduction.of(f.body());
    cost = Cost.of(f.body());
    left = Facts.difference(f.upper(), f.lower());
    next = simple(f.lower());
    upper =
        left.isPresent()
            ? LoopBuilder.add(next, LoopBuilder.index(left.getAsLong()))
            : simple(f.upper());
  }

  /** Bounds are used several times. */
  private Expr simple(Expr e) {
    if (e instanceof Expr.Const || e instanceof Expr.VarRef || e instanceof Expr.Size) {
      return e;
    }
    Var v = Var.index(names.fresh(f.var().name() + "_end"));
    facts.learn(v, e);
    out.add(new Stmt.Let(v, e));
    return new Expr.VarRef(v);
  }

  /**
   * Writes the loop.
   *
   * @throws NotVectorizableException if it has no vector form that is known to be right
   */
  void write() {
    Tail tail = tail();
    boolean noVector = left.isPresent() && left.getAsLong() < lanes && tail != Tail.MASKED;
    int copies = copies();
    if (!noVector) {
      for (Reduction r : reductions) {
        accumulators.add(
            r.start(names.fresh(r.buffer().name() + "_v"), lanes, copies, names.fresh("u"), out));
      }
      if (copies > 1) {
        wholeVectors(copies);
      }
      wholeVectors(1);
    }
    if (tail == Tail.MASKED) {
      masked();
    }
    for (int i = 0; i < accumulators.size(); i++) {
      reductions.get(i).finish(accumulators.get(i), copies, names.fresh("u"), out);
    }
    if (tail == Tail.SCALAR) {
      out.add(scalar(f, names, next, upper));
    } else if (tail == Tail.PIECES) {
      pieces();
    }
  }

  /** The loop as it was, in other bounds. */
  static Stmt scalar(Stmt.For f, Names names, Expr lower, Expr upper) {
    var copy = new Renamer(names::fresh);
    return new Stmt.For(LoopKind.SERIAL, copy.bind(f.var()), lower, upper, 1, copy.stmt(f.body()));
  }

  private int copies() {
    if (reductions.isEmpty()) {
      // Columns that are reduced by a loop inside.
      return left.isPresent() && left.getAsLong() % lanes == 0
          ? Jam.copies(f.body(), left.getAsLong() / lanes)
          : 1;
    }
    if (cost.work() > WORK_THAT_HIDES_LATENCY) {
      return 1;
    }
    return Math.clamp(left.orElse(Long.MAX_VALUE) / lanes, 1, ACCUMULATORS);
  }

  private Tail tail() {
    boolean whole =
        left.isPresent()
            ? Math.max(0, left.getAsLong()) % lanes == 0
            : Facts.gcd(facts.multipleOf(upper), facts.multipleOf(next)) % lanes == 0;
    if (whole) {
      return Tail.NONE;
    }
    double rest = left.isPresent() ? left.getAsLong() % lanes : lanes / 2.0;
    double scalar = (cost.work() + 2) * rest;
    double masked = cost.work() + cost.masking() + 6;
    // Accumulators have one length, so that reductions are not done in pieces.
    double pieces =
        left.isPresent() && reductions.isEmpty()
            ? Long.bitCount(left.getAsLong() % lanes) * (cost.work() + 1)
            : Double.POSITIVE_INFINITY;
    return pieces <= Math.min(masked, scalar)
        ? Tail.PIECES
        : masked < scalar ? Tail.MASKED : Tail.SCALAR;
  }

  /** As many steps of {@code copies} vectors as there are. */
  private void wholeVectors(int copies) {
    long step = (long) copies * lanes;
    Expr end;
    if (left.isPresent()) {
      long whole = Math.max(0, left.getAsLong()) / step * step;
      if (whole == 0) {
        return;
      }
      end = LoopBuilder.add(next, LoopBuilder.index(whole));
      left = OptionalLong.of(left.getAsLong() - whole);
    } else {
      Expr whole =
          LoopBuilder.mul(
              LoopBuilder.div(LoopBuilder.sub(upper, next), step), LoopBuilder.index(step));
      Var v = Var.index(names.fresh(f.var().name() + "_end"));
      out.add(new Stmt.Let(v, LoopBuilder.add(next, whole)));
      facts.learn(v, next, step);
      end = new Expr.VarRef(v);
    }
    Var v = Var.index(names.fresh(f.var().name()));
    facts.learn(v, next, step);
    var bodies = new ArrayList<List<Stmt>>();
    for (int copy = 0; copy < copies; copy++) {
      Expr base = LoopBuilder.add(new Expr.VarRef(v), LoopBuilder.index((long) copy * lanes));
      var body = new ArrayList<Stmt>();
      widener(base, lanes, copy).stmt(f.body(), body);
      bodies.add(body);
    }
    Optional<List<Stmt>> jammed =
        reductions.isEmpty() && copies > 1 ? new Jam(names::fresh).of(bodies) : Optional.empty();
    List<Stmt> all = jammed.orElseGet(() -> bodies.stream().flatMap(List::stream).toList());
    out.add(new Stmt.For(LoopKind.SERIAL, v, next, end, step, new Stmt.Block(all)));
    next = end;
  }

  private void masked() {
    Expr exists =
        left.isPresent()
            ? firstLanes(LoopBuilder.index(0), LoopBuilder.index(left.getAsLong()))
            : firstLanes(next, upper);
    Var m = new Var(names.fresh("m"), exists.dtype(), lanes);
    Widener w = widener(next, lanes, 0);
    w.tail(new Expr.VarRef(m));
    var body = new ArrayList<Stmt>();
    body.add(new Stmt.Let(m, exists));
    w.stmt(f.body(), body);
    Stmt tail = new Stmt.Block(body);
    out.add(
        left.isPresent() ? tail : new Stmt.If(LoopBuilder.lt(next, upper), tail, Optional.empty()));
  }

  private Expr firstLanes(Expr from, Expr to) {
    return LoopBuilder.lt(
        new Expr.Ramp(from, LoopBuilder.index(1), lanes), LoopBuilder.splat(to, lanes));
  }

  private void pieces() {
    for (int length = lanes / 2; length > 1; length /= 2) {
      if (left.orElseThrow() >= length) {
        out.add(widener(next, length, 0).block(f.body()));
        advance(length);
      }
    }
    if (left.orElseThrow() == 1) {
      var copy = new Renamer(names::fresh).substitute(f.var(), next);
      out.add(copy.stmt(f.body()));
    }
  }

  private void advance(long iterations) {
    next = LoopBuilder.add(next, LoopBuilder.index(iterations));
    left = OptionalLong.of(left.orElseThrow() - iterations);
  }

  private Widener widener(Expr base, int lanes, int copy) {
    var w = new Widener(lanes, Vectorize.hasConditions(f.body()), names::fresh, facts);
    w.bind(f.var(), new Wide.Affine(base, LoopBuilder.index(1)));
    for (int i = 0; i < accumulators.size(); i++) {
      Reduction r = reductions.get(i);
      w.bind(r, new Reduction.Lanes(accumulators.get(i), copy * r.size()));
    }
    return w;
  }
}
