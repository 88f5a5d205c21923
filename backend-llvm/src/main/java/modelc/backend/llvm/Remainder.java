package modelc.backend.llvm;

import modelc.ir.DType;

/**
 * The exact remainder of a division truncated toward zero (C's fmod), with the sign of the
 * dividend. It is no quotient.
 *
 * <p>While |x| is not below |y|, a multiple q y 2^k of |y| close below it is subtracted, which is
 * exact in one fused step: a remainder by a power-of-two multiple of y leaves the remainder by y
 * unchanged. One step for quotients below 2^51, up to some 40 for the largest.
 */
final class Remainder {
  private Remainder() {}

  static String define(VectorMath.ScalarHelper h) {
    if (h.dtype() == DType.F32) {
      h.module().helper("modelc.remainder.f64", () -> f64(h.module()));
      return """
          define internal float @NAME(float %x, float %y) alwaysinline nounwind {
          entry:
            %a = fpext float %x to double
            %b = fpext float %y to double
            %r = call double @modelc.remainder.f64(double %a, double %b)
            %s = fptrunc double %r to float
            ret float %s
          }
          """
          .replace("NAME", h.function());
    }
    return f64(h.module());
  }

  private static String f64(ModuleText module) {
    for (String unary : new String[] {"fabs", "trunc"}) {
      module.declare("declare double @llvm." + unary + ".f64(double)");
    }
    module.declare("declare i64 @llvm.ctlz.i64(i64, i1)");
    module.declare("declare double @llvm.copysign.f64(double, double)");
    module.declare("declare double @llvm.fma.f64(double, double, double)");
    return """
        define internal double @modelc.remainder.f64(double %x, double %y) noinline nounwind {
        entry:
          %a = call double @llvm.fabs.f64(double %x)
          %b = call double @llvm.fabs.f64(double %y)
          %finite = fcmp olt double %a, 0x7FF0000000000000
          %usable = fcmp ogt double %b, 0.0
          %ok = and i1 %finite, %usable
          br i1 %ok, label %test, label %bad
        bad:
          ret double 0x7FF8000000000000
        test:
          %r = phi double [ %a, %entry ], [ %next, %step ]
          %large = fcmp oge double %r, %b
          br i1 %large, label %scale, label %done
        scale:
          ; Halve r down to where the quotient is small, by its exponent, and scale the divisor up as much.
          %rb = bitcast double %r to i64
          %bb = bitcast double %b to i64
          %re = call i64 @modelc.exponent.f64(i64 %rb)
          %be = call i64 @modelc.exponent.f64(i64 %bb)
          %apart = sub i64 %re, %be
          %excess = sub i64 %apart, 51
          %far = icmp sgt i64 %excess, 0
          %shift = select i1 %far, i64 %excess, i64 0
          %h1 = lshr i64 %shift, 1
          %h2 = sub i64 %shift, %h1
          %s1 = add i64 %h1, 1023
          %s2 = add i64 %h2, 1023
          %f1b = shl i64 %s1, 52
          %f2b = shl i64 %s2, 52
          %f1 = bitcast i64 %f1b to double
          %f2 = bitcast i64 %f2b to double
          %d1 = fmul double %b, %f1
          %divisor = fmul double %d1, %f2
          br label %step
        step:
          %q = fdiv double %r, %divisor
          %whole = call double @llvm.trunc.f64(double %q)
          %minus = fneg double %whole
          %left = call double @llvm.fma.f64(double %minus, double %divisor, double %r)
          ; The quotient may have been rounded up to the next integer.
          %over = fcmp olt double %left, 0.0
          %back = fadd double %left, %divisor
          %next = select i1 %over, double %back, double %left
          br label %test
        done:
          %signed = call double @llvm.copysign.f64(double %r, double %x)
          ret double %signed
        }

        ; The biased exponent of a positive double, continued below 1 for denormals.
        define internal i64 @modelc.exponent.f64(i64 %bits) alwaysinline nounwind {
        entry:
          %e = lshr i64 %bits, 52
          %normal = icmp ne i64 %e, 0
          %zeros = call i64 @llvm.ctlz.i64(i64 %bits, i1 false)
          %d = sub i64 12, %zeros
          %r = select i1 %normal, i64 %e, i64 %d
          ret i64 %r
        }
        """;
  }
}
