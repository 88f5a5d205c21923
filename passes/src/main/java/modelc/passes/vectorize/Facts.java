package modelc.passes.vectorize;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import modelc.ir.BinaryFn;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.Var;

/**
 * What is known of scalar index expressions: that they are not negative, and a number that divides
 * them. It proves only what the shape of the expression shows; "unknown" is always a correct
 * answer.
 */
final class Facts {
  private record Fact(boolean nonNegative, long multipleOf) {}

  private final Map<Var, Fact> known = new HashMap<>();

  /**
   * Records that {@code var} always has a value that {@code like} may have, plus multiples of
   * {@code step}.
   */
  void learn(Var var, Expr like, long step) {
    known.put(var, new Fact(nonNegative(like), gcd(multipleOf(like), step)));
  }

  /** Records a let. */
  void learn(Var var, Expr value) {
    learn(var, value, 0);
  }

  /**
   * Records every scalar loop variable and let in a statement; their order is the order of binding.
   */
  void learn(Stmt s) {
    switch (s) {
      case Stmt.Block b -> b.body().forEach(this::learn);
      case Stmt.For f -> {
        learn(f.var(), f.lower(), f.step());
        learn(f.body());
      }
      case Stmt.Let l -> {
        if (l.var().lanes() == 1 && l.var().dtype().isInteger()) {
          learn(l.var(), l.value());
        }
      }
      case Stmt.If i -> {
        learn(i.then());
        i.otherwise().ifPresent(this::learn);
      }
      case Stmt.Store _, Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ -> {}
    }
  }

  /** True when {@code e} is certainly not negative (assuming that it does not overflow). */
  boolean nonNegative(Expr e) {
    return switch (e) {
      case Expr.Const c -> c.value() >= 0;
      case Expr.Size _ -> true;
      case Expr.VarRef r -> known.containsKey(r.var()) && known.get(r.var()).nonNegative;
      case Expr.Binary b ->
          switch (b.fn()) {
            case ADD, MULTIPLY, DIVIDE, MINIMUM -> nonNegative(b.x()) && nonNegative(b.y());
            case REMAINDER -> nonNegative(b.x());
            case MAXIMUM, AND -> nonNegative(b.x()) || nonNegative(b.y());
            case SUBTRACT, POWER, OR, XOR, SHIFT_LEFT, SHIFT_RIGHT_LOGICAL -> false;
          };
      case Expr.Unary _,
          Expr.Fma _,
          Expr.Compare _,
          Expr.Select _,
          Expr.Convert _,
          Expr.Load _,
          Expr.Splat _,
          Expr.Ramp _,
          Expr.Horizontal _,
          Expr.Lane _,
          Expr.WarpShuffleXor _ ->
          false;
    };
  }

  /** A number that divides {@code e}: 0 when it is 0, 1 when nothing is known. */
  long multipleOf(Expr e) {
    return switch (e) {
      case Expr.Const c when c.dtype().isInteger() -> Math.abs((long) c.value());
      case Expr.VarRef r -> known.containsKey(r.var()) ? known.get(r.var()).multipleOf : 1;
      case Expr.Binary b when b.fn() == BinaryFn.ADD || b.fn() == BinaryFn.SUBTRACT ->
          gcd(multipleOf(b.x()), multipleOf(b.y()));
      case Expr.Binary b when b.fn() == BinaryFn.MULTIPLY ->
          product(multipleOf(b.x()), multipleOf(b.y()));
      case Expr.Binary b when b.fn() == BinaryFn.MINIMUM || b.fn() == BinaryFn.MAXIMUM ->
          gcd(multipleOf(b.x()), multipleOf(b.y()));
      case Expr.Binary b when b.fn() == BinaryFn.REMAINDER ->
          gcd(multipleOf(b.x()), multipleOf(b.y()));
      case Expr.Binary b
          when b.fn() == BinaryFn.DIVIDE && b.y() instanceof Expr.Const c && c.value() > 0 -> {
        long m = multipleOf(b.x());
        yield m % (long) c.value() == 0 ? m / (long) c.value() : 1;
      }
      case Expr.Const _,
          Expr.Size _,
          Expr.Unary _,
          Expr.Binary _,
          Expr.Fma _,
          Expr.Compare _,
          Expr.Select _,
          Expr.Convert _,
          Expr.Load _,
          Expr.Splat _,
          Expr.Ramp _,
          Expr.Horizontal _,
          Expr.Lane _,
          Expr.WarpShuffleXor _ ->
          1;
    };
  }

  /** The value of {@code upper - lower} when both differ by a constant. */
  static OptionalLong difference(Expr upper, Expr lower) {
    Expr d = upper.equals(lower) ? LoopBuilder.index(0) : LoopBuilder.sub(upper, lower);
    return d instanceof Expr.Const c
        ? OptionalLong.of((long) c.value())
        : upper instanceof Expr.Binary b
                && b.fn() == BinaryFn.ADD
                && b.x().equals(lower)
                && b.y() instanceof Expr.Const k
            ? OptionalLong.of((long) k.value())
            : OptionalLong.empty();
  }

  static long gcd(long a, long b) {
    return b == 0 ? Math.abs(a) : gcd(b, a % b);
  }

  private static long product(long a, long b) {
    // Far above any size that helps, either factor is as good as their product.
    return a > 1 << 24 || b > 1 << 24 ? Math.max(a, b) : a * b;
  }
}
