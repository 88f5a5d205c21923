package modelc.ir.loop;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import modelc.ir.DType;
import modelc.ir.UnaryFn;

/**
 * Checks that the parts of an expression agree in element type and lanes. It knows nothing of
 * scopes.
 *
 * <ul>
 *   <li>Constants are scalars that their type holds.
 *   <li>Operands of one operation have one element type and as many lanes; {@code Splat} and {@code
 *       Ramp} make vectors from scalars, {@code Horizontal} and {@code Lane} scalars from vectors,
 *       nothing else changes lanes.
 *   <li>Arithmetic is on numbers, transcendental and rounding functions on floats, logic on BOOL
 *       and integers, shifts on integers.
 *   <li>An index is I64. A vector index has as many lanes as the access. An element of a REGISTER
 *       buffer is accessed whole, at a scalar index and without a mask.
 *   <li>A mask is BOOL with as many lanes as the access.
 * </ul>
 */
final class ExprTypes {
  /** No target has longer vectors, and interpreters allocate them. */
  static final int MAX_LANES = 64;

  private final Consumer<String> problems;

  ExprTypes(Consumer<String> problems) {
    this.problems = problems;
  }

  private void require(boolean condition, Supplier<String> problem) {
    if (!condition) {
      problems.accept(problem.get());
    }
  }

  /** One expression, not its subexpressions. */
  void check(Expr e) {
    switch (e) {
      case Expr.Const c -> constant(c);
      case Expr.VarRef _, Expr.Size _ -> {}
      case Expr.Unary u -> unary(u);
      case Expr.Binary b -> binary(b);
      case Expr.Fma f -> {
        require(f.dtype().isFloat(), () -> "fma of " + f.dtype());
        same(f, f.x(), f.y());
        same(f, f.x(), f.z());
      }
      case Expr.Compare c -> same(c, c.x(), c.y());
      case Expr.Select s -> {
        same(s, s.onTrue(), s.onFalse());
        require(
            s.predicate().dtype() == DType.BOOL && s.predicate().lanes() == s.lanes(),
            () -> "the predicate of " + type(s) + " is " + type(s.predicate()));
      }
      case Expr.Convert _ -> {}
      case Expr.Load l -> access(l.buffer(), l.index(), l.lanes(), l.mask());
      case Expr.Splat s -> {
        require(s.x().lanes() == 1, () -> "splat of " + type(s.x()));
        lanes(s.lanes());
      }
      case Expr.Ramp r -> {
        require(r.base().dtype().isInteger(), () -> "ramp of " + type(r.base()));
        require(r.base().lanes() == 1 && r.stride().lanes() == 1, () -> "ramp of vectors");
        require(
            r.base().dtype() == r.stride().dtype(),
            () -> "ramp of " + type(r.base()) + " and " + type(r.stride()));
        lanes(r.lanes());
      }
      case Expr.Horizontal h -> {
        lanes(h.x().lanes());
        require(
            Integer.bitCount(h.x().lanes()) == 1,
            () -> "lanes are reduced pairwise, not " + h.x().lanes());
        switch (h.fn()) {
          case ADD, MULTIPLY, MAXIMUM, MINIMUM -> numeric("horizontal_" + h.fn(), h.dtype());
          case AND, OR ->
              require(!h.dtype().isFloat(), () -> "horizontal_" + h.fn() + " of " + h.dtype());
        }
      }
      case Expr.Lane l ->
          require(
              l.x().lanes() > 1 && l.lane() >= 0 && l.lane() < l.x().lanes(),
              () -> type(l.x()) + " has no lane " + l.lane());
      case Expr.WarpShuffleXor w -> {
        require(w.x().lanes() == 1, () -> "shuffle of " + type(w.x()));
        require(
            w.mask() >= 1 && w.mask() < 32,
            () -> "a warp has 32 lanes, not one at distance " + w.mask());
      }
    }
  }

  private void constant(Expr.Const c) {
    double v = c.value();
    boolean held =
        switch (c.dtype()) {
          case F32 -> Double.compare((float) v, v) == 0;
          case F64 -> true;
          case I32 -> v == (int) v;
          // 2^63 stands for the greatest value, which a double does not hold.
          case I64 -> v == Math.rint(v) && Math.abs(v) <= 0x1p63;
          case BOOL -> v == 0 || v == 1;
        };
    require(held, () -> v + " is no " + c.dtype());
  }

  private void unary(Expr.Unary u) {
    DType x = u.x().dtype();
    switch (u.fn()) {
      case NEGATE, ABS, SIGN -> numeric(u.fn().toString(), x);
      case EXP,
          EXPM1,
          LOG,
          LOG1P,
          SQRT,
          RSQRT,
          TANH,
          LOGISTIC,
          ERF,
          SINE,
          COSINE,
          FLOOR,
          CEIL,
          ROUND_NEAREST_EVEN,
          IS_FINITE ->
          require(x.isFloat(), () -> u.fn() + " of " + x);
      case NOT -> require(!x.isFloat(), () -> UnaryFn.NOT + " of " + x);
    }
  }

  private void binary(Expr.Binary b) {
    same(b, b.x(), b.y());
    DType x = b.dtype();
    switch (b.fn()) {
      case ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER, POWER, MAXIMUM, MINIMUM ->
          numeric(b.fn().toString(), x);
      case AND, OR, XOR -> require(!x.isFloat(), () -> b.fn() + " of " + x);
      case SHIFT_LEFT, SHIFT_RIGHT_LOGICAL -> require(x.isInteger(), () -> b.fn() + " of " + x);
    }
  }

  private void numeric(String fn, DType x) {
    require(x != DType.BOOL, () -> fn + " of bool");
  }

  private void same(Expr in, Expr x, Expr y) {
    require(
        x.dtype() == y.dtype() && x.lanes() == y.lanes(),
        () -> "operands of " + type(x) + " and " + type(y) + " in " + LoopPrinter.print(in));
  }

  private void lanes(int n) {
    require(n > 1 && n <= MAX_LANES, () -> "a vector has 2 to " + MAX_LANES + " lanes, not " + n);
  }

  /** An access to {@code lanes} lanes, in a load or a store. */
  void access(Buffer b, Expr index, int lanes, Optional<Expr> mask) {
    require(
        index.dtype() == DType.I64,
        () -> "the index of " + b.name() + " is " + index.dtype() + ", not i64");
    require(
        lanes >= 1 && lanes <= MAX_LANES, () -> "an access to " + lanes + " lanes of " + b.name());
    if (b.space() == Space.REGISTER) {
      require(
          index.lanes() == 1 && lanes == b.lanes() && mask.isEmpty(),
          () ->
              "an element of register buffer "
                  + b.name()
                  + " is accessed whole and without a mask");
    } else {
      require(
          index.lanes() == 1 || index.lanes() == lanes,
          () ->
              "an index of " + index.lanes() + " lanes for " + lanes + " elements of " + b.name());
    }
    mask.ifPresent(
        m ->
            require(
                m.dtype() == DType.BOOL && m.lanes() == lanes,
                () -> "the mask of " + lanes + " lanes of " + b.name() + " is " + type(m)));
  }

  static String type(Expr e) {
    return LoopPrinter.type(e.dtype(), e.lanes());
  }
}
