package modelc.passes;

import java.util.List;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Callable;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Value;

/**
 * Random elementwise layers, arguments kept inside the domains. Those that move elements are {@link
 * MovementLayers}.
 */
final class ElementwiseLayers {
  private static final List<CompareFn> ORDERS =
      List.of(CompareFn.LT, CompareFn.LE, CompareFn.GT, CompareFn.GE);

  private final LayerPool pool;
  private final Builder b;

  ElementwiseLayers(LayerPool pool) {
    this.pool = pool;
    b = pool.b;
  }

  void unary(Value x) {
    Value positive = shifted(b.multiply(x, x), 0.5);
    double m = pool.magnitude(x);
    UnaryFn fn = pool.oneOf(List.of(UnaryFn.values()));
    switch (fn) {
      case EXP, EXPM1 -> pool.add(b.unary(fn, b.unary(UnaryFn.TANH, x)), 2);
      case LOG, SQRT, RSQRT -> pool.add(b.unary(fn, positive), 1.5);
      case LOG1P -> pool.add(b.unary(fn, b.multiply(x, x)), m);
      case FLOOR, CEIL, ROUND_NEAREST_EVEN ->
          pool.add(b.subtract(x, b.unary(fn, b.multiply(x, b.constantLike(x, 3)))), 3 * m);
      case IS_FINITE -> pool.add(b.select(b.unary(fn, x), x, b.negate(x)), m);
      case NOT -> {
        Value p = b.compare(CompareFn.GT, x, b.constantLike(x, 0.1));
        pool.add(b.select(b.unary(fn, p), x, b.multiply(x, x)), m * m);
      }
      case NEGATE, ABS, SIGN, TANH, LOGISTIC, ERF, SINE, COSINE -> pool.add(b.unary(fn, x), m);
    }
  }

  void binary(Value x) {
    Value y = pool.partner(x);
    Value positive = shifted(b.multiply(y, y), 0.5);
    double m = pool.magnitude(x);
    BinaryFn fn = pool.oneOf(List.of(BinaryFn.values()));
    switch (fn) {
      case ADD, SUBTRACT, MAXIMUM, MINIMUM -> pool.add(b.binary(fn, x, y), m + pool.magnitude(y));
      case MULTIPLY -> pool.add(b.binary(fn, x, y), m * pool.magnitude(y));
      case DIVIDE, REMAINDER -> pool.add(b.binary(fn, x, positive), 2 * m);
      case POWER -> {
        Value base = shifted(b.unary(UnaryFn.ABS, x), 0.5);
        double[] exponents = {0, 1, 2, 3, 0.5, -1, 1.7};
        Value exponent =
            pool.random.nextBoolean()
                ? b.unary(UnaryFn.TANH, y)
                : b.constantLike(x, exponents[pool.random.nextInt(exponents.length)]);
        pool.add(b.binary(fn, base, exponent), 2);
      }
      case AND, OR, XOR -> {
        Value p = b.compare(CompareFn.GT, x, y);
        Value q = b.compare(CompareFn.LE, y, b.constantLike(y, 0.2));
        pool.add(b.select(b.binary(fn, p, q), x, b.multiply(x, x)), m * m);
      }
      case SHIFT_LEFT, SHIFT_RIGHT_LOGICAL -> {
        var type = x.type().withDType(DType.I32);
        Value index = type.rank() == 0 ? b.constant(type, 3) : b.iota(type, 0);
        Value shifted = b.binary(fn, index, b.constantLike(index, 1));
        pool.add(b.add(x, b.multiply(y, b.convert(DType.F64, shifted))), m + 5 * pool.magnitude(y));
      }
    }
  }

  private Value shifted(Value x, double by) {
    return b.add(x, b.constantLike(x, by));
  }

  void choice(Value x) {
    Value y = pool.partner(x);
    Value p = b.compare(pool.oneOf(ORDERS), x, y);
    pool.add(b.select(p, y, b.negate(x)), Math.max(pool.magnitude(x), pool.magnitude(y)));
  }

  void precision(Value x) {
    pool.add(b.convert(DType.F64, b.convert(DType.F32, x)), pool.magnitude(x));
  }

  void mask(Value x) {
    List<Double> key = List.of((double) pool.random.nextInt(), (double) pool.random.nextInt());
    Value bits = b.randomBits(x.type().shape(), b.dense(TensorType.of(DType.I32, 2), key));
    Value kept = b.compare(CompareFn.GT, bits, b.constantLike(bits, 0));
    pool.add(b.multiply(x, b.convert(DType.F64, kept)), pool.magnitude(x));
  }

  void call(Value x) {
    boolean stated = pool.random.nextBoolean();
    var body = new Builder();
    Value p = body.parameter("x", x.type());
    Value y = body.unary(UnaryFn.LOG1P, body.unary(UnaryFn.EXP, p));
    Function gradient = null;
    if (stated) {
      var g = new Builder();
      Value gx = g.parameter("x", x.type());
      Value gy = g.parameter("y", x.type());
      Value dy = g.parameter("dy", x.type());
      Value dx = g.multiply(dy, g.unary(UnaryFn.LOGISTIC, gx));
      gradient = new Function("softplus_gradient", List.of(gx, gy, dy), List.of(dx));
    }
    var callee =
        new Callable("softplus", new Function("softplus", List.of(p), List.of(y)), gradient, null);
    pool.add(b.call(callee, List.of(x)), pool.magnitude(x) + 1);
  }
}
