package modelc.backend.llvm;

import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.ReduceFn;
import modelc.ir.UnaryFn;

/**
 * The elementwise functions of Loop IR as LLVM instructions, for scalars and vectors alike, with
 * the meaning that {@link UnaryFn} and {@link BinaryFn} state where LLVM's differs or is undefined.
 * It loads and stores nothing.
 *
 * <p>What the functions' documentation leaves open: integer division by zero gives -1 and its
 * remainder the dividend (the processor would trap); the sign of a zero that maximum and minimum
 * return is that of either operand; on BOOL, add and maximum are or, multiply and minimum are and.
 */
final class Arithmetic {
  private final FunctionText f;
  private final VectorMath math;

  Arithmetic(FunctionText f) {
    this.f = f;
    this.math = new VectorMath(f);
  }

  String unary(UnaryFn fn, DType dtype, int lanes, String x) {
    String t = LlvmTypes.value(dtype, lanes);
    return switch (fn) {
      case NEGATE ->
          dtype.isFloat() ? f.pure("fneg " + t + " " + x) : sub(t, splat(dtype, 0, lanes), x);
      case ABS -> abs(dtype, lanes, x);
      case SIGN -> sign(dtype, lanes, x);
      case NOT ->
          f.pure("xor " + t + " " + x + ", " + splat(dtype, dtype == DType.BOOL ? 1 : -1, lanes));
      case IS_FINITE -> isFinite(dtype, lanes, x);
      case SQRT -> floatIntrinsic("sqrt", dtype, lanes, x);
      case FLOOR -> dtype.isFloat() ? floatIntrinsic("floor", dtype, lanes, x) : x;
      case CEIL -> dtype.isFloat() ? floatIntrinsic("ceil", dtype, lanes, x) : x;
      case ROUND_NEAREST_EVEN -> dtype.isFloat() ? floatIntrinsic("roundeven", dtype, lanes, x) : x;
      case RSQRT ->
          f.pure(
              "fdiv "
                  + t
                  + " "
                  + splat(dtype, 1, lanes)
                  + ", "
                  + floatIntrinsic("sqrt", dtype, lanes, x));
      case EXP, EXPM1, LOG, LOG1P, TANH, LOGISTIC, ERF, SINE, COSINE -> {
        requireFloat(fn, dtype);
        yield math.unary(fn, dtype, lanes, x);
      }
    };
  }

  String binary(BinaryFn fn, DType dtype, int lanes, String x, String y) {
    String t = LlvmTypes.value(dtype, lanes);
    String typed = t + " " + x + ", " + y;
    boolean bool = dtype == DType.BOOL;
    boolean real = dtype.isFloat();
    return switch (fn) {
      case ADD -> f.pure((real ? "fadd " : bool ? "or " : "add ") + typed);
      case SUBTRACT -> f.pure((real ? "fsub " : bool ? "xor " : "sub ") + typed);
      case MULTIPLY -> f.pure((real ? "fmul " : bool ? "and " : "mul ") + typed);
      case DIVIDE -> real ? f.pure("fdiv " + typed) : divide(dtype, lanes, x, y, true);
      case REMAINDER ->
          real ? math.remainder(dtype, lanes, x, y) : divide(dtype, lanes, x, y, false);
      case POWER -> math.power(dtype, lanes, x, y);
      case MAXIMUM -> bool ? f.pure("or " + typed) : extreme("gt", "smax", dtype, lanes, x, y);
      case MINIMUM -> bool ? f.pure("and " + typed) : extreme("lt", "smin", dtype, lanes, x, y);
      case AND -> f.pure("and " + typed);
      case OR -> f.pure("or " + typed);
      case XOR -> f.pure("xor " + typed);
      case SHIFT_LEFT -> shift("shl", dtype, lanes, x, y);
      case SHIFT_RIGHT_LOGICAL -> shift("lshr", dtype, lanes, x, y);
    };
  }

  String compare(CompareFn fn, DType dtype, int lanes, String x, String y) {
    String op =
        switch (fn) {
          case EQ -> dtype.isFloat() ? "fcmp oeq" : "icmp eq";
          case NE -> dtype.isFloat() ? "fcmp une" : "icmp ne";
          case LT -> ordering("lt", dtype);
          case LE -> ordering("le", dtype);
          case GT -> ordering("gt", dtype);
          case GE -> ordering("ge", dtype);
        };
    return f.pure(op + " " + LlvmTypes.value(dtype, lanes) + " " + x + ", " + y);
  }

  String select(DType dtype, int lanes, String predicate, String onTrue, String onFalse) {
    return select(
        LlvmTypes.value(DType.BOOL, lanes),
        predicate,
        LlvmTypes.value(dtype, lanes),
        onTrue,
        onFalse);
  }

