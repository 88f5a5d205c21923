package modelc.backend.gpu;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.index;

import java.util.ArrayList;
import java.util.List;
import modelc.backend.llvm.FunctionText;
import modelc.backend.llvm.KernelEmitter;
import modelc.ir.Precision;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.WarpTile;

/**
 * The products of a warp as {@code mma.sync}, and the rounding of factors. Factors are rounded
 * here, {@code cvt.rna.tf32.f32} and {@code cvt.rn.bf16x2.f32}: the instruction itself would drop
 * their lower bits.
 */
record MmaCode(KernelEmitter kernel) {
  private static final String SUMS = "{ float, float, float, float }";

  void write(Stmt.WarpMma m) {
    FunctionText f = kernel.text();
    var operands = new ArrayList<String>(rounded(m.factors(), m.a()));
    operands.addAll(rounded(m.factors(), m.b()));
    var slots = new ArrayList<String>();
    for (int i = 0; i < WarpTile.SUMS; i++) {
      slots.add(kernel.slot(m.sums(), add(m.first(), index(i))));
      operands.add("float " + f.result("load float, ptr " + slots.getLast()));
    }
    String name =
        "llvm.nvvm.mma.m16n8k" + WarpTile.of(m.factors()).depth() + ".row.col." + m.factors();
    String sums = f.impureIntrinsic(SUMS, name, operands.toArray(String[]::new));
    for (int i = 0; i < WarpTile.SUMS; i++) {
      String sum = f.pure("extractvalue " + SUMS + " " + sums + ", " + i);
      f.line("store float " + sum + ", ptr " + slots.get(i));
    }
  }

  /** The registers of a factor, i32, with one or two elements each. */
  List<String> rounded(Precision precision, List<Expr> values) {
    FunctionText f = kernel.text();
    var registers = new ArrayList<String>();
    switch (precision) {
      case TF32 ->
          values.forEach(
              v ->
                  registers.add(
                      "i32 "
                          + f.intrinsic(
                              "i32", "llvm.nvvm.f2tf32.rna", "float " + kernel.value(v))));
      case BF16 -> {
        for (int i = 0; i < values.size(); i += 2) {
          String low = "float " + kernel.value(values.get(i));
          String high = "float " + kernel.value(values.get(i + 1));
          String pair = f.intrinsic("<2 x bfloat>", "llvm.nvvm.ff2bf16x2.rn", high, low);
          registers.add("i32 " + f.pure("bitcast <2 x bfloat> " + pair + " to i32"));
        }
      }
      case FLOAT32 -> throw new IllegalArgumentException("a warp multiplies no float32 matrices");
    }
    return registers;
  }
}
