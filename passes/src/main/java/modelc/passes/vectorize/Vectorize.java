package modelc.passes.vectorize;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.LoopProgram;
import modelc.ir.loop.Renamer;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.Var;

/**
 * Turns every innermost VECTOR loop into a loop over whole vectors and a tail: scalar, or one masked vector where that
 * is cheaper. It does not decide which loops are VECTOR, nor prove that their iterations are independent.
 *
 * <p>A reduction into a register ({@code acc[c] = fn(acc[c], x)}) gets up to four vector accumulators, which hide the
 * latency of {@code fn}; they are folded in a fixed order, so that a result is a fixed function of the trip count. A
 * loop with no vector form that is known to be right becomes a SERIAL one, and so do VECTOR loops around others.
 */
public final class Vectorize {
  /** Vector accumulators of a reduction with a small body. */
  private static final int ACCUMULATORS = 4;

  /** A body with this much work hides the latency of its reduction by itself. */
  private static final double WORK_THAT_HIDES_LATENCY = 40;

  private final int lanes;
  private final Names names;
  private final Facts facts = new Facts();

  private Vectorize(int lanes, Names names) {
    this.lanes = lanes;
    this.names = names;
  }

  /** All kernels of a program; kernels that are the same object stay so. */
  public static LoopProgram run(LoopProgram program, int lanes) {
    var done = new IdentityHashMap<Kernel, Kernel>();
    return new LoopProgram(
        program.model(), program.entries().stream().map(e -> run(e, lanes, done)).toList());
  }

  private static LoopEntry run(LoopEntry e, int lanes, IdentityHashMap<Kernel, Kernel> done) {
    var launches = new ArrayList<LoopEntry.Launch>();
    for (LoopEntry.Launch l : e.launches()) {
      Kernel k = done.computeIfAbsent(l.kernel(), x -> run(x, lanes));
      launches.add(new LoopEntry.Launch(k, l.arguments(), l.split(), l.barrier()));
    }
    return new LoopEntry(e.name(), e.symbols(), e.arguments(), e.arenaBytes(), launches);
  }

  /** One kernel, for a target with {@code lanes} f32 lanes; other types use as many. */
  public static Kernel run(Kernel kernel, int lanes) {
    var pass = new Vectorize(lanes, new Names(kernel));
    return new Kernel(
        kernel.name(), kernel.parameters(), kernel.symbols(), pass.block(kernel.body()), kernel.origins());
  }

  /**
   * The vector of the values {@code scalar} has where {@code v} is {@code base}, {@code base + 1}, ...
   *
   * @throws NotVectorizableException if it has vectors already, or reads registers at an index that depends on v
   */
  public static Expr expr(Expr scalar, Var v, Expr base, int lanes) {
    var w = new Widener(lanes, false, n -> n, new Facts());
    w.bind(v, new Wide.Affine(base, LoopBuilder.index(1)));
    return w.expr(scalar).vector(lanes);
  }

  /**
   * Writes to {@code out} what {@code body} does where {@code v} is {@code base}, {@code base + 1}, ...: of these, where
   * there is a {@code mask}, only the lanes that are on in it; at least one must be.
   *
   * @throws NotVectorizableException if it has no vector form that is known to be right; nothing is written then
   */
  public static void stmts(LoopBuilder out, Stmt body, Var v, Expr base, int lanes, Optional<Expr> mask) {
    // The builder appends a number: without this, names would grow with every copy.
    var w =
        new Widener(lanes, hasConditions(body), n -> out.fresh(n.replaceFirst("[0-9_]+$", "")), new Facts());
    w.bind(v, new Wide.Affine(base, LoopBuilder.index(1)));
    mask.ifPresent(w::tail);
    var written = new ArrayList<Stmt>();
    w.stmt(body, written);
    written.forEach(out::emit);
  }

  static boolean isInnermost(Stmt.For f) {
    return f.kind() == LoopKind.VECTOR && f.step() == 1 && !hasVectorLoop(f.body());
  }

