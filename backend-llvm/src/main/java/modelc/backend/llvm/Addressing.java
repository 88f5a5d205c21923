package modelc.backend.llvm;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import modelc.backend.llvm.Linear.Atom;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Symbol;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Var;

/**
 * I64 index arithmetic of one kernel: keeps indices as {@link Linear} sums and turns them into
 * values and addresses. It reads no memory.
 *
 * <p>Addresses are built from the outermost varying term inwards, each partial sum once, the
 * constant last: LLVM then hoists the outer sums and folds the constant into the load.
 */
public final class Addressing {
  /** Products of sums are multiplied out up to this many products of atoms. */
  private static final int MAX_PRODUCT_TERMS = 4;

  private final FunctionText f;
  private final Map<Var, Linear> variables = new HashMap<>();
  private final Map<Symbol, Linear> sizes = new HashMap<>();
  private final Map<String, Atom> atoms = new HashMap<>();
  private final Map<Var, Expr> vectors = new HashMap<>();
  private int depth;

  Addressing(FunctionText f) {
    this.f = f;
  }

  void enterLoop() {
    depth++;
  }

  void leaveLoop() {
    depth--;
  }

  void bind(Var var, Linear value) {
    variables.put(var, value);
  }

  void bindSize(Symbol symbol, String name) {
    sizes.put(symbol, Linear.of(atom(name, 0)));
  }

  /**
   * Remembers how a vector of indices is made, if it is simple enough to be made again lane by
   * lane.
   */
  void bindVector(Var var, Expr value) {
    if (isLaneByLane(value)) {
      vectors.put(var, value);
    } else {
      vectors.remove(var);
    }
  }

  Linear variable(Var var) {
    Linear value = variables.get(var);
    if (value == null) {
      throw new IllegalArgumentException("index variable " + var.name() + " is not bound");
    }
    return value;
  }

  Linear size(Symbol symbol) {
    Linear value = sizes.get(symbol);
    if (value == null) {
      throw new IllegalArgumentException(
          "the kernel does not list symbol " + symbol + " that it uses");
    }
    return value;
  }

  /** An I64 value that is computed at the current place. */
  public Linear atomHere(String name) {
    return isInteger(name) ? Linear.of(Long.parseLong(name)) : Linear.of(atom(name, depth));
  }

  Linear product(Linear x, Linear y) {
    if (y.isConstant()) {
      return x.times(y.constant());
    }
    if (x.isConstant()) {
      return y.times(x.constant());
    }
    if (x.terms().size() * y.terms().size() > MAX_PRODUCT_TERMS) {
      return atomHere(f.pure("mul i64 " + value(x) + ", " + value(y)));
    }
    Linear sum = x.times(y.constant());
    for (var b : y.terms().entrySet()) {
      sum = sum.plus(Linear.of(b.getKey()).times(x.constant() * b.getValue()));
      for (var a : x.terms().entrySet()) {
        boolean ordered = a.getKey().compareTo(b.getKey()) <= 0;
        Atom low = ordered ? a.getKey() : b.getKey();
        Atom high = ordered ? b.getKey() : a.getKey();
        String name = f.pure("mul i64 " + low.name() + ", " + high.name());
        Atom product = atom(name, Math.max(low.depth(), high.depth()));
        sum = sum.plus(Linear.of(product).times(a.getValue() * b.getValue()));
      }
    }
    return sum;
  }

  /** The sum as one I64 operand. */
  public String value(Linear index) {
    String sum = "";
    for (var term : index.terms().entrySet()) {
      String scaled = scaled(term.getKey(), term.getValue());
      sum = sum.isEmpty() ? scaled : f.pure("add i64 " + sum + ", " + scaled);
    }
    if (sum.isEmpty()) {
      return Long.toString(index.constant());
    }
    return index.constant() == 0 ? sum : f.pure("add i64 " + sum + ", " + index.constant());
  }

  /**
   * The address of element {@code index} of an array in memory; {@code base} is of {@code
   * pointerType}.
   */
  String address(String pointerType, String base, String elementType, Linear index) {
    String pointer = base;
    String step = "getelementptr " + elementType + ", " + pointerType + " ";
    for (var term : index.terms().entrySet()) {
      String scaled = scaled(term.getKey(), term.getValue());
      pointer = f.pure(step + pointer + ", i64 " + scaled);
    }
    return index.constant() == 0 ? pointer : f.pure(step + pointer + ", i64 " + index.constant());
  }

