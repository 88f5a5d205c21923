package modelc.backend.gpu;

import java.util.function.ToLongFunction;
import modelc.ir.BinaryFn;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import modelc.ir.loop.Expr;

/**
 * How many blocks a grid has along one axis: {@code items} in shares of {@code perBlock}, rounded
 * up. It is known once the run-time sizes are.
 */
public record Blocks(Dim items, long perBlock) {
  static final Blocks ONE = new Blocks(Dim.ONE, 1);

  /** The number, where {@code valueOf} gives each symbol's value. */
  public long count(ToLongFunction<Symbol> valueOf) {
    return Math.ceilDiv(items.evaluate(valueOf), perBlock);
  }

  /** The most there can be. */
  public long max() {
    return Math.ceilDiv(items.max(), perBlock);
  }

  /**
   * The bound of a GRID loop, as lowering writes them.
   *
   * @throws IllegalArgumentException if it is of another form
   */
  static Blocks of(Expr bound) {
    if (bound instanceof Expr.Binary division
        && division.fn() == BinaryFn.DIVIDE
        && division.y() instanceof Expr.Const by
        && division.x() instanceof Expr.Binary sum
        && sum.fn() == BinaryFn.ADD
        && sum.y() instanceof Expr.Const more
        && more.value() == by.value() - 1) {
      return new Blocks(dim(sum.x()), (long) by.value());
    }
    return new Blocks(dim(bound), 1);
  }

  private static Dim dim(Expr e) {
    return switch (e) {
      case Expr.Const c -> Dim.of((long) c.value());
      case Expr.Size s -> Dim.of(s.symbol());
      case Expr.Binary b when b.fn() == BinaryFn.MULTIPLY -> dim(b.x()).times(dim(b.y()));
      default -> throw new IllegalArgumentException("the bound of a grid loop is no size: " + e);
    };
  }

  @Override
  public String toString() {
    return perBlock == 1 ? items.toString() : "ceil(" + items + " / " + perBlock + ")";
  }
}
