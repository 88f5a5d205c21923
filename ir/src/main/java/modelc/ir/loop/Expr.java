package modelc.ir.loop;

import java.util.Optional;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.ReduceFn;
import modelc.ir.Symbol;
import modelc.ir.UnaryFn;

/**
 * Expressions of Loop IR: scalars or vectors (lanes) of one element type. Indices are I64.
 * Elementwise functions mean what they mean in Tensor IR, at the element type's own precision.
 *
 * <p>Types are checked where expressions are made ({@link LoopBuilder}) and by the verifier.
 */
public sealed interface Expr {

  /** Of one lane. */
  DType dtype();

  int lanes();

  /**
   * An integer or BOOL constant, or a float one given by value; {@code value} is exact for
   * |integers| below 2^53.
   */
  record Const(DType dtype, double value) implements Expr {
    @Override
    public int lanes() {
      return 1;
    }
  }

  record VarRef(Var var) implements Expr {
    @Override
    public DType dtype() {
      return var.dtype();
    }

    @Override
    public int lanes() {
      return var.lanes();
    }
  }

  /** The run-time value of a symbol, I64. */
  record Size(Symbol symbol) implements Expr {
    @Override
    public DType dtype() {
      return DType.I64;
    }

    @Override
    public int lanes() {
      return 1;
    }
  }

  record Unary(UnaryFn fn, Expr x) implements Expr {
    @Override
    public DType dtype() {
      return fn == UnaryFn.IS_FINITE ? DType.BOOL : x.dtype();
    }

    @Override
    public int lanes() {
      return x.lanes();
    }
  }

  record Binary(BinaryFn fn, Expr x, Expr y) implements Expr {
    @Override
    public DType dtype() {
      return x.dtype();
    }

    @Override
    public int lanes() {
      return x.lanes();
    }
  }

  /** {@code x * y + z} rounded once. */
  record Fma(Expr x, Expr y, Expr z) implements Expr {
    @Override
    public DType dtype() {
      return x.dtype();
    }

    @Override
    public int lanes() {
      return x.lanes();
    }
  }

  record Compare(CompareFn fn, Expr x, Expr y) implements Expr {
    @Override
    public DType dtype() {
      return DType.BOOL;
    }

    @Override
    public int lanes() {
      return x.lanes();
    }
  }

  /**
   * Both branches are evaluated; loads that must not happen are guarded by a mask or an {@link
   * Stmt.If}.
   */
  record Select(Expr predicate, Expr onTrue, Expr onFalse) implements Expr {
    @Override
    public DType dtype() {
      return onTrue.dtype();
    }

    @Override
    public int lanes() {
      return onTrue.lanes();
    }
  }

  /** Tensor IR's conversion rules. */
  record Convert(DType dtype, Expr x) implements Expr {
    @Override
    public int lanes() {
      return x.lanes();
    }
  }

  /**
   * An element, or {@code lanes} consecutive elements from a scalar {@code index}; with a vector
   * index (a gather) one element a lane. Where {@code mask} (BOOL, one a lane) is false nothing is
   * read and the lane is 0.
   *
   * <p>For a REGISTER buffer with vector elements: the whole element.
   */
  record Load(Buffer buffer, Expr index, int lanes, Optional<Expr> mask) implements Expr {
    @Override
    public DType dtype() {
      return buffer.dtype();
    }
  }

  /** A scalar in every lane. */
  record Splat(Expr x, int lanes) implements Expr {
    @Override
    public DType dtype() {
      return x.dtype();
    }
  }

  /** {@code base + stride * lane}; I32 or I64. */
  record Ramp(Expr base, Expr stride, int lanes) implements Expr {
    @Override
    public DType dtype() {
      return base.dtype();
    }
  }

  /**
   * Reduces the lanes of a vector to a scalar, pairwise: (lane i) with (lane i + n/2), and again.
   */
  record Horizontal(ReduceFn fn, Expr x) implements Expr {
    @Override
    public DType dtype() {
      return x.dtype();
    }

    @Override
    public int lanes() {
      return 1;
    }
  }

  /** One lane of a vector. */
  record Lane(Expr x, int lane) implements Expr {
    @Override
    public DType dtype() {
      return x.dtype();
    }

    @Override
    public int lanes() {
      return 1;
    }
  }

  /**
   * The value another thread of the warp has: of lane {@code threadInWarp XOR mask}. All 32 take
   * part.
   */
  record WarpShuffleXor(Expr x, int mask) implements Expr {
    @Override
    public DType dtype() {
      return x.dtype();
    }

    @Override
    public int lanes() {
      return 1;
    }
  }
}
