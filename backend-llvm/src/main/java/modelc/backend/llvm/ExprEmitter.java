package modelc.backend.llvm;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Var;

/**
 * Writes the expressions of one kernel as LLVM instructions and knows what its variables stand for.
 * It writes straight-line code only: statements and control flow are {@link KernelEmitter}'s.
 */
final class ExprEmitter {
  private final FunctionText f;
  private final Arithmetic arithmetic;
  private final Addressing addressing;
  private final MemoryEmitter memory;
  private final KernelDialect dialect;
  private final Map<Var, String> variables = new HashMap<>();

  ExprEmitter(FunctionText f, KernelDialect dialect) {
    this.f = f;
    this.dialect = dialect;
    this.arithmetic = new Arithmetic(f);
    this.addressing = new Addressing(f);
    this.memory = new MemoryEmitter(f, this, addressing, dialect);
  }

  Addressing addressing() {
    return addressing;
  }

  MemoryEmitter memory() {
    return memory;
  }

  /** Evaluates {@code value} here and binds {@code var} to it. */
  void bind(Var var, Expr value) {
    if (isIndex(value)) {
      addressing.bind(var, index(value));
      return;
    }
    if (value.dtype() == DType.I64) {
      addressing.bindVector(var, value);
    }
    variables.put(var, value(value));
  }

  /** A scalar I64 expression as a sum of terms. */
  Linear index(Expr e) {
    if (!isIndex(e)) {
      throw new IllegalArgumentException(
          "an index must be an i64 scalar, not " + e.dtype() + " x " + e.lanes());
    }
    return switch (e) {
      case Expr.Const c -> Linear.of((long) c.value());
      case Expr.Size s -> addressing.size(s.symbol());
      case Expr.VarRef v -> addressing.variable(v.var());
      case Expr.Binary b -> indexBinary(b);
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
          addressing.atomHere(compute(e));
    };
  }

  /** An expression as an operand: a register or a constant. */
  String value(Expr e) {
    return isIndex(e) ? addressing.value(index(e)) : compute(e);
  }

  /** A mask as an operand, or empty where it is known to be true. */
  Optional<String> mask(Optional<Expr> mask) {
    return mask.map(this::value).filter(m -> !m.equals("true") && !m.equals("splat (i1 true)"));
  }

  private String compute(Expr e) {
    return switch (e) {
      case Expr.Const c -> LlvmTypes.constant(c.dtype(), c.value());
      case Expr.VarRef v -> variable(v.var());
      case Expr.Size s -> addressing.value(addressing.size(s.symbol()));
      case Expr.Unary u -> arithmetic.unary(u.fn(), u.x().dtype(), u.lanes(), value(u.x()));
      case Expr.Binary b ->
          arithmetic.binary(b.fn(), b.dtype(), b.lanes(), value(b.x()), value(b.y()));
      case Expr.Fma x ->
          arithmetic.fma(x.dtype(), x.lanes(), value(x.x()), value(x.y()), value(x.z()));
      case Expr.Compare c -> compare(c);
      case Expr.Select s ->
          arithmetic.select(
              s.dtype(), s.lanes(), value(s.predicate()), value(s.onTrue()), value(s.onFalse()));
      case Expr.Convert c -> arithmetic.convert(c.x().dtype(), c.dtype(), c.lanes(), value(c.x()));
      case Expr.Load l -> memory.load(l);
      case Expr.Splat s -> splat(s.dtype(), s.lanes(), value(s.x()));
      case Expr.Ramp r -> ramp(r);
      case Expr.Horizontal h ->
          arithmetic.horizontal(h.fn(), h.dtype(), h.x().lanes(), value(h.x()));
      case Expr.Lane l -> {
        String t = LlvmTypes.value(l.dtype(), l.x().lanes());
        yield l.x().lanes() == 1
            ? value(l.x())
            : f.pure("extractelement " + t + " " + value(l.x()) + ", i64 " + l.lane());
      }
      case Expr.WarpShuffleXor w -> dialect.shuffle(f, w, value(w.x()));
    };
  }

  /** The scalar {@code x} in every lane. */
  String splat(DType dtype, int lanes, String x) {
    if (lanes == 1) {
      return x;
    }
    if (Arithmetic.isConstant(x)) {
      return LlvmTypes.splat(LlvmTypes.scalar(dtype), x, lanes);
    }
    String t = LlvmTypes.value(dtype, lanes);
    String first =
        f.pure("insertelement " + t + " poison, " + LlvmTypes.scalar(dtype) + " " + x + ", i64 0");
    return f.pure(
        "shufflevector "
            + t
            + " "
            + first
            + ", "
            + t
            + " poison, <"
            + lanes
            + " x i32> zeroinitializer");
  }

