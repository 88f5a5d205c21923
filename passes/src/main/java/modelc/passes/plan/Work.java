package modelc.passes.plan;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import modelc.ir.UnaryFn;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.Var;

/**
 * How much a kernel does, roughly, at the symbols' maxima: whether its loop is worth sharing
 * between threads.
 *
 * <p>It knows nothing of caches; a wrong guess costs a microsecond.
 */
final class Work {
  /**
   * Scalar operations that take about 1.5 us once vectorised: less is not shared, for a barrier
   * costs that much too.
   */
  static final double WORTH_SPLITTING = 20_000;

  private static final double TRANSCENDENTAL = 12;

  /** Iterations of a loop whose bounds are not seen through. */
  private static final double UNKNOWN_TRIPS = 8;

  /** What variables are bound to: loop variables to their first value. */
  private final Map<Var, Expr> bound = new HashMap<>();

  private Work() {}

  static boolean isWorthSplitting(Kernel k) {
    return k.hasParallelLoop() && new Work().of(k.body()) >= WORTH_SPLITTING;
  }

  private double of(Stmt s) {
    return switch (s) {
      case Stmt.Block b -> b.body().stream().mapToDouble(this::of).sum();
      case Stmt.For f -> {
        bound.put(f.var(), f.lower());
        yield trips(f) * (1 + of(f.body()));
      }
      case Stmt.Let l -> {
        bound.put(l.var(), l.value());
        yield of(l.value());
      }
      case Stmt.Store st -> 1 + of(st.index()) + of(st.value());
      case Stmt.If i ->
          of(i.condition()) + Math.max(of(i.then()), i.otherwise().map(this::of).orElse(0.0));
      case Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ -> 0;
    };
  }

  private static double of(Expr e) {
    double[] sum = {0};
    LoopBuilder.map(
        e,
        x -> {
          sum[0] +=
              switch (x) {
                case Expr.Const _, Expr.VarRef _, Expr.Size _, Expr.Splat _ -> 0;
                case Expr.Unary u ->
                    transcendental(u.fn()) ? TRANSCENDENTAL * u.lanes() : u.lanes();
                case Expr.Binary b -> b.lanes();
                case Expr.Fma f -> f.lanes();
                case Expr.Compare _, Expr.Select _, Expr.Convert _, Expr.Load _ -> x.lanes();
                case Expr.Ramp _, Expr.Horizontal _, Expr.Lane _, Expr.WarpShuffleXor _ -> 1;
              };
          return x;
        });
    return sum[0];
  }

  private static boolean transcendental(UnaryFn fn) {
    return switch (fn) {
      case EXP, EXPM1, LOG, LOG1P, TANH, LOGISTIC, ERF, SINE, COSINE -> true;
      case NEGATE, ABS, SIGN, SQRT, RSQRT, FLOOR, CEIL, ROUND_NEAREST_EVEN, IS_FINITE, NOT -> false;
    };
  }

  /** Iterations in the first iterations of the loops around. */
  private double trips(Stmt.For f) {
    Optional<Double> n = value(f.upper()).flatMap(u -> value(f.lower()).map(l -> u - l));
    return Math.max(1, n.orElse(UNKNOWN_TRIPS) / f.step());
  }

  private Optional<Double> value(Expr e) {
    return switch (e) {
      case Expr.Const c -> Optional.of(c.value());
      case Expr.Size s -> Optional.of((double) s.symbol().max());
      case Expr.VarRef v -> Optional.ofNullable(bound.get(v.var())).flatMap(this::value);
      case Expr.Binary b ->
          value(b.x())
              .flatMap(
                  x ->
                      value(b.y())
                          .flatMap(
                              y ->
                                  switch (b.fn()) {
                                    case ADD -> Optional.of(x + y);
                                    case SUBTRACT -> Optional.of(x - y);
                                    case MULTIPLY -> Optional.of(x * y);
                                    case DIVIDE ->
                                        y == 0
                                            ? Optional.<Double>empty()
                                            : Optional.of(Math.floor(x / y));
                                    case MINIMUM -> Optional.of(Math.min(x, y));
                                    case MAXIMUM -> Optional.of(Math.max(x, y));
                                    default -> Optional.<Double>empty();
                                  }));
      default -> Optional.empty();
    };
  }
}
