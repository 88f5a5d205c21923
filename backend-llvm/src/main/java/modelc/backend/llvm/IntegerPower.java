package modelc.backend.llvm;

/**
 * Powers of integers by repeated squaring, wrapping. A negative exponent gives 0, except of 1 and
 * -1, as in StableHLO.
 */
final class IntegerPower {
  private IntegerPower() {}

  static String define(VectorMath.ScalarHelper h) {
    String t = LlvmTypes.scalar(h.dtype());
    return """
        define internal T @NAME(T %x, T %y) noinline nounwind {
        entry:
          %negative = icmp slt T %y, 0
          br i1 %negative, label %below, label %loop
        below:
          %one = icmp eq T %x, 1
          %minus = icmp eq T %x, -1
          %low = and T %y, 1
          %odd = icmp ne T %low, 0
          %sign = select i1 %odd, T -1, T 1
          %a = select i1 %minus, T %sign, T 0
          %b = select i1 %one, T 1, T %a
          ret T %b
        loop:
          %n = phi T [ %y, %entry ], [ %rest, %loop ]
          %square = phi T [ %x, %entry ], [ %next, %loop ]
          %power = phi T [ 1, %entry ], [ %more, %loop ]
          %bit = and T %n, 1
          %set = icmp ne T %bit, 0
          %times = mul T %power, %square
          %more = select i1 %set, T %times, T %power
          %next = mul T %square, %square
          %rest = lshr T %n, 1
          %again = icmp ne T %rest, 0
          br i1 %again, label %loop, label %done
        done:
          ret T %more
        }
        """
        .replace("T ", t + " ")
        .replace("NAME", h.function());
  }
}
