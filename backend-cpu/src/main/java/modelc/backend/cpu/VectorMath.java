package modelc.backend.cpu;

import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.UnaryFn;

final class VectorMath {
  private final FunctionText f;

  VectorMath(FunctionText f) {
    this.f = f;
  }

  String unary(UnaryFn fn, DType dtype, int lanes, String x) {
    throw new UnsupportedOperationException(fn + " of " + dtype);
  }

  String power(DType dtype, int lanes, String x, String y) {
    throw new UnsupportedOperationException(BinaryFn.POWER + " of " + dtype);
  }

  String remainder(DType dtype, int lanes, String x, String y) {
    throw new UnsupportedOperationException(BinaryFn.REMAINDER + " of " + dtype);
  }
}
