package modelc.backend.cpu;

import java.util.List;
import modelc.backend.llvm.Addressing;
import modelc.backend.llvm.FunctionText;
import modelc.backend.llvm.KernelDialect;
import modelc.backend.llvm.KernelEmitter;
import modelc.backend.llvm.Linear;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.LoopPrinter;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;

/**
 * Kernels as functions of a CPU: {@code void @k_NAME(ptr buffers..., i64 symbols..., i32 tid, i32
 * nthreads)}, of which each thread runs its share of the PARALLEL loop.
 *
 * @param linkage LLVM's word for who may call them
 */
record CpuDialect(String linkage) implements KernelDialect {
  @Override
  public String signature(Kernel kernel, List<String> parameters) {
    String all = parameters.isEmpty() ? "" : String.join(", ", parameters) + ", ";
    return "define "
        + linkage
        + " void "
        + KernelEmitter.functionName(kernel)
        + "("
        + all
        + "i32 %tid, i32 %nthreads) nounwind";
  }

  /** The declaration of a kernel that another module defines. */
  static String declaration(Kernel kernel) {
    String parameters =
        "ptr, ".repeat(kernel.parameters().size())
            + "i64, ".repeat(kernel.symbols().size())
            + "i32, i32";
    return "declare hidden void " + KernelEmitter.functionName(kernel) + "(" + parameters + ")";
  }

  @Override
  public String pointer(Space space) {
    return "ptr";
  }

  /** Callers may pass memory that is aligned to its elements and no more. */
  @Override
  public int alignment(Buffer buffer) {
    return buffer.dtype().bytes();
  }

  @Override
  public boolean branchesOnMasks() {
    return false;
  }

  @Override
  public void loop(KernelEmitter kernel, Stmt.For loop) {
    if (loop.kind() == LoopKind.VECTOR) {
      throw new UnsupportedOperationException(
          "kernel " + kernel.kernel().name() + ": vectorise before code generation");
    }
    if (loop.kind() != LoopKind.PARALLEL) {
      throw notOnCpu(kernel, "loop " + loop.kind());
    }
    parallel(kernel, loop);
  }

  /** This thread's share of the iterations, {@code [n*tid/T, n*(tid+1)/T)}. */
  private static void parallel(KernelEmitter kernel, Stmt.For loop) {
    FunctionText f = kernel.text();
    Addressing a = kernel.addressing();
    Linear lower = kernel.index(loop.lower());
    Linear upper = kernel.index(loop.upper());
    String span = a.value(upper.minus(lower).plus(Linear.of(loop.step() - 1)));
    String count = loop.step() == 1 ? span : f.pure("sdiv i64 " + span + ", " + loop.step());
    String some = f.intrinsic("i64", "llvm.smax.i64", "i64 " + count, "i64 0");
    String thread = f.pure("zext i32 %tid to i64");
    String threads = f.pure("zext i32 %nthreads to i64");
    String next = f.pure("add i64 " + thread + ", 1");
    String from = f.pure("udiv i64 " + f.pure("mul i64 " + some + ", " + thread) + ", " + threads);
    String to = f.pure("udiv i64 " + f.pure("mul i64 " + some + ", " + next) + ", " + threads);
    kernel.serial(
        loop,
        lower.plus(a.atomHere(from).times(loop.step())),
        lower.plus(a.atomHere(to).times(loop.step())));
  }

  @Override
  public void inBlock(KernelEmitter kernel, Stmt.InBlock s) {
    throw notOnCpu(kernel, LoopPrinter.summary(s));
  }

  @Override
  public String shared(KernelEmitter kernel, Buffer buffer) {
    throw notOnCpu(kernel, "shared buffer " + buffer.name());
  }

  @Override
  public String shuffle(FunctionText f, Expr.WarpShuffleXor x, String operand) {
    throw new UnsupportedOperationException(
        "warp_shuffle_xor is a GPU operation: the CPU has no warps");
  }

  private static UnsupportedOperationException notOnCpu(KernelEmitter kernel, String what) {
    return new UnsupportedOperationException(
        "kernel " + kernel.kernel().name() + ": " + what + " is for GPUs, not for the CPU");
  }
}
