package modelc.passes.vectorize;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.UnaryFn;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;

/**
 * Elementwise functions of wide values: integers that grow by a fixed stride from lane to lane stay
 * so where the function allows it. It knows nothing of memory.
 */
final class WideArithmetic {
  private final int lanes;
  private final Facts facts;

  WideArithmetic(int lanes, Facts facts) {
    this.lanes = lanes;
    this.facts = facts;
  }

  /** One scalar when all operands are, else a vector. */
  Wide combine(List<Wide> operands, Function<List<Expr>, Expr> make) {
    var scalars = new ArrayList<Expr>();
    for (Wide w : operands) {
      if (w instanceof Wide.Same s) {
        scalars.add(s.scalar());
      }
    }
    return scalars.size() == operands.size()
        ? new Wide.Same(make.apply(scalars))
        : new Wide.Each(make.apply(operands.stream().map(w -> w.vector(lanes)).toList()));
  }

  Wide unary(UnaryFn fn, Wide x) {
    if (fn == UnaryFn.NEGATE && x instanceof Wide.Affine a) {
      Expr zero = new Expr.Const(a.base().dtype(), 0);
      return new Wide.Affine(LoopBuilder.sub(zero, a.base()), LoopBuilder.sub(zero, a.stride()));
    }
    return combine(List.of(x), o -> new Expr.Unary(fn, o.get(0)));
  }

  /** {@code c} of {@code x}, which is its operand. */
  Wide convert(Expr.Convert c, Wide x) {
    // Dropping high bits commutes with wrapping sums and products; no other conversion of integers
    // does.
    boolean exact =
        c.dtype() == c.x().dtype() || (c.dtype() == DType.I32 && c.x().dtype() == DType.I64);
    if (x instanceof Wide.Affine a && exact) {
      return new Wide.Affine(
          convertIndex(c.dtype(), a.base()), convertIndex(c.dtype(), a.stride()));
    }
    return combine(List.of(x), o -> new Expr.Convert(c.dtype(), o.get(0)));
  }

  private static Expr convertIndex(DType to, Expr e) {
    return e instanceof Expr.Const c && Math.abs(c.value()) < 1 << 30
        ? new Expr.Const(to, c.value())
        : new Expr.Convert(to, e);
  }

  /** {@code b} of {@code x} and {@code y}, which are its operands. */
  Wide binary(Expr.Binary b, Wide x, Wide y) {
    if (!b.dtype().isInteger()) {
      return combine(List.of(x, y), o -> new Expr.Binary(b.fn(), o.get(0), o.get(1)));
    }
    Optional<Wide> affine =
        switch (b.fn()) {
          case ADD -> sum(x, y, LoopBuilder::add);
          case SUBTRACT -> sum(x, y, LoopBuilder::sub);
          case MULTIPLY -> product(x, y);
          case DIVIDE, REMAINDER ->
              x instanceof Wide.Affine a
                      && b.dtype() == DType.I64
                      && b.y() instanceof Expr.Const by
                      && by.value() >= 1
                  ? quotient(b.fn(), a, (long) by.value())
                  : Optional.empty();
          case POWER, MAXIMUM, MINIMUM, AND, OR, XOR, SHIFT_LEFT, SHIFT_RIGHT_LOGICAL ->
              Optional.empty();
        };
    return affine.orElseGet(
        () -> combine(List.of(x, y), o -> new Expr.Binary(b.fn(), o.get(0), o.get(1))));
  }

  /** A sum or difference. */
  private static Optional<Wide> sum(Wide x, Wide y, BinaryOperator<Expr> fn) {
    return switch (x) {
      case Wide.Same a ->
          switch (y) {
            case Wide.Same b -> Optional.of(new Wide.Same(fn.apply(a.scalar(), b.scalar())));
            case Wide.Affine b ->
                Optional.of(
                    Wide.Affine.of(
                        fn.apply(a.scalar(), b.base()),
                        fn.apply(new Expr.Const(b.stride().dtype(), 0), b.stride())));
            case Wide.Each _ -> Optional.empty();
          };
      case Wide.Affine a ->
          switch (y) {
            case Wide.Same b ->
                Optional.of(new Wide.Affine(fn.apply(a.base(), b.scalar()), a.stride()));
            case Wide.Affine b ->
                Optional.of(
                    Wide.Affine.of(fn.apply(a.base(), b.base()), fn.apply(a.stride(), b.stride())));
            case Wide.Each _ -> Optional.empty();
          };
      case Wide.Each _ -> Optional.empty();
    };
  }

  private static Optional<Wide> product(Wide x, Wide y) {
    if (x instanceof Wide.Same a && y instanceof Wide.Same b) {
      return Optional.of(new Wide.Same(LoopBuilder.mul(a.scalar(), b.scalar())));
    }
    if (x instanceof Wide.Affine a && y instanceof Wide.Same b) {
      return Optional.of(
          Wide.Affine.of(
              LoopBuilder.mul(a.base(), b.scalar()), LoopBuilder.mul(a.stride(), b.scalar())));
    }
    return x instanceof Wide.Same && y instanceof Wide.Affine ? product(y, x) : Optional.empty();
  }

  /**
   * Division by a constant, where it stays affine. Either every lane's step is a multiple of the
   * divisor, or the lanes never cross a multiple of {@code block}, which divides both the base and
   * the divisor. Both need x >= 0, because division truncates.
   */
  private Optional<Wide> quotient(BinaryFn fn, Wide.Affine x, long by) {
    if (!(x.stride() instanceof Expr.Const c) || c.value() < 0 || !facts.nonNegative(x.base())) {
      return Optional.empty();
    }
    long stride = (long) c.value();
    boolean divide = fn == BinaryFn.DIVIDE;
    if (stride % by == 0) {
      return Optional.of(
          divide
              ? Wide.Affine.of(LoopBuilder.div(x.base(), by), LoopBuilder.index(stride / by))
              : new Wide.Same(LoopBuilder.rem(x.base(), by)));
    }
    long block = Facts.gcd(facts.multipleOf(x.base()), by);
    if (stride * (lanes - 1) < block) {
      return Optional.of(
          divide
              ? new Wide.Same(LoopBuilder.div(x.base(), by))
              : new Wide.Affine(LoopBuilder.rem(x.base(), by), x.stride()));
    }
    return Optional.empty();
  }
}