  private Linear indexBinary(Expr.Binary b) {
    Linear x = index(b.x());
    Linear y = index(b.y());
    return switch (b.fn()) {
      case ADD -> x.plus(y);
      case SUBTRACT -> x.minus(y);
      case MULTIPLY -> addressing.product(x, y);
      case DIVIDE,
          REMAINDER,
          POWER,
          MAXIMUM,
          MINIMUM,
          AND,
          OR,
          XOR,
          SHIFT_LEFT,
          SHIFT_RIGHT_LOGICAL -> {
        if (x.isConstant() && y.isConstant()) {
          Optional<Long> folded = fold(b.fn(), x.constant(), y.constant());
          if (folded.isPresent()) {
            yield Linear.of(folded.get());
          }
        }
        yield addressing.atomHere(
            arithmetic.binary(b.fn(), DType.I64, 1, addressing.value(x), addressing.value(y)));
      }
    };
  }

  private static Optional<Long> fold(BinaryFn fn, long x, long y) {
    return switch (fn) {
      case DIVIDE -> y == 0 ? Optional.empty() : Optional.of(x / y);
      case REMAINDER -> y == 0 ? Optional.empty() : Optional.of(x % y);
      case MAXIMUM -> Optional.of(Math.max(x, y));
      case MINIMUM -> Optional.of(Math.min(x, y));
      case AND -> Optional.of(x & y);
      case OR -> Optional.of(x | y);
      case XOR -> Optional.of(x ^ y);
      case ADD, SUBTRACT, MULTIPLY, POWER, SHIFT_LEFT, SHIFT_RIGHT_LOGICAL -> Optional.empty();
    };
  }

  /**
   * A comparison; of scalar indices with a constant difference it is decided here, and {@code base
   * + lane < n}, the mask of a loop's last vector, is made from 32-bit lanes: half as wide as
   * comparing the I64 indices themselves.
   */
  private String compare(Expr.Compare c) {
    if (isIndex(c.x())) {
      Linear difference = index(c.x()).minus(index(c.y()));
      if (difference.isConstant()) {
        int order = Long.signum(difference.constant());
        return Boolean.toString(
            switch (c.fn()) {
              case EQ -> order == 0;
              case NE -> order != 0;
              case LT -> order < 0;
              case LE -> order <= 0;
              case GT -> order > 0;
              case GE -> order >= 0;
            });
      }
    }
    if (c.fn() == modelc.ir.CompareFn.LT
        && c.x() instanceof Expr.Ramp r
        && r.stride() instanceof Expr.Const s
        && s.value() == 1
        && c.y() instanceof Expr.Splat limit
        && r.dtype() == DType.I64) {
      return tailMask(index(limit.x()).minus(index(r.base())), r.lanes());
    }
    return arithmetic.compare(c.fn(), c.x().dtype(), c.lanes(), value(c.x()), value(c.y()));
  }

  /** Lane i is true when {@code i < count}. */
  private String tailMask(Linear count, int lanes) {
    if (count.isConstant() && count.constant() >= lanes) {
      return "splat (i1 true)";
    }
    if (count.isConstant()) {
      return LlvmTypes.prefixMask(Math.toIntExact(Math.max(count.constant(), 0)), lanes);
    }
    String low = arithmetic.binary(BinaryFn.MAXIMUM, DType.I64, 1, addressing.value(count), "0");
    String bounded =
        arithmetic.binary(BinaryFn.MINIMUM, DType.I64, 1, low, Integer.toString(lanes));
    String narrow = f.pure("trunc i64 " + bounded + " to i32");
    String t = LlvmTypes.value(DType.I32, lanes);
    return f.pure(
        "icmp slt "
            + t
            + " "
            + laneNumbers(DType.I32, lanes)
            + ", "
            + splat(DType.I32, lanes, narrow));
  }

  private String ramp(Expr.Ramp r) {
    if (!r.dtype().isInteger()) {
      throw new UnsupportedOperationException("a ramp of " + r.dtype());
    }
    String numbers = laneNumbers(r.dtype(), r.lanes());
    String stride = splat(r.dtype(), r.lanes(), value(r.stride()));
    String steps = arithmetic.binary(BinaryFn.MULTIPLY, r.dtype(), r.lanes(), numbers, stride);
    String base = splat(r.dtype(), r.lanes(), value(r.base()));
    return arithmetic.binary(BinaryFn.ADD, r.dtype(), r.lanes(), base, steps);
  }

  private static String laneNumbers(DType dtype, int lanes) {
    if (lanes == 1) {
      return "0";
    }
    String t = LlvmTypes.scalar(dtype);
    var numbers = new StringBuilder("<");
    for (int i = 0; i < lanes; i++) {
      numbers.append(i == 0 ? "" : ", ").append(t).append(' ').append(i);
    }
    return numbers.append('>').toString();
  }

  private String variable(Var var) {
    String value = variables.get(var);
    if (value == null) {
      throw new IllegalArgumentException("variable " + var.name() + " is not bound");
    }
    return value;
  }

  private static boolean isIndex(Expr e) {
    return e.dtype() == DType.I64 && e.lanes() == 1;
  }

  /** The place {@code buffer} names from here on. */
  void place(Buffer buffer, MemoryEmitter.Place place) {
    memory.place(buffer, place);
  }
}
