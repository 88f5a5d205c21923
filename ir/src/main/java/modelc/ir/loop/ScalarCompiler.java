package modelc.ir.loop;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Scalars;
import modelc.ir.UnaryFn;
import modelc.ir.loop.Code.DoubleCode;
import modelc.ir.loop.Code.DoubleVectorCode;
import modelc.ir.loop.Code.LongCode;
import modelc.ir.loop.Code.LongVectorCode;

/** Compiles scalar expressions to closures. Vectors are {@link VectorCompiler}'s. */
final class ScalarCompiler {
  private final Slots slots;
  private final Site site;

  /**
   * A compiler for the expressions of one statement.
   *
   * @param site the statement, for messages
   */
  ScalarCompiler(Slots slots, Site site) {
    this.slots = slots;
    this.site = site;
  }

  private VectorCompiler vectors() {
    return new VectorCompiler(slots, site);
  }

  private static IllegalStateException illTyped(Expr e) {
    return new IllegalStateException("not of this type: " + LoopPrinter.print(e));
  }

  LongCode longs(Expr e) {
    return switch (e) {
      case Expr.Const c -> {
        long value = (long) c.value();
        yield _ -> value;
      }
      case Expr.VarRef r -> {
        int slot = slots.slot(r.var());
        yield f -> f.longs[slot];
      }
      case Expr.Size s -> {
        long value = slots.valueOf(s.symbol());
        yield _ -> value;
      }
      case Expr.Unary u -> unary(u);
      case Expr.Binary b -> binary(b);
      case Expr.Compare c -> compare(c);
      case Expr.Select s -> {
        LongCode p = longs(s.predicate());
        LongCode t = longs(s.onTrue());
        LongCode o = longs(s.onFalse());
        yield f -> {
          long onTrue = t.at(f);
          long onFalse = o.at(f);
          return p.at(f) != 0 ? onTrue : onFalse;
        };
      }
      case Expr.Convert c -> {
        DType to = c.dtype();
        if (c.x().dtype().isFloat()) {
          DoubleCode x = doubles(c.x());
          yield f -> LoopArithmetic.toLong(to, x.at(f));
        }
        LongCode x = longs(c.x());
        yield to == DType.I64 ? x : f -> LoopArithmetic.wrap(to, x.at(f));
      }
      case Expr.Load l -> {
        int b = slots.slot(l.buffer());
        LongCode i = longs(l.index());
        if (l.mask().isEmpty()) {
          yield f -> f.views[b].readLong(f, i.at(f), site);
        }
        LongCode mask = longs(l.mask().get());
        yield f -> mask.at(f) != 0 ? f.views[b].readLong(f, i.at(f), site) : 0;
      }
      case Expr.Horizontal h -> {
        LongVectorCode x = vectors().longs(h.x());
        LongBinaryOperator fn = LoopArithmetic.integerBinary(Scalars.combiner(h.fn()), h.dtype());
        yield f -> {
          long[] v = x.at(f).clone();
          for (int n = v.length / 2; n > 0; n /= 2) {
            for (int i = 0; i < n; i++) {
              v[i] = fn.applyAsLong(v[i], v[i + n]);
            }
          }
          return v[0];
        };
      }
      case Expr.Lane l -> {
        LongVectorCode x = vectors().longs(l.x());
        int lane = l.lane();
        yield f -> x.at(f)[lane];
      }
      case Expr.WarpShuffleXor w -> {
        LongCode x = longs(w.x());
        int mask = w.mask();
        yield f -> ThreadBlock.of(f).shuffle(f, x.at(f), mask, site);
      }
      case Expr.Fma _, Expr.Splat _, Expr.Ramp _ -> throw illTyped(e);
    };
  }

  private LongCode unary(Expr.Unary u) {
    if (u.fn() == UnaryFn.IS_FINITE) {
      DoubleCode x = doubles(u.x());
      return f -> Double.isFinite(x.at(f)) ? 1 : 0;
    }
    LongCode x = longs(u.x());
    LongUnaryOperator fn = LoopArithmetic.integerUnary(u.fn(), u.dtype());
    return f -> fn.applyAsLong(x.at(f));
  }

  private LongCode binary(Expr.Binary b) {
    LongCode x = longs(b.x());
    LongCode y = longs(b.y());
    // Index arithmetic is most of what is evaluated: the commonest operations are written out.
    if (b.dtype() == DType.I64) {
      if (b.fn() == BinaryFn.ADD) {
        return f -> x.at(f) + y.at(f);
      }
      if (b.fn() == BinaryFn.MULTIPLY) {
        return f -> x.at(f) * y.at(f);
      }
    }
    LongBinaryOperator fn = LoopArithmetic.integerBinary(b.fn(), b.dtype());
    return f -> fn.applyAsLong(x.at(f), y.at(f));
  }

