package modelc.passes.autodiff;

import java.util.OptionalDouble;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.simplify.Splat;

/**
 * The derivatives of elementwise functions. It uses results of the forward pass where they serve,
 * so that a backward pass evaluates no function twice; where a derivative does not exist it follows
 * the language's conventions (the first of equal operands takes the gradient).
 */
final class ElementwiseVjp {
  private ElementwiseVjp() {}

  static void unary(Op.Unary o, Value y, Value g, Cotangents to, Builder b) {
    Value x = o.x();
    to.add(
        x,
        () ->
            switch (o.fn()) {
              case NEGATE -> b.negate(g);
              case ABS -> b.multiply(g, b.unary(UnaryFn.SIGN, x));
              case EXP -> b.multiply(g, y);
              case EXPM1 -> b.multiply(g, b.add(y, b.constantLike(x, 1)));
              case LOG -> b.divide(g, x);
              case LOG1P -> b.divide(g, b.add(x, b.constantLike(x, 1)));
              case SQRT -> sqrt(y, g, b);
              case RSQRT ->
                  b.multiply(
                      b.multiply(g, b.constantLike(x, -0.5)), b.multiply(y, b.multiply(y, y)));
              case TANH -> b.multiply(g, b.subtract(b.constantLike(x, 1), b.multiply(y, y)));
              case LOGISTIC -> b.multiply(g, b.multiply(y, b.subtract(b.constantLike(x, 1), y)));
              case ERF ->
                  b.multiply(
                      b.multiply(g, b.constantLike(x, 2 / Math.sqrt(Math.PI))),
                      b.unary(UnaryFn.EXP, b.negate(b.multiply(x, x))));
              case SINE -> b.multiply(g, b.unary(UnaryFn.COSINE, x));
              case COSINE -> b.negate(b.multiply(g, b.unary(UnaryFn.SINE, x)));
              case SIGN, FLOOR, CEIL, ROUND_NEAREST_EVEN, IS_FINITE, NOT -> b.constantLike(x, 0);
            });
  }

  /** Infinite at 0, but no NaN where the cotangent is 0: a masked square root stays masked. */
  private static Value sqrt(Value y, Value g, Builder b) {
    Value zero = b.constantLike(g, 0);
    Value quotient = b.divide(b.multiply(g, b.constantLike(g, 0.5)), y);
    return b.select(b.compare(CompareFn.EQ, g, zero), zero, quotient);
  }

  static void binary(Op.Binary o, Value z, Value g, Cotangents to, Builder b) {
    Value x = o.x();
    Value y = o.y();
    switch (o.fn()) {
      case ADD -> {
        to.add(x, () -> g);
        to.add(y, () -> g);
      }
      case SUBTRACT -> {
        to.add(x, () -> g);
        to.add(y, () -> b.negate(g));
      }
      case MULTIPLY -> {
        to.add(x, () -> b.multiply(g, y));
        to.add(y, () -> b.multiply(g, x));
      }
      case DIVIDE -> {
        to.add(x, () -> b.divide(g, y));
        to.add(y, () -> b.negate(b.multiply(b.divide(g, y), z)));
      }
      case REMAINDER -> {
        to.add(x, () -> g);
        to.add(y, () -> b.negate(b.multiply(g, quotient(x, y, z, b))));
      }
      case POWER -> {
        to.add(x, () -> powerBase(x, y, g, b));
        to.add(y, () -> powerExponent(x, z, g, b));
      }
      case MAXIMUM -> either(b.compare(CompareFn.GE, x, y), x, y, g, to, b);
      case MINIMUM -> either(b.compare(CompareFn.LE, x, y), x, y, g, to, b);
      case AND, OR, XOR, SHIFT_LEFT, SHIFT_RIGHT_LOGICAL -> {}
    }
  }

  /** {@code trunc(x / y)}, given the remainder {@code z}: an integer up to rounding. */
  private static Value quotient(Value x, Value y, Value z, Builder b) {
    return b.unary(UnaryFn.ROUND_NEAREST_EVEN, b.divide(b.subtract(x, z), y));
  }

  /**
   * {@code g * y * x^(y - 1)}, and 0 for exponent 0, where the formula would give 0 * infinity at
   * 0.
   */
  private static Value powerBase(Value x, Value y, Value g, Builder b) {
    OptionalDouble constant = Splat.of(y);
    if (constant.isPresent()) {
      double c = constant.getAsDouble();
      if (c == 0) {
        return b.constantLike(x, 0);
      }
      Value power = b.binary(BinaryFn.POWER, x, b.constantLike(x, c - 1));
      return b.multiply(g, b.multiply(b.constantLike(x, c), power));
    }
    Value one = b.constantLike(x, 1);
    Value zero = b.constantLike(x, 0);
    Value power = b.binary(BinaryFn.POWER, x, b.subtract(y, one));
    Value slope = b.select(b.compare(CompareFn.EQ, y, zero), zero, b.multiply(y, power));
    return b.multiply(g, slope);
  }

  /** {@code g * z * log x}, and 0 for base 0, where x^y is 0 for every positive y. */
  private static Value powerExponent(Value x, Value z, Value g, Builder b) {
    Value zero = b.constantLike(x, 0);
    Value slope = b.multiply(z, b.unary(UnaryFn.LOG, x));
    return b.multiply(g, b.select(b.compare(CompareFn.EQ, x, zero), zero, slope));
  }

  private static void either(Value first, Value x, Value y, Value g, Cotangents to, Builder b) {
    Value zero = b.constantLike(g, 0);
    to.add(x, () -> b.select(first, g, zero));
    to.add(y, () -> b.select(first, zero, g));
  }
}
