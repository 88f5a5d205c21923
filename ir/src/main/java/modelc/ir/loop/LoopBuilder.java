package modelc.ir.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;

/**
 * Writes the statements of one kernel: fresh names, loops by lambda, and index arithmetic that
 * folds constants as it goes, so that the text form stays readable.
 */
public final class LoopBuilder {
  private final int[] counter;
  private final List<Stmt> out = new ArrayList<>();

  public LoopBuilder() {
    this(new int[1]);
  }

  private LoopBuilder(int[] counter) {
    this.counter = counter;
  }

  /** A name not yet used in this kernel. */
  public String fresh(String prefix) {
    // The digits at the end must be the counter alone, or "x1" and "x" could both make "x12".
    boolean digit = !prefix.isEmpty() && Character.isDigit(prefix.charAt(prefix.length() - 1));
    return prefix + (digit ? "_" : "") + counter[0]++;
  }

  public Stmt.Block block() {
    return new Stmt.Block(out);
  }

  public void emit(Stmt s) {
    out.add(s);
  }

  /**
   * A loop from {@code lower} to {@code upper}; the body gets a nested builder and the loop
   * variable.
   */
  public void loop(LoopKind kind, String name, Expr lower, Expr upper, long step, Body body) {
    Var v = Var.index(fresh(name));
    var inner = new LoopBuilder(counter);
    body.write(inner, new Expr.VarRef(v));
    out.add(new Stmt.For(kind, v, lower, upper, step, inner.block()));
  }

  public void loop(LoopKind kind, String name, Expr upper, Body body) {
    loop(kind, name, index(0), upper, 1, body);
  }

  /** The body of a loop. */
  @FunctionalInterface
  public interface Body {
    void write(LoopBuilder b, Expr i);
  }

  public void when(Expr condition, Consumer<LoopBuilder> then) {
    var inner = new LoopBuilder(counter);
    then.accept(inner);
    out.add(new Stmt.If(condition, inner.block(), Optional.empty()));
  }

  public void whenElse(
      Expr condition, Consumer<LoopBuilder> then, Consumer<LoopBuilder> otherwise) {
    var a = new LoopBuilder(counter);
    then.accept(a);
    var b = new LoopBuilder(counter);
    otherwise.accept(b);
    out.add(new Stmt.If(condition, a.block(), Optional.of(b.block())));
  }

  /** Binds {@code value} to a fresh variable; constants and variables are returned as they are. */
  public Expr let(String name, Expr value) {
    if (value instanceof Expr.Const || value instanceof Expr.VarRef) {
      return value;
    }
    Var v = new Var(fresh(name), value.dtype(), value.lanes());
    out.add(new Stmt.Let(v, value));
    return new Expr.VarRef(v);
  }

  public Buffer alloc(String name, DType dtype, int lanes, long size, Space space) {
    Buffer b = Buffer.local(fresh(name), dtype, lanes, size, space);
    out.add(new Stmt.Alloc(b));
    return b;
  }

  public void store(Buffer buffer, Expr index, Expr value) {
    out.add(new Stmt.Store(buffer, index, value, Optional.empty()));
  }

  public void storeMasked(Buffer buffer, Expr index, Expr value, Expr mask) {
    out.add(new Stmt.Store(buffer, index, value, Optional.of(mask)));
  }

  public static Expr load(Buffer buffer, Expr index) {
    return new Expr.Load(
        buffer, index, buffer.lanes() > 1 ? buffer.lanes() : index.lanes(), Optional.empty());
  }

  public static Expr load(Buffer buffer, Expr index, int lanes) {
    return new Expr.Load(buffer, index, lanes, Optional.empty());
  }

  public static Expr loadMasked(Buffer buffer, Expr index, int lanes, Expr mask) {
    return new Expr.Load(buffer, index, lanes, Optional.of(mask));
  }

  public static Expr index(long value) {
    return new Expr.Const(DType.I64, value);
  }

  public static Expr f32(double value) {
    return new Expr.Const(DType.F32, (float) value);
  }

  /** A size as an I64 expression over its symbols. */
  public static Expr size(Dim dim) {
    Expr e = index(dim.factor());
    for (Symbol s : dim.symbols()) {
      e = mul(e, new Expr.Size(s));
    }
    return e;
  }

  /**
   * {@code x + y}, folding constants and zeros; index arithmetic and numbers alike (0 is folded for
   * integers only).
   */
  public static Expr add(Expr x, Expr y) {
    if (isInt(x, 0)) {
      return y;
    }
    if (isInt(y, 0)) {
      return x;
    }
    if (x instanceof Expr.Const a && y instanceof Expr.Const b && a.dtype().isInteger()) {
      return new Expr.Const(a.dtype(), a.value() + b.value());
    }
    return new Expr.Binary(BinaryFn.ADD, x, y);
  }

