package modelc.backend.cpu;

/**
 * Functions that LLVM calls where WebAssembly has no instruction, as LLVM IR: other systems have
 * them in the libraries of their C compilers. What a library does not call is not linked into it.
 */
final class WasmLacks {
  /**
   * {@code fma} of doubles: the product in two parts (Dekker), the sum in two parts (Knuth),
   * rounded together, off by no more than the last place. {@code __multi3} and {@code __ashlti3}:
   * product and left shift of 128-bit integers, the result stored through the first parameter.
   */
  static final String CODE =
      """
      define hidden double @fma(double %x, double %y, double %z) nounwind {
        %sx = fmul double %x, 0x41A0000002000000
        %dx = fsub double %sx, %x
        %hx = fsub double %sx, %dx
        %lx = fsub double %x, %hx
        %sy = fmul double %y, 0x41A0000002000000
        %dy = fsub double %sy, %y
        %hy = fsub double %sy, %dy
        %ly = fsub double %y, %hy
        %p = fmul double %x, %y
        %hh = fmul double %hx, %hy
        %e1 = fsub double %hh, %p
        %hl = fmul double %hx, %ly
        %e2 = fadd double %e1, %hl
        %lh = fmul double %lx, %hy
        %e3 = fadd double %e2, %lh
        %ll = fmul double %lx, %ly
        %pe = fadd double %e3, %ll
        %s = fadd double %p, %z
        %zv = fsub double %s, %p
        %pv = fsub double %s, %zv
        %zr = fsub double %z, %zv
        %pr = fsub double %p, %pv
        %se = fadd double %zr, %pr
        %e = fadd double %pe, %se
        %r = fadd double %s, %e
        %finite = fcmp ord double %r, 0.0
        %plain = select i1 %finite, double %r, double %s
        ret double %plain
      }

      define hidden void @__multi3(ptr %r, i64 %al, i64 %ah, i64 %bl, i64 %bh) nounwind {
        %a0 = and i64 %al, 4294967295
        %a1 = lshr i64 %al, 32
        %b0 = and i64 %bl, 4294967295
        %b1 = lshr i64 %bl, 32
        %p00 = mul i64 %a0, %b0
        %p01 = mul i64 %a0, %b1
        %p10 = mul i64 %a1, %b0
        %p11 = mul i64 %a1, %b1
        %c = lshr i64 %p00, 32
        %m1 = add i64 %p10, %c
        %m1l = and i64 %m1, 4294967295
        %m1h = lshr i64 %m1, 32
        %m2 = add i64 %p01, %m1l
        %m2h = lshr i64 %m2, 32
        %l0 = and i64 %p00, 4294967295
        %l1 = shl i64 %m2, 32
        %lo = or i64 %l1, %l0
        %h1 = add i64 %p11, %m1h
        %h2 = add i64 %h1, %m2h
        %x1 = mul i64 %ah, %bl
        %x2 = mul i64 %al, %bh
        %h3 = add i64 %h2, %x1
        %hi = add i64 %h3, %x2
        store i64 %lo, ptr %r
        %rh = getelementptr i8, ptr %r, i64 8
        store i64 %hi, ptr %rh
        ret void
      }

      define hidden void @__ashlti3(ptr %r, i64 %lo, i64 %hi, i32 %n) nounwind {
        %far = icmp uge i32 %n, 64
        %wide = zext i32 %n to i64
        %k = and i64 %wide, 63
        %lk = shl i64 %lo, %k
        %hk = shl i64 %hi, %k
        %half = lshr i64 %lo, 1
        %rest = xor i64 %k, 63
        %carry = lshr i64 %half, %rest
        %near = or i64 %hk, %carry
        %l = select i1 %far, i64 0, i64 %lk
        %h = select i1 %far, i64 %lk, i64 %near
        store i64 %l, ptr %r
        %rh = getelementptr i8, ptr %r, i64 8
        store i64 %h, ptr %rh
        ret void
      }
      """;

  private WasmLacks() {}
}