  private static boolean hasVectorLoop(Stmt s) {
    return switch (s) {
      case Stmt.Block b -> b.body().stream().anyMatch(Vectorize::hasVectorLoop);
      case Stmt.For f -> f.kind() == LoopKind.VECTOR || hasVectorLoop(f.body());
      case Stmt.If i -> hasVectorLoop(i.then()) || i.otherwise().map(Vectorize::hasVectorLoop).orElse(false);
      case Stmt.Let _, Stmt.Store _, Stmt.Alloc _, Stmt.Barrier _, Stmt.Prefetch _ -> false;
    };
  }

  private static boolean hasConditions(Stmt s) {
    return switch (s) {
      case Stmt.Block b -> b.body().stream().anyMatch(Vectorize::hasConditions);
      case Stmt.For f -> hasConditions(f.body());
      case Stmt.If _ -> true;
      case Stmt.Store st -> st.mask().isPresent();
      case Stmt.Let _, Stmt.Alloc _, Stmt.Barrier _, Stmt.Prefetch _ -> false;
    };
  }

  private void stmt(Stmt s, List<Stmt> out) {
    switch (s) {
      case Stmt.Block b -> out.add(block(b));
      case Stmt.For f when isInnermost(f) -> vectorLoop(f, out);
      case Stmt.For f -> {
        facts.learn(f.var(), f.lower(), f.step());
        LoopKind kind = f.kind() == LoopKind.VECTOR ? LoopKind.SERIAL : f.kind();
        out.add(new Stmt.For(kind, f.var(), f.lower(), f.upper(), f.step(), block(f.body())));
      }
      case Stmt.If i -> out.add(new Stmt.If(i.condition(), block(i.then()), i.otherwise().map(this::block)));
      case Stmt.Let l -> {
        if (l.var().lanes() == 1 && l.var().dtype().isInteger()) {
          facts.learn(l.var(), l.value());
        }
        out.add(l);
      }
      case Stmt.Store _, Stmt.Alloc _, Stmt.Barrier _, Stmt.Prefetch _ -> out.add(s);
    }
  }

  private Stmt.Block block(Stmt s) {
    var out = new ArrayList<Stmt>();
    for (Stmt x : s instanceof Stmt.Block b ? b.body() : List.of(s)) {
      stmt(x, out);
    }
    return new Stmt.Block(out);
  }

  private void vectorLoop(Stmt.For f, List<Stmt> out) {
    Set<String> mark = names.mark();
    var written = new ArrayList<Stmt>();
    try {
      new Widened(f, written).write();
    } catch (NotVectorizableException _) {
      names.restore(mark);
      written.clear();
      written.add(scalarLoop(f, f.lower(), f.upper()));
    }
    out.addAll(written);
  }

  private Stmt scalarLoop(Stmt.For f, Expr lower, Expr upper) {
    var copy = new Renamer(names::fresh);
    return new Stmt.For(LoopKind.SERIAL, copy.bind(f.var()), lower, upper, 1, copy.stmt(f.body()));
  }

  /** One loop, in the making. */
  private final class Widened {
    private final Stmt.For f;
    private final List<Stmt> out;
    private final List<Reduction> reductions;
    private final List<Buffer> accumulators = new ArrayList<>();
    private final Expr lower;
    private final Expr upper;

    /** The number of iterations, where it is known. */
    private final OptionalLong trips;

    private final Cost cost;

