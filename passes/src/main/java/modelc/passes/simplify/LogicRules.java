package modelc.passes.simplify;

import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * Identities of comparisons, choices and bits. Rules give what replaces the op, or null; operands
 * are simplified already. Comparisons of floats are left alone: a NaN does not even equal itself.
 */
final class LogicRules {
  private LogicRules() {}

  static @Nullable Value not(Value x, Builder b) {
    if (ElementwiseRules.isUnary(x, UnaryFn.NOT)) {
      return ElementwiseRules.inner(x);
    }
    if (x.op() instanceof Op.Compare c && (c.fn() == CompareFn.EQ || c.fn() == CompareFn.NE)) {
      return b.compare(c.fn() == CompareFn.EQ ? CompareFn.NE : CompareFn.EQ, c.x(), c.y());
    }
    return null;
  }

  static @Nullable Value and(Value x, Value y) {
    if (x.equals(y)) {
      return x;
    }
    double all = allBits(x);
    if (Splat.is(x, 0) || Splat.is(y, all)) {
      return x;
    }
    return Splat.is(y, 0) || Splat.is(x, all) ? y : null;
  }

  static @Nullable Value or(Value x, Value y) {
    if (x.equals(y)) {
      return x;
    }
    double all = allBits(x);
    if (Splat.is(y, 0) || Splat.is(x, all)) {
      return x;
    }
    return Splat.is(x, 0) || Splat.is(y, all) ? y : null;
  }

  static @Nullable Value xor(Value x, Value y, Builder b) {
    if (x.equals(y)) {
      return b.constantLike(x, 0);
    }
    if (Splat.is(y, 0)) {
      return x;
    }
    if (Splat.is(x, 0)) {
      return y;
    }
    return Splat.is(y, allBits(x)) ? b.unary(UnaryFn.NOT, x) : null;
  }

  private static double allBits(Value x) {
    return x.type().dtype() == DType.BOOL ? 1 : -1;
  }

  static @Nullable Value compare(Op.Compare o, Builder b) {
    Value x = o.x();
    Value s = Splat.scalar(x, b);
    Value t = Splat.scalar(o.y(), b);
    if (s != null && t != null) {
      return b.broadcastScalar(x.type().shape(), b.compare(o.fn(), s, t));
    }
    if (x.equals(o.y()) && !x.type().dtype().isFloat()) {
      boolean holds =
          switch (o.fn()) {
            case EQ, LE, GE -> true;
            case NE, LT, GT -> false;
          };
      return b.constant(x.type().withDType(DType.BOOL), holds ? 1 : 0);
    }
    return null;
  }

  static @Nullable Value select(Op.Select o, Builder b) {
    Value p = o.predicate();
    if (o.onTrue().equals(o.onFalse()) || Splat.is(p, 1)) {
      return o.onTrue();
    }
    if (Splat.is(p, 0)) {
      return o.onFalse();
    }
    if (ElementwiseRules.isUnary(p, UnaryFn.NOT)) {
      return b.select(ElementwiseRules.inner(p), o.onFalse(), o.onTrue());
    }
    // A select inside another by the same predicate has one side nobody sees.
    if (o.onTrue().op() instanceof Op.Select s && s.predicate().equals(p)) {
      return b.select(p, s.onTrue(), o.onFalse());
    }
    if (o.onFalse().op() instanceof Op.Select s && s.predicate().equals(p)) {
      return b.select(p, o.onTrue(), s.onFalse());
    }
    return null;
  }
}
