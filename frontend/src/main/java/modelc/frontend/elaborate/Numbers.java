package modelc.frontend.elaborate;

import modelc.frontend.ast.Expr.InfixOp;
import modelc.frontend.diagnostic.Code;
import modelc.ir.Span;

/**
 * Arithmetic on compile-time numbers: integers are checked and divide exactly or not at all; no
 * tensors.
 */
final class Numbers {
  private final Context context;

  Numbers(Context context) {
    this.context = context;
  }

  static boolean isNumber(Val v) {
    return v instanceof Val.Int || v instanceof Val.Real;
  }

  static double real(Val v) {
    return switch (v) {
      case Val.Int i -> i.value();
      case Val.Real r -> r.value();
      default -> throw new IllegalArgumentException(Show.kind(v));
    };
  }

  Val infix(InfixOp op, Val left, Val right, Span place) {
    if (left instanceof Val.Int l && right instanceof Val.Int r) {
      return integers(op, l.value(), r.value(), place);
    }
    double x = real(left);
    double y = real(right);
    return switch (op) {
      case ADD -> new Val.Real(x + y);
      case SUBTRACT -> new Val.Real(x - y);
      case MULTIPLY -> new Val.Real(x * y);
      case DIVIDE -> new Val.Real(x / y);
      case REMAINDER -> new Val.Real(x - y * Math.floor(x / y));
      case POWER -> new Val.Real(Math.pow(x, y));
      case EQ -> new Val.Bool(x == y);
      case NE -> new Val.Bool(x != y);
      case LT -> new Val.Bool(x < y);
      case LE -> new Val.Bool(x <= y);
      case GT -> new Val.Bool(x > y);
      case GE -> new Val.Bool(x >= y);
      case MATMUL, RANGE, AND, OR -> throw doesNotApply(op, left, right, place);
    };
  }

  Problem doesNotApply(InfixOp op, Val left, Val right, Span place) {
    return context.error(
        Code.OPERANDS,
        place,
        "`" + op + "` does not apply to " + Show.kind(left) + " and " + Show.kind(right),
        "");
  }

  private Val integers(InfixOp op, long x, long y, Span place) {
    try {
      return switch (op) {
        case ADD -> new Val.Int(Math.addExact(x, y));
        case SUBTRACT -> new Val.Int(Math.subtractExact(x, y));
        case MULTIPLY -> new Val.Int(Math.multiplyExact(x, y));
        case DIVIDE -> divide(x, y, place);
        case REMAINDER -> new Val.Int(Math.floorMod(x, nonZero(y, place)));
        case POWER -> power(x, y, place);
        case EQ -> new Val.Bool(x == y);
        case NE -> new Val.Bool(x != y);
        case LT -> new Val.Bool(x < y);
        case LE -> new Val.Bool(x <= y);
        case GT -> new Val.Bool(x > y);
        case GE -> new Val.Bool(x >= y);
        case RANGE, MATMUL, AND, OR ->
            throw doesNotApply(op, new Val.Int(x), new Val.Int(y), place);
      };
    } catch (ArithmeticException _) {
      throw context.error(
          Code.OVERFLOW, place, "this integer is too large: " + x + " " + op + " " + y, "");
    }
  }

  private Val divide(long x, long y, Span place) {
    if (x % nonZero(y, place) != 0) {
      throw context.error(
          Code.INEXACT_DIVISION,
          place,
          x + " / " + y + " does not divide exactly",
          "",
          "write `floor_div(a, b)` or `ceil_div(a, b)` to round, `"
              + x
              + ".0 / "
              + y
              + "` for a fraction");
    }
    return new Val.Int(Math.divideExact(x, y));
  }

  private long nonZero(long y, Span place) {
    if (y == 0) {
      throw context.error(Code.INEXACT_DIVISION, place, "division by zero", "");
    }
    return y;
  }

  private Val power(long x, long y, Span place) {
    if (y < 0) {
      throw context.error(
          Code.OPERANDS,
          place,
          "an integer has no integer power with the negative exponent " + y,
          "",
          "write `" + x + ".0 ^ " + y + "` for a fraction");
    }
    long result = 1;
    for (long i = 0; i < y; i++) {
      result = Math.multiplyExact(result, x);
      if (x >= -1 && x <= 1 && i >= 1) {
        return new Val.Int(x == -1 && y % 2 == 1 ? -1 : x * x);
      }
    }
    return new Val.Int(result);
  }
}