    Widened(Stmt.For f, List<Stmt> out) {
      this.f = f;
      this.out = out;
      reductions = Reduction.of(f.body());
      trips = Facts.difference(f.upper(), f.lower());
      lower = simple(f.lower());
      upper = simple(f.upper());
      cost = Cost.of(f.body());
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

    void write() {
      long rest = rest();
      boolean masked = rest != 0 && maskIsCheaper(rest);
      if (trips.isPresent() && (trips.getAsLong() <= 0 || (trips.getAsLong() < lanes && !masked))) {
        out.add(scalarLoop(f, lower, upper));
        return;
      }
      int copies = copies();
      for (Reduction r : reductions) {
        accumulators.add(
            r.start(names.fresh(r.buffer().name() + "_v"), lanes, copies, names.fresh("u"), out));
      }
      Expr done = lower;
      if (copies > 1) {
        done = mainLoop(done, copies);
      }
      if (trips.isEmpty() || trips.getAsLong() % ((long) copies * lanes) >= lanes || copies == 1) {
        done = mainLoop(done, 1);
      }
      if (masked) {
        maskedTail(done);
      }
      for (int i = 0; i < reductions.size(); i++) {
        reductions.get(i).finish(accumulators.get(i), copies, names.fresh("u"), out);
      }
      if (rest != 0 && !masked) {
        out.add(scalarLoop(f, done, upper));
      }
    }

    private int copies() {
      if (reductions.isEmpty() || cost.work() > WORK_THAT_HIDES_LATENCY) {
        return 1;
      }
      return Math.clamp(trips.orElse(Long.MAX_VALUE) / lanes, 1, ACCUMULATORS);
    }

    /** Iterations left for the tail: 0 for certainly none, -1 for unknown. */
    private long rest() {
      if (trips.isPresent()) {
        return Math.max(0, trips.getAsLong()) % lanes;
      }
      return Facts.gcd(facts.multipleOf(upper), facts.multipleOf(lower)) % lanes == 0 ? 0 : -1;
    }

    private boolean maskIsCheaper(long rest) {
      double scalar = (cost.work() + 2) * (rest < 0 ? lanes / 2.0 : rest);
      return cost.work() + cost.masking() + 6 < scalar;
    }

    /** Whole steps of {@code copies} vectors from {@code from} on. Returns where they end. */
    private Expr mainLoop(Expr from, int copies) {
      long step = (long) copies * lanes;
      OptionalLong left = Facts.difference(upper, from);
      Expr end;
      if (left.isPresent()) {
        long whole = Math.max(0, left.getAsLong()) / step * step;
        if (whole == 0) {
          return from;
        }
        end = LoopBuilder.add(from, LoopBuilder.index(whole));
      } else {
        Expr whole =
            LoopBuilder.mul(LoopBuilder.div(LoopBuilder.sub(upper, from), step), LoopBuilder.index(step));
        Var v = Var.index(names.fresh(f.var().name() + "_end"));
        out.add(new Stmt.Let(v, LoopBuilder.add(from, whole)));
        facts.learn(v, from, step);
        end = new Expr.VarRef(v);
      }
      Var v = Var.index(names.fresh(f.var().name()));
      facts.learn(v, from, step);
      var body = new ArrayList<Stmt>();
      for (int copy = 0; copy < copies; copy++) {
        Expr base = LoopBuilder.add(new Expr.VarRef(v), LoopBuilder.index((long) copy * lanes));
        widener(base, copy).stmt(f.body(), body);
      }
      out.add(new Stmt.For(LoopKind.SERIAL, v, from, end, step, new Stmt.Block(body)));
      return end;
    }

    private void maskedTail(Expr from) {
      Expr exists =
          LoopBuilder.lt(
              new Expr.Ramp(from, LoopBuilder.index(1), lanes), LoopBuilder.splat(upper, lanes));
      Var m = new Var(names.fresh("m"), exists.dtype(), lanes);
      Widener w = widener(from, 0);
      w.tail(new Expr.VarRef(m));
      var body = new ArrayList<Stmt>();
      body.add(new Stmt.Let(m, exists));
      w.stmt(f.body(), body);
      Stmt tail = new Stmt.Block(body);
      out.add(trips.isPresent() ? tail : new Stmt.If(LoopBuilder.lt(from, upper), tail, Optional.empty()));
    }

    private Widener widener(Expr base, int copy) {
      var w = new Widener(lanes, hasConditions(f.body()), names::fresh, facts);
      w.bind(f.var(), new Wide.Affine(base, LoopBuilder.index(1)));
      for (int i = 0; i < reductions.size(); i++) {
        Reduction r = reductions.get(i);
        w.bind(r, new Reduction.Lanes(accumulators.get(i), copy * r.size()));
      }
      return w;
    }
  }
}
