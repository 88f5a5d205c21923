package modelc.ir.loop;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import modelc.ir.DType;
import modelc.ir.Scalars;
import modelc.ir.UnaryFn;
import modelc.ir.loop.Code.DoubleCode;
import modelc.ir.loop.Code.DoubleVectorCode;
import modelc.ir.loop.Code.LongCode;
import modelc.ir.loop.Code.LongVectorCode;

/** Compiles vector expressions to closures. Scalars are {@link ScalarCompiler}'s. */
final class VectorCompiler {
  private final Slots slots;
  private final Site site;

  VectorCompiler(Slots slots, Site site) {
    this.slots = slots;
    this.site = site;
  }

  private ScalarCompiler scalars() {
    return new ScalarCompiler(slots, site);
  }

  private static IllegalStateException illTyped(Expr e) {
    return new IllegalStateException("not of this type: " + LoopPrinter.print(e));
  }

  /** Which lanes are on; all of them when there is no mask. */
  LongVectorCode mask(Optional<Expr> mask, int lanes) {
    if (mask.isPresent()) {
      return longs(mask.get());
    }
    long[] all = new long[lanes];
    Arrays.fill(all, 1);
    return _ -> all;
  }

  /** The element each lane accesses. */
  LongVectorCode places(Buffer b, Expr index, int lanes) {
    if (index.lanes() > 1) {
      return longs(index);
    }
    LongCode first = scalars().longs(index);
    int out = slots.longVector(lanes);
    long elements = b.lanes() > 1 ? b.size().constant() : 0;
    return f -> {
      long i = first.at(f);
      if (elements > 0) {
        // Elements are vectors, of which a view knows nothing.
        if (i < 0 || i >= elements) {
          throw site.error(
              f,
              "index "
                  + i
                  + " is out of bounds of "
                  + b.name()
                  + ", which has "
                  + elements
                  + " elements");
        }
        i *= lanes;
      } else if (f.block != null) {
        site.aligned(f, i, lanes);
      }
      long[] v = f.longVectors[out];
      for (int k = 0; k < lanes; k++) {
        v[k] = i + k;
      }
      return v;
    };
  }