  String fma(DType dtype, int lanes, String x, String y, String z) {
    String t = LlvmTypes.value(dtype, lanes);
    if (!f.module().fuses()) {
      String product = f.pure("fmul " + t + " " + x + ", " + y);
      return f.pure("fadd " + t + " " + product + ", " + z);
    }
    return f.intrinsic(
        t, "llvm.fma." + LlvmTypes.suffix(dtype, lanes), t + " " + x, t + " " + y, t + " " + z);
  }

  String convert(DType from, DType to, int lanes, String x) {
    if (from == to) {
      return x;
    }
    String source = LlvmTypes.value(from, lanes);
    String target = LlvmTypes.value(to, lanes);
    return switch (to) {
      case BOOL ->
          f.pure(
              (from.isFloat() ? "fcmp une " : "icmp ne ")
                  + source
                  + " "
                  + x
                  + ", "
                  + splat(from, 0, lanes));
      case F32, F64 -> {
        String op =
            from.isFloat()
                ? (to == DType.F64 ? "fpext" : "fptrunc")
                : from == DType.BOOL ? "uitofp" : "sitofp";
        yield f.pure(op + " " + source + " " + x + " to " + target);
      }
      case I32, I64 -> {
        if (from.isFloat()) {
          String name =
              "llvm.fptosi.sat."
                  + LlvmTypes.suffix(to, lanes)
                  + "."
                  + LlvmTypes.suffix(from, lanes);
          yield f.intrinsic(target, name, source + " " + x);
        }
        String op = from == DType.BOOL ? "zext" : to == DType.I64 ? "sext" : "trunc";
        yield f.pure(op + " " + source + " " + x + " to " + target);
      }
    };
  }

  /** Pairwise: the upper half of the lanes onto the lower half, until one is left. */
  String horizontal(ReduceFn fn, DType dtype, int lanes, String x) {
    if (Integer.bitCount(lanes) != 1) {
      throw new UnsupportedOperationException(
          "a horizontal reduction of " + lanes + " lanes, not a power of two");
    }
    String value = x;
    for (int n = lanes; n > 1; n /= 2) {
      String low = half(dtype, n, value, 0);
      String high = half(dtype, n, value, n / 2);
      value = binary(combiner(fn), dtype, n / 2, low, high);
    }
    return value;
  }

  private static BinaryFn combiner(ReduceFn fn) {
    return switch (fn) {
      case ADD -> BinaryFn.ADD;
      case MULTIPLY -> BinaryFn.MULTIPLY;
      case MAXIMUM -> BinaryFn.MAXIMUM;
      case MINIMUM -> BinaryFn.MINIMUM;
      case AND -> BinaryFn.AND;
      case OR -> BinaryFn.OR;
    };
  }

  private String half(DType dtype, int lanes, String x, int from) {
    String t = LlvmTypes.value(dtype, lanes);
    if (lanes == 2) {
      return f.pure("extractelement " + t + " " + x + ", i64 " + from);
    }
    var mask = new StringBuilder();
    for (int i = 0; i < lanes / 2; i++) {
      mask.append(i == 0 ? "" : ", ").append("i32 ").append(from + i);
    }
    return f.pure(
        "shufflevector "
            + t
            + " "
            + x
            + ", "
            + t
            + " poison, <"
            + lanes / 2
            + " x i32> <"
            + mask
            + ">");
  }

  /** A constant in every lane. */
  static String splat(DType dtype, double value, int lanes) {
    return LlvmTypes.splat(LlvmTypes.scalar(dtype), LlvmTypes.constant(dtype, value), lanes);
  }

  private String floatIntrinsic(String name, DType dtype, int lanes, String x) {
    if (!dtype.isFloat()) {
      throw new UnsupportedOperationException(name + " of " + dtype);
    }
    String t = LlvmTypes.value(dtype, lanes);
    return f.intrinsic(t, "llvm." + name + "." + LlvmTypes.suffix(dtype, lanes), t + " " + x);
  }

  private String abs(DType dtype, int lanes, String x) {
    if (dtype.isFloat()) {
      return floatIntrinsic("fabs", dtype, lanes, x);
    }
    String t = LlvmTypes.value(dtype, lanes);
    return f.intrinsic(t, "llvm.abs." + LlvmTypes.suffix(dtype, lanes), t + " " + x, "i1 false");
  }

  private String sign(DType dtype, int lanes, String x) {
    String zero = splat(dtype, 0, lanes);
    String positive = compare(CompareFn.GT, dtype, lanes, x, zero);
    String negative = compare(CompareFn.LT, dtype, lanes, x, zero);
    String rest = select(dtype, lanes, negative, splat(dtype, -1, lanes), x);
    return select(dtype, lanes, positive, splat(dtype, 1, lanes), rest);
  }