  /** The indices of each lane of a vector of indices. */
  Linear[] lanes(Expr vector, ExprEmitter expressions) {
    var values = new IdentityHashMap<Expr, String>();
    var out = new Linear[vector.lanes()];
    for (int i = 0; i < out.length; i++) {
      out[i] = lane(vector, i, expressions, values);
    }
    return out;
  }

  private Linear lane(
      Expr e, int lane, ExprEmitter expressions, IdentityHashMap<Expr, String> values) {
    return switch (e) {
      case Expr.Splat s -> expressions.index(s.x());
      case Expr.Ramp r ->
          expressions.index(r.base()).plus(expressions.index(r.stride()).times(lane));
      case Expr.Binary b when b.fn() == BinaryFn.ADD ->
          lane(b.x(), lane, expressions, values).plus(lane(b.y(), lane, expressions, values));
      case Expr.Binary b when b.fn() == BinaryFn.SUBTRACT ->
          lane(b.x(), lane, expressions, values).minus(lane(b.y(), lane, expressions, values));
      case Expr.Binary b when b.fn() == BinaryFn.MULTIPLY ->
          product(lane(b.x(), lane, expressions, values), lane(b.y(), lane, expressions, values));
      case Expr.VarRef v -> {
        Expr made = vectors.get(v.var());
        yield made == null
            ? atomHere(extract(e, lane, expressions, values))
            : lane(made, lane, expressions, values);
      }
      case Expr.Convert c when c.dtype() == DType.I64 && c.x().dtype() == DType.I32 ->
          atomHere(f.pure("sext i32 " + extract(c.x(), lane, expressions, values) + " to i64"));
      case Expr.Const _,
          Expr.Size _,
          Expr.Unary _,
          Expr.Binary _,
          Expr.Fma _,
          Expr.Compare _,
          Expr.Select _,
          Expr.Convert _,
          Expr.Load _,
          Expr.Horizontal _,
          Expr.Lane _,
          Expr.WarpShuffleXor _ ->
          atomHere(extract(e, lane, expressions, values));
    };
  }

  private String extract(
      Expr e, int lane, ExprEmitter expressions, IdentityHashMap<Expr, String> values) {
    String vector = values.get(e);
    if (vector == null) {
      vector = expressions.value(e);
      values.put(e, vector);
    }
    return f.pure(
        "extractelement " + LlvmTypes.value(e.dtype(), e.lanes()) + " " + vector + ", i64 " + lane);
  }

  private boolean isLaneByLane(Expr e) {
    return switch (e) {
      case Expr.Splat s -> isLocal(s.x());
      case Expr.Ramp r -> isLocal(r.base()) && isLocal(r.stride());
      case Expr.VarRef v -> vectors.containsKey(v.var());
      case Expr.Binary b ->
          (b.fn() == BinaryFn.ADD || b.fn() == BinaryFn.SUBTRACT || b.fn() == BinaryFn.MULTIPLY)
              && isLaneByLane(b.x())
              && isLaneByLane(b.y());
      case Expr.Const _,
          Expr.Size _,
          Expr.Unary _,
          Expr.Fma _,
          Expr.Compare _,
          Expr.Select _,
          Expr.Convert _,
          Expr.Load _,
          Expr.Horizontal _,
          Expr.Lane _,
          Expr.WarpShuffleXor _ ->
          false;
    };
  }

  /** A scalar that may be written again: it reads no memory. */
  private static boolean isLocal(Expr e) {
    return switch (e) {
      case Expr.Const _, Expr.Size _, Expr.VarRef _ -> true;
      case Expr.Binary b -> isLocal(b.x()) && isLocal(b.y());
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

  private String scaled(Atom atom, long coefficient) {
    return coefficient == 1 ? atom.name() : f.pure("mul i64 " + atom.name() + ", " + coefficient);
  }

  private Atom atom(String name, int atDepth) {
    return atoms.computeIfAbsent(name, n -> new Atom(atDepth, atoms.size(), n));
  }

  static boolean isInteger(String operand) {
    return !operand.startsWith("%");
  }
}