  LongVectorCode longs(Expr e) {
    int lanes = e.lanes();
    return switch (e) {
      case Expr.VarRef r -> {
        int slot = slots.slot(r.var());
        yield f -> f.longVectors[slot];
      }
      case Expr.Unary u when u.fn() == UnaryFn.IS_FINITE -> {
        DoubleVectorCode x = doubles(u.x());
        int out = slots.longVector(lanes);
        yield f -> {
          double[] a = x.at(f);
          long[] v = f.longVectors[out];
          for (int i = 0; i < lanes; i++) {
            v[i] = Double.isFinite(a[i]) ? 1 : 0;
          }
          return v;
        };
      }
      case Expr.Unary u -> {
        LongUnaryOperator fn = LoopArithmetic.integerUnary(u.fn(), u.dtype());
        yield map(longs(u.x()), lanes, fn);
      }
      case Expr.Binary b -> {
        LongBinaryOperator fn = LoopArithmetic.integerBinary(b.fn(), b.dtype());
        LongVectorCode x = longs(b.x());
        LongVectorCode y = longs(b.y());
        int out = slots.longVector(lanes);
        yield f -> {
          long[] p = x.at(f);
          long[] q = y.at(f);
          long[] v = f.longVectors[out];
          for (int i = 0; i < lanes; i++) {
            v[i] = fn.applyAsLong(p[i], q[i]);
          }
          return v;
        };
      }
      case Expr.Compare c -> compare(c, lanes);
      case Expr.Select s -> {
        LongVectorCode p = longs(s.predicate());
        LongVectorCode t = longs(s.onTrue());
        LongVectorCode o = longs(s.onFalse());
        int out = slots.longVector(lanes);
        yield f -> {
          long[] onTrue = t.at(f);
          long[] onFalse = o.at(f);
          long[] predicate = p.at(f);
          long[] v = f.longVectors[out];
          for (int i = 0; i < lanes; i++) {
            v[i] = predicate[i] != 0 ? onTrue[i] : onFalse[i];
          }
          return v;
        };
      }
      case Expr.Convert c when c.x().dtype().isFloat() -> {
        DoubleVectorCode x = doubles(c.x());
        DType to = c.dtype();
        int out = slots.longVector(lanes);
        yield f -> {
          double[] a = x.at(f);
          long[] v = f.longVectors[out];
          for (int i = 0; i < lanes; i++) {
            v[i] = LoopArithmetic.toLong(to, a[i]);
          }
          return v;
        };
      }
      case Expr.Convert c -> {
        DType to = c.dtype();
        yield map(longs(c.x()), lanes, x -> LoopArithmetic.wrap(to, x));
      }
      case Expr.Load l -> {
        int b = slots.slot(l.buffer());
        LongVectorCode places = places(l.buffer(), l.index(), lanes);
        LongVectorCode mask = mask(l.mask(), lanes);
        int out = slots.longVector(lanes);
        yield f -> {
          long[] index = places.at(f);
          long[] on = mask.at(f);
          View view = f.views[b];
          long[] v = f.longVectors[out];
          for (int i = 0; i < lanes; i++) {
            v[i] = on[i] != 0 ? view.readLong(f, index[i], site) : 0;
          }
          return v;
        };
      }
      case Expr.Splat s -> {
        LongCode x = scalars().longs(s.x());
        int out = slots.longVector(lanes);
        yield f -> {
          long[] v = f.longVectors[out];
          Arrays.fill(v, x.at(f));
          return v;
        };
      }
      case Expr.Ramp r -> {
        LongCode base = scalars().longs(r.base());
        LongCode stride = scalars().longs(r.stride());
        DType type = r.dtype();
        int out = slots.longVector(lanes);
        yield f -> {
          long from = base.at(f);
          long by = stride.at(f);
          long[] v = f.longVectors[out];
          for (int i = 0; i < lanes; i++) {
            v[i] = LoopArithmetic.wrap(type, from + by * i);
          }
          return v;
        };
      }
      case Expr.Const _,
          Expr.Size _,
          Expr.Fma _,
          Expr.Horizontal _,
          Expr.Lane _,
          Expr.WarpShuffleXor _ ->
          throw illTyped(e);
    };
  }

  private LongVectorCode map(LongVectorCode x, int lanes, LongUnaryOperator fn) {
    int out = slots.longVector(lanes);
    return f -> {
      long[] a = x.at(f);
      long[] v = f.longVectors[out];
      for (int i = 0; i < lanes; i++) {
        v[i] = fn.applyAsLong(a[i]);
      }
      return v;
    };
  }

  private LongVectorCode compare(Expr.Compare c, int lanes) {
    int out = slots.longVector(lanes);
    if (c.x().dtype().isFloat()) {
      DoubleVectorCode x = doubles(c.x());
      DoubleVectorCode y = doubles(c.y());
      return f -> {
        double[] p = x.at(f);
        double[] q = y.at(f);
        long[] v = f.longVectors[out];
        for (int i = 0; i < lanes; i++) {
          v[i] = Scalars.compare(c.fn(), p[i], q[i]) ? 1 : 0;
        }
        return v;
      };
    }
    LongVectorCode x = longs(c.x());
    LongVectorCode y = longs(c.y());
    return f -> {
      long[] p = x.at(f);
      long[] q = y.at(f);
      long[] v = f.longVectors[out];
      for (int i = 0; i < lanes; i++) {
        v[i] = Scalars.compare(c.fn(), p[i], q[i]) ? 1 : 0;
      }
      return v;
    };
  }