  private String isFinite(DType dtype, int lanes, String x) {
    if (!dtype.isFloat()) {
      return splat(DType.BOOL, 1, lanes);
    }
    String magnitude = floatIntrinsic("fabs", dtype, lanes, x);
    return compare(
        CompareFn.LT, dtype, lanes, magnitude, splat(dtype, Double.POSITIVE_INFINITY, lanes));
  }

  /** Quotient or remainder without the operands on which the processor traps. */
  private String divide(DType dtype, int lanes, String x, String y, boolean quotient) {
    if (dtype == DType.BOOL) {
      throw new UnsupportedOperationException("division of bool");
    }
    String t = LlvmTypes.value(dtype, lanes);
    String op = quotient ? "sdiv " : "srem ";
    if (isConstant(y) && !y.equals(splat(dtype, 0, lanes)) && !y.equals(splat(dtype, -1, lanes))) {
      return f.pure(op + t + " " + x + ", " + y);
    }
    String one = splat(dtype, 1, lanes);
    String isZero = compare(CompareFn.EQ, dtype, lanes, y, splat(dtype, 0, lanes));
    String isMinusOne = compare(CompareFn.EQ, dtype, lanes, y, splat(dtype, -1, lanes));
    String unsafe = binary(BinaryFn.OR, DType.BOOL, lanes, isZero, isMinusOne);
    String safe = f.pure(op + t + " " + x + ", " + select(dtype, lanes, unsafe, one, y));
    String onMinusOne = quotient ? sub(t, splat(dtype, 0, lanes), x) : splat(dtype, 0, lanes);
    String onZero = quotient ? splat(dtype, -1, lanes) : x;
    return select(dtype, lanes, isZero, onZero, select(dtype, lanes, isMinusOne, onMinusOne, safe));
  }

  /**
   * Maximum or minimum. {@code select (x > y), x, y} is one instruction and gives y when either is
   * NaN: right when x cannot be NaN, so constants go first; otherwise a NaN in x is put back.
   */
  private String extreme(
      String order, String integerName, DType dtype, int lanes, String x, String y) {
    String t = LlvmTypes.value(dtype, lanes);
    if (!dtype.isFloat()) {
      String name = "llvm." + integerName + "." + LlvmTypes.suffix(dtype, lanes);
      return f.intrinsic(t, name, t + " " + x, t + " " + y);
    }
    boolean swap = isConstant(y) && !isConstant(x);
    String a = swap ? y : x;
    String b = swap ? x : y;
    String bool = LlvmTypes.value(DType.BOOL, lanes);
    String wins = f.pure("fcmp o" + order + " " + t + " " + a + ", " + b);
    String best = select(bool, wins, t, a, b);
    if (isConstant(a) && !isNaN(a)) {
      return best;
    }
    String isNaN = f.pure("fcmp uno " + t + " " + a + ", " + splat(dtype, 0, lanes));
    return select(bool, isNaN, t, a, best);
  }

  private String shift(String op, DType dtype, int lanes, String x, String y) {
    String t = LlvmTypes.value(dtype, lanes);
    int bits = dtype.bytes() * 8;
    String inRange = f.pure("icmp ult " + t + " " + y + ", " + splat(dtype, bits, lanes));
    String shifted = f.pure(op + " " + t + " " + x + ", " + y);
    return select(dtype, lanes, inRange, shifted, splat(dtype, 0, lanes));
  }

  private String sub(String t, String x, String y) {
    return f.pure("sub " + t + " " + x + ", " + y);
  }

  private String select(
      String maskType, String predicate, String t, String onTrue, String onFalse) {
    return f.pure(
        "select " + maskType + " " + predicate + ", " + t + " " + onTrue + ", " + t + " "
            + onFalse);
  }

  private static String ordering(String order, DType dtype) {
    return dtype.isFloat() ? "fcmp o" + order : (dtype == DType.BOOL ? "icmp u" : "icmp s") + order;
  }

  static boolean isConstant(String operand) {
    return !operand.startsWith("%");
  }

  private static boolean isNaN(String constant) {
    int hex = constant.indexOf("0x");
    return Double.isNaN(
        Double.longBitsToDouble(Long.parseUnsignedLong(constant.substring(hex + 2, hex + 18), 16)));
  }

  private static void requireFloat(UnaryFn fn, DType dtype) {
    if (!dtype.isFloat()) {
      throw new UnsupportedOperationException(fn + " of " + dtype);
    }
  }
}