  public static Expr sub(Expr x, Expr y) {
    if (isInt(y, 0)) {
      return x;
    }
    if (x instanceof Expr.Const a && y instanceof Expr.Const b && a.dtype().isInteger()) {
      return new Expr.Const(a.dtype(), a.value() - b.value());
    }
    return new Expr.Binary(BinaryFn.SUBTRACT, x, y);
  }

  public static Expr mul(Expr x, Expr y) {
    if (isInt(x, 1) || isInt(y, 0)) {
      return y;
    }
    if (isInt(y, 1) || isInt(x, 0)) {
      return x;
    }
    if (x instanceof Expr.Const a && y instanceof Expr.Const b && a.dtype().isInteger()) {
      return new Expr.Const(a.dtype(), a.value() * b.value());
    }
    return new Expr.Binary(BinaryFn.MULTIPLY, x, y);
  }

  /** Truncating division of non-negative indices by a positive constant. */
  public static Expr div(Expr x, long by) {
    if (by == 1) {
      return x;
    }
    if (x instanceof Expr.Const a) {
      return index((long) a.value() / by);
    }
    return new Expr.Binary(BinaryFn.DIVIDE, x, index(by));
  }

  /** Remainder of non-negative indices by a positive constant. */
  public static Expr rem(Expr x, long by) {
    if (by == 1) {
      return index(0);
    }
    if (x instanceof Expr.Const a) {
      return index((long) a.value() % by);
    }
    return new Expr.Binary(BinaryFn.REMAINDER, x, index(by));
  }

  public static Expr min(Expr x, Expr y) {
    if (x instanceof Expr.Const a && y instanceof Expr.Const b) {
      return new Expr.Const(a.dtype(), Math.min(a.value(), b.value()));
    }
    return new Expr.Binary(BinaryFn.MINIMUM, x, y);
  }

  public static Expr max(Expr x, Expr y) {
    if (x instanceof Expr.Const a && y instanceof Expr.Const b) {
      return new Expr.Const(a.dtype(), Math.max(a.value(), b.value()));
    }
    return new Expr.Binary(BinaryFn.MAXIMUM, x, y);
  }

  public static Expr lt(Expr x, Expr y) {
    return new Expr.Compare(CompareFn.LT, x, y);
  }

  /** {@code a * b + c} over vectors or scalars of one type. */
  public static Expr fma(Expr a, Expr b, Expr c) {
    return new Expr.Fma(a, b, c);
  }

  /** {@code x} in {@code lanes} lanes; itself when it has them already. */
  public static Expr splat(Expr x, int lanes) {
    return lanes == 1 || x.lanes() == lanes ? x : new Expr.Splat(x, lanes);
  }

  /** Applies {@code rule} bottom-up to every subexpression. */
  public static Expr map(Expr e, Function<Expr, Expr> rule) {
    Expr mapped =
        switch (e) {
          case Expr.Const _, Expr.VarRef _, Expr.Size _ -> e;
          case Expr.Unary x -> new Expr.Unary(x.fn(), map(x.x(), rule));
          case Expr.Binary x -> new Expr.Binary(x.fn(), map(x.x(), rule), map(x.y(), rule));
          case Expr.Fma x -> new Expr.Fma(map(x.x(), rule), map(x.y(), rule), map(x.z(), rule));
          case Expr.Compare x -> new Expr.Compare(x.fn(), map(x.x(), rule), map(x.y(), rule));
          case Expr.Select x ->
              new Expr.Select(
                  map(x.predicate(), rule), map(x.onTrue(), rule), map(x.onFalse(), rule));
          case Expr.Convert x -> new Expr.Convert(x.dtype(), map(x.x(), rule));
          case Expr.Load x ->
              new Expr.Load(
                  x.buffer(), map(x.index(), rule), x.lanes(), x.mask().map(m -> map(m, rule)));
          case Expr.Splat x -> new Expr.Splat(map(x.x(), rule), x.lanes());
          case Expr.Ramp x -> new Expr.Ramp(map(x.base(), rule), map(x.stride(), rule), x.lanes());
          case Expr.Horizontal x -> new Expr.Horizontal(x.fn(), map(x.x(), rule));
          case Expr.Lane x -> new Expr.Lane(map(x.x(), rule), x.lane());
          case Expr.WarpShuffleXor x -> new Expr.WarpShuffleXor(map(x.x(), rule), x.mask());
        };
    return rule.apply(mapped);
  }

  private static boolean isInt(Expr e, long value) {
    return e instanceof Expr.Const c && c.dtype().isInteger() && c.value() == value;
  }
}
