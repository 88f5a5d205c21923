package modelc.passes.vectorize;

import modelc.ir.DType;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;

/**
 * A rough count of the instructions of a loop body, to choose between forms of equal meaning. It is
 * the same for every machine and input, so that choices, and with them results, are reproducible.
 *
 * @param work instructions, when done once
 * @param masking instructions more when everything is done under a mask
 */
record Cost(double work, double masking) {
  private static final Cost NONE = new Cost(0, 0);
  private static final double UNKNOWN_TRIPS = 8;

  private Cost plus(Cost o) {
    return new Cost(work + o.work, masking + o.masking);
  }

  private Cost times(double n) {
    return new Cost(work * n, masking * n);
  }

  static Cost of(Stmt s) {
    return switch (s) {
      case Stmt.Block b -> b.body().stream().map(Cost::of).reduce(NONE, Cost::plus);
      case Stmt.For f ->
          of(f.body())
              .plus(new Cost(1, 0))
              .times(
                  Facts.difference(f.upper(), f.lower()).stream()
                      .mapToDouble(n -> Math.max(0, Math.ceilDiv(n, f.step())))
                      .findFirst()
                      .orElse(UNKNOWN_TRIPS));
      case Stmt.Let l -> of(l.value());
      case Stmt.Store st ->
          of(st.index())
              .plus(of(st.value()))
              .plus(st.buffer().space() == Space.REGISTER ? NONE : access(st.buffer().dtype(), 14));
      case Stmt.Alloc _ -> NONE;
      case Stmt.If i ->
          of(i.condition()).plus(of(i.then())).plus(i.otherwise().map(Cost::of).orElse(NONE));
      case Stmt.InBlock _ -> NONE;
      case Stmt.Prefetch _ -> new Cost(1, 0);
    };
  }

  /** Masked access to bytes is done one by one on most machines. */
  private static Cost access(DType type, double masked) {
    return new Cost(1, type == DType.BOOL ? 30 : masked);
  }

  private static Cost of(Expr e) {
    return switch (e) {
      case Expr.Const _, Expr.VarRef _, Expr.Size _ -> NONE;
      case Expr.Unary u -> of(u.x()).plus(new Cost(unary(u), 0));
      case Expr.Binary b ->
          of(b.x())
              .plus(of(b.y()))
              .plus(
                  new Cost(
                      switch (b.fn()) {
                        case POWER -> 40;
                        case DIVIDE, REMAINDER -> 5;
                        case ADD,
                            SUBTRACT,
                            MULTIPLY,
                            MAXIMUM,
                            MINIMUM,
                            AND,
                            OR,
                            XOR,
                            SHIFT_LEFT,
                            SHIFT_RIGHT_LOGICAL ->
                            1;
                      },
                      0));
      case Expr.Fma f -> of(f.x()).plus(of(f.y())).plus(of(f.z())).plus(new Cost(1, 0));
      case Expr.Compare c -> of(c.x()).plus(of(c.y())).plus(new Cost(1, 0));
      case Expr.Select s ->
          of(s.predicate()).plus(of(s.onTrue())).plus(of(s.onFalse())).plus(new Cost(1, 0));
      case Expr.Convert c -> of(c.x()).plus(new Cost(1, 0));
      case Expr.Load l ->
          of(l.index())
              .plus(l.buffer().space() == Space.REGISTER ? NONE : access(l.buffer().dtype(), 2));
      case Expr.Splat s -> of(s.x());
      case Expr.Ramp r -> of(r.base()).plus(of(r.stride()));
      case Expr.Horizontal h -> of(h.x()).plus(new Cost(3, 0));
      case Expr.Lane l -> of(l.x());
      case Expr.WarpShuffleXor w -> of(w.x()).plus(new Cost(1, 0));
    };
  }

  private static double unary(Expr.Unary u) {
    return switch (u.fn()) {
      case EXP, EXPM1, LOG, LOG1P, TANH, LOGISTIC, ERF, SINE, COSINE -> 20;
      case SQRT, RSQRT -> 5;
      case SIGN -> 3;
      case NEGATE, ABS, FLOOR, CEIL, ROUND_NEAREST_EVEN, IS_FINITE, NOT -> 1;
    };
  }
}
