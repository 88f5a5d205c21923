package modelc.passes.lower;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import modelc.ir.BinaryFn;
import modelc.ir.Dim;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.Var;
import org.jspecify.annotations.Nullable;

/**
 * The open loops of a kernel being written, and what is already computed in each: puts every
 * expression into the outermost loop that knows all its variables, once.
 *
 * <p>It moves pure expressions only; loads of accumulators must be written where they are meant.
 */
final class Scope {
  private record Level(LoopBuilder builder, Map<Object, Expr> known) {}

  private final List<Level> levels = new ArrayList<>();
  private final Map<Var, Integer> levelOf = new HashMap<>();
  private final List<Index> emitted = new ArrayList<>();

  Scope(LoopBuilder outermost) {
    levels.add(new Level(outermost, new HashMap<>()));
  }

  /** Enters the body of a loop over {@code variable}. */
  void enter(LoopBuilder body, Expr variable) {
    levels.add(new Level(body, new HashMap<>()));
    if (variable instanceof Expr.VarRef v) {
      levelOf.put(v.var(), levels.size() - 1);
    }
  }

  void leave() {
    levels.removeLast();
  }

  /** Where statements go now. */
  LoopBuilder here() {
    return levels.getLast().builder();
  }

  /** What {@link #remember} was told of {@code key} in a loop still open. */
  @Nullable Expr known(Object key) {
    for (int i = levels.size() - 1; i >= 0; i--) {
      Expr e = levels.get(i).known().get(key);
      if (e != null) {
        return e;
      }
    }
    return null;
  }

  void remember(Object key, Expr e) {
    levels.get(level(e)).known().put(key, e);
  }

  /** As {@link #remember}, for the innermost open loop, whatever {@code e} depends on. */
  void rememberHere(Object key, Expr e) {
    levels.getLast().known().put(key, e);
  }

  /** Binds {@code e} to a variable in the outermost loop possible. */
  Expr let(String name, Expr e) {
    if (e instanceof Expr.Const || e instanceof Expr.VarRef) {
      return e;
    }
    int level = level(e);
    Expr known = levels.get(level).known().get(e);
    if (known != null) {
      return known;
    }
    Expr var = levels.get(level).builder().let(name, e);
    if (var instanceof Expr.VarRef v) {
      levelOf.put(v.var(), level);
    }
    levels.get(level).known().put(e, var);
    return var;
  }

  /**
   * Binds {@code e} to a variable where statements go now: for what changes while the loops around
   * run.
   */
  Expr letHere(String name, Expr e) {
    Expr var = here().let(name, e);
    if (var instanceof Expr.VarRef v) {
      levelOf.put(v.var(), levels.size() - 1);
    }
    return var;
  }

  private int level(Expr e) {
    int[] deepest = {0};
    LoopBuilder.map(
        e,
        x -> {
          if (x instanceof Expr.VarRef v) {
            deepest[0] = Math.max(deepest[0], levelOf.getOrDefault(v.var(), 0));
          }
          return x;
        });
    return deepest[0];
  }

  /** {@code index} as an I64 expression: a vector when a lane or a vector variable occurs in it. */
  Expr emit(Index index) {
    Optional<Index.Lane> lane =
        index.terms().keySet().stream()
            .map(Index.Term::atom)
            .filter(Index.Lane.class::isInstance)
            .map(Index.Lane.class::cast)
            .findFirst();
    if (lane.isEmpty()) {
      return emitSum(index);
    }
    Index stride = index.factor(lane.get());
    Index rest = index.minus(Index.of(lane.get()).times(stride));
    Expr base = emitSum(rest);
    return base.lanes() == 1
        ? new Expr.Ramp(let("i", base), emitSum(stride), lane.get().lanes())
        : add(base, new Expr.Ramp(LoopBuilder.index(0), emitSum(stride), lane.get().lanes()));
  }

  /** Every form that became an expression so far. */
  List<Index> emitted() {
    return emitted;
  }

  private Expr emitSum(Index index) {
    emitted.add(index);
    var byLevel = new TreeMap<Integer, Expr>();
    index
        .terms()
        .forEach(
            (t, f) -> {
              Expr e = term(t, f);
              byLevel.merge(level(e), e, Scope::add);
            });
    Expr sum = LoopBuilder.index(0);
    int last = byLevel.isEmpty() ? 0 : byLevel.lastKey();
    for (var e : byLevel.entrySet()) {
      sum = add(sum, e.getValue());
      if (e.getKey() < last) {
        sum = let("i", sum);
      }
    }
    return sum;
  }

  private Expr term(Index.Term t, long f) {
    Expr factor = Index.factor(t, f);
    return switch (t.atom()) {
      case Index.One _ -> factor;
      case Index.Axis a -> mul(a.expr(), factor);
      case Index.Lane l ->
          mul(new Expr.Ramp(LoopBuilder.index(0), LoopBuilder.index(1), l.lanes()), factor);
      case Index.Quotient q -> mul(let("q", divide(BinaryFn.DIVIDE, q.of(), q.by())), factor);
      case Index.Remainder r -> mul(let("r", divide(BinaryFn.REMAINDER, r.of(), r.by())), factor);
    };
  }

  private Expr divide(BinaryFn fn, Index of, Dim by) {
    Expr x = let("i", emit(of));
    return new Expr.Binary(fn, x, LoopBuilder.splat(LoopBuilder.size(by), x.lanes()));
  }

  private static Expr add(Expr x, Expr y) {
    if (x.lanes() == y.lanes()) {
      return LoopBuilder.add(x, y);
    }
    int lanes = Math.max(x.lanes(), y.lanes());
    return new Expr.Binary(BinaryFn.ADD, LoopBuilder.splat(x, lanes), LoopBuilder.splat(y, lanes));
  }

  private static Expr mul(Expr x, Expr factor) {
    if (x.lanes() == 1) {
      return LoopBuilder.mul(x, factor);
    }
    boolean one = factor instanceof Expr.Const c && c.value() == 1;
    return one ? x : new Expr.Binary(BinaryFn.MULTIPLY, x, LoopBuilder.splat(factor, x.lanes()));
  }
}