  DoubleVectorCode doubles(Expr e) {
    int lanes = e.lanes();
    return switch (e) {
      case Expr.VarRef r -> {
        int slot = slots.slot(r.var());
        yield f -> f.doubleVectors[slot];
      }
      case Expr.Unary u -> {
        DoubleUnaryOperator fn = LoopArithmetic.floatUnary(u.fn(), u.dtype());
        yield map(doubles(u.x()), lanes, fn);
      }
      case Expr.Binary b -> {
        DoubleBinaryOperator fn = LoopArithmetic.floatBinary(b.fn(), b.dtype());
        DoubleVectorCode x = doubles(b.x());
        DoubleVectorCode y = doubles(b.y());
        int out = slots.doubleVector(lanes);
        yield f -> {
          double[] p = x.at(f);
          double[] q = y.at(f);
          double[] v = f.doubleVectors[out];
          for (int i = 0; i < lanes; i++) {
            v[i] = fn.applyAsDouble(p[i], q[i]);
          }
          return v;
        };
      }
      case Expr.Fma m -> {
        DoubleVectorCode x = doubles(m.x());
        DoubleVectorCode y = doubles(m.y());
        DoubleVectorCode z = doubles(m.z());
        DType type = m.dtype();
        int out = slots.doubleVector(lanes);
        yield f -> {
          double[] p = x.at(f);
          double[] q = y.at(f);
          double[] r = z.at(f);
          double[] v = f.doubleVectors[out];
          for (int i = 0; i < lanes; i++) {
            v[i] = LoopArithmetic.fma(type, p[i], q[i], r[i]);
          }
          return v;
        };
      }
      case Expr.Select s -> {
        LongVectorCode p = longs(s.predicate());
        DoubleVectorCode t = doubles(s.onTrue());
        DoubleVectorCode o = doubles(s.onFalse());
        int out = slots.doubleVector(lanes);
        yield f -> {
          double[] onTrue = t.at(f);
          double[] onFalse = o.at(f);
          long[] predicate = p.at(f);
          double[] v = f.doubleVectors[out];
          for (int i = 0; i < lanes; i++) {
            v[i] = predicate[i] != 0 ? onTrue[i] : onFalse[i];
          }
          return v;
        };
      }
      case Expr.Convert c when c.x().dtype().isFloat() -> {
        DType to = c.dtype();
        yield map(doubles(c.x()), lanes, x -> LoopArithmetic.toFloat(to, x));
      }
      case Expr.Convert c -> {
        LongVectorCode x = longs(c.x());
        DType to = c.dtype();
        int out = slots.doubleVector(lanes);
        yield f -> {
          long[] a = x.at(f);
          double[] v = f.doubleVectors[out];
          for (int i = 0; i < lanes; i++) {
            v[i] = LoopArithmetic.toFloat(to, a[i]);
          }
          return v;
        };
      }
      case Expr.Load l -> {
        int b = slots.slot(l.buffer());
        LongVectorCode places = places(l.buffer(), l.index(), lanes);
        LongVectorCode mask = mask(l.mask(), lanes);
        int out = slots.doubleVector(lanes);
        yield f -> {
          long[] index = places.at(f);
          long[] on = mask.at(f);
          View view = f.views[b];
          double[] v = f.doubleVectors[out];
          for (int i = 0; i < lanes; i++) {
            v[i] = on[i] != 0 ? view.readDouble(f, index[i], site) : 0;
          }
          return v;
        };
      }
      case Expr.Splat s -> {
        DoubleCode x = scalars().doubles(s.x());
        int out = slots.doubleVector(lanes);
        yield f -> {
          double[] v = f.doubleVectors[out];
          Arrays.fill(v, x.at(f));
          return v;
        };
      }
      case Expr.Const _,
          Expr.Size _,
          Expr.Compare _,
          Expr.Ramp _,
          Expr.Horizontal _,
          Expr.Lane _,
          Expr.WarpShuffleXor _ ->
          throw illTyped(e);
    };
  }

  private DoubleVectorCode map(DoubleVectorCode x, int lanes, DoubleUnaryOperator fn) {
    int out = slots.doubleVector(lanes);
    return f -> {
      double[] a = x.at(f);
      double[] v = f.doubleVectors[out];
      for (int i = 0; i < lanes; i++) {
        v[i] = fn.applyAsDouble(a[i]);
      }
      return v;
    };
  }
}
