package modelc.backend.llvm;

import java.util.function.BiFunction;
import java.util.function.Function;
import modelc.ir.DType;
import modelc.ir.UnaryFn;

/**
 * Calls the math functions that have no instruction: each is written once per type and lane count,
 * as LLVM IR that is inlined where it is called. There are no calls of the C library.
 *
 * <p>Largest errors found against exact values, in units of the result's last place, over the whole
 * range including denormals: see the table in {@code VectorMathTest}. The fitted coefficients are
 * minimax polynomials (Remez exchange) of the functions named at them.
 */
final class VectorMath {
  private final FunctionText f;

  VectorMath(FunctionText f) {
    this.f = f;
  }

  String unary(UnaryFn fn, DType dtype, int lanes, String x) {
    return switch (fn) {
      case EXP -> call(fn.toString(), dtype, lanes, Exponential::exp, x);
      case EXPM1 -> call(fn.toString(), dtype, lanes, Exponential::expm1, x);
      case TANH -> call(fn.toString(), dtype, lanes, Exponential::tanh, x);
      case LOGISTIC -> call(fn.toString(), dtype, lanes, Exponential::logistic, x);
      case ERF -> call(fn.toString(), dtype, lanes, Exponential::erf, x);
      case LOG -> call(fn.toString(), dtype, lanes, Logarithm::log, x);
      case LOG1P -> call(fn.toString(), dtype, lanes, Logarithm::log1p, x);
      case SINE -> call(fn.toString(), dtype, lanes, Trigonometry::sine, x);
      case COSINE -> call(fn.toString(), dtype, lanes, Trigonometry::cosine, x);
      case NEGATE, ABS, SIGN, SQRT, RSQRT, FLOOR, CEIL, ROUND_NEAREST_EVEN, IS_FINITE, NOT ->
          throw new IllegalArgumentException(fn + " is an instruction");
    };
  }

  /**
   * {@code x} to the power {@code y}, with C's special cases for floats and wrapping for integers.
   */
  String power(DType dtype, int lanes, String x, String y) {
    return switch (dtype) {
      case F32, F64 -> call2("power", dtype, lanes, Power::power, x, y);
      case I32, I64 -> perLane("power", dtype, lanes, IntegerPower::define, x, y);
      case BOOL -> throw new UnsupportedOperationException("power of bool");
    };
  }

  /** The remainder of a division truncated toward zero, exact: C's fmod. */
  String remainder(DType dtype, int lanes, String x, String y) {
    return perLane("remainder", dtype, lanes, Remainder::define, x, y);
  }

  private String call(
      String name, DType dtype, int lanes, BiFunction<VectorCode, String, String> body, String x) {
    return call2(name, dtype, lanes, (code, a, _) -> body.apply(code, a), x, "");
  }

  private interface Body2 {
    String write(VectorCode code, String x, String y);
  }

  /** A call of an inlined helper of one operand, or of two when {@code y} is not empty. */
  private String call2(String name, DType dtype, int lanes, Body2 body, String x, String y) {
    String t = LlvmTypes.value(dtype, lanes);
    String function = "modelc." + name + "." + LlvmTypes.suffix(dtype, lanes);
    f.module()
        .helper(
            function,
            () -> {
              var code = new VectorCode(new FunctionText(f.module()), dtype, lanes);
              code.f.line("ret " + t + " " + body.write(code, "%x", "%y"));
              String parameters = t + " %x" + (y.isEmpty() ? "" : ", " + t + " %y");
              return code.f.define(
                  "define internal "
                      + t
                      + " @"
                      + function
                      + "("
                      + parameters
                      + ") alwaysinline nounwind",
                  null);
            });
    String operands = t + " " + x + (y.isEmpty() ? "" : ", " + t + " " + y);
    return f.pure("call " + t + " @" + function + "(" + operands + ")");
  }

  /** A call of a scalar helper, which has loops, for each lane. */
  private String perLane(
      String name,
      DType dtype,
      int lanes,
      Function<ScalarHelper, String> define,
      String x,
      String y) {
    String scalar = LlvmTypes.scalar(dtype);
    String function = "modelc." + name + "." + LlvmTypes.suffix(dtype, 1);
    f.module().helper(function, () -> define.apply(new ScalarHelper(f.module(), function, dtype)));
    if (lanes == 1) {
      return f.pure(
          "call " + scalar + " @" + function + "(" + scalar + " " + x + ", " + scalar + " " + y
              + ")");
    }
    String t = LlvmTypes.value(dtype, lanes);
    String result = "poison";
    for (int i = 0; i < lanes; i++) {
      String a = f.pure("extractelement " + t + " " + x + ", i64 " + i);
      String b = f.pure("extractelement " + t + " " + y + ", i64 " + i);
      String r =
          f.pure(
              "call " + scalar + " @" + function + "(" + scalar + " " + a + ", " + scalar + " " + b
                  + ")");
      result = f.pure("insertelement " + t + " " + result + ", " + scalar + " " + r + ", i64 " + i);
    }
    return result;
  }

  /** What a scalar helper function needs to be written: its module, name and type. */
  record ScalarHelper(ModuleText module, String function, DType dtype) {}
}