  private LongCode compare(Expr.Compare c) {
    if (c.x().dtype().isFloat()) {
      DoubleCode x = doubles(c.x());
      DoubleCode y = doubles(c.y());
      return f -> Scalars.compare(c.fn(), x.at(f), y.at(f)) ? 1 : 0;
    }
    LongCode x = longs(c.x());
    LongCode y = longs(c.y());
    return f -> Scalars.compare(c.fn(), x.at(f), y.at(f)) ? 1 : 0;
  }

  DoubleCode doubles(Expr e) {
    return switch (e) {
      case Expr.Const c -> {
        double value = c.value();
        yield _ -> value;
      }
      case Expr.VarRef r -> {
        int slot = slots.slot(r.var());
        yield f -> f.doubles[slot];
      }
      case Expr.Unary u -> {
        DoubleCode x = doubles(u.x());
        DoubleUnaryOperator fn = LoopArithmetic.floatUnary(u.fn(), u.dtype());
        yield f -> fn.applyAsDouble(x.at(f));
      }
      case Expr.Binary b -> floatBinary(b);
      case Expr.Fma m -> {
        DoubleCode x = doubles(m.x());
        DoubleCode y = doubles(m.y());
        DoubleCode z = doubles(m.z());
        yield m.dtype() == DType.F32
            ? f -> Math.fma((float) x.at(f), (float) y.at(f), (float) z.at(f))
            : f -> Math.fma(x.at(f), y.at(f), z.at(f));
      }
      case Expr.Select s -> {
        LongCode p = longs(s.predicate());
        DoubleCode t = doubles(s.onTrue());
        DoubleCode o = doubles(s.onFalse());
        yield f -> {
          double onTrue = t.at(f);
          double onFalse = o.at(f);
          return p.at(f) != 0 ? onTrue : onFalse;
        };
      }
      case Expr.Convert c -> {
        DType to = c.dtype();
        if (c.x().dtype().isFloat()) {
          DoubleCode x = doubles(c.x());
          yield f -> LoopArithmetic.toFloat(to, x.at(f));
        }
        LongCode x = longs(c.x());
        yield f -> LoopArithmetic.toFloat(to, x.at(f));
      }
      case Expr.Load l -> {
        int b = slots.slot(l.buffer());
        LongCode i = longs(l.index());
        if (l.mask().isEmpty()) {
          yield f -> f.views[b].readDouble(f, i.at(f), site);
        }
        LongCode mask = longs(l.mask().get());
        yield f -> mask.at(f) != 0 ? f.views[b].readDouble(f, i.at(f), site) : 0;
      }
      case Expr.Horizontal h -> {
        DoubleVectorCode x = vectors().doubles(h.x());
        DoubleBinaryOperator fn = LoopArithmetic.floatBinary(Scalars.combiner(h.fn()), h.dtype());
        yield f -> {
          double[] v = x.at(f).clone();
          for (int n = v.length / 2; n > 0; n /= 2) {
            for (int i = 0; i < n; i++) {
              v[i] = fn.applyAsDouble(v[i], v[i + n]);
            }
          }
          return v[0];
        };
      }
      case Expr.Lane l -> {
        DoubleVectorCode x = vectors().doubles(l.x());
        int lane = l.lane();
        yield f -> x.at(f)[lane];
      }
      case Expr.WarpShuffleXor w -> {
        DoubleCode x = doubles(w.x());
        int mask = w.mask();
        yield f ->
            Double.longBitsToDouble(
                ThreadBlock.of(f).shuffle(f, Double.doubleToRawLongBits(x.at(f)), mask, site));
      }
      case Expr.Size _, Expr.Compare _, Expr.Splat _, Expr.Ramp _ -> throw illTyped(e);
    };
  }

  private DoubleCode floatBinary(Expr.Binary b) {
    DoubleCode x = doubles(b.x());
    DoubleCode y = doubles(b.y());
    if (b.dtype() == DType.F32) {
      if (b.fn() == BinaryFn.ADD) {
        return f -> (float) (x.at(f) + y.at(f));
      }
      if (b.fn() == BinaryFn.MULTIPLY) {
        return f -> (float) (x.at(f) * y.at(f));
      }
    }
    DoubleBinaryOperator fn = LoopArithmetic.floatBinary(b.fn(), b.dtype());
    return f -> fn.applyAsDouble(x.at(f), y.at(f));
  }
}
