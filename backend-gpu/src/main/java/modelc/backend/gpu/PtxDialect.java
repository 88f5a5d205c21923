package modelc.backend.gpu;

import java.util.List;
import java.util.Optional;
import modelc.backend.llvm.FunctionText;
import modelc.backend.llvm.KernelDialect;
import modelc.backend.llvm.KernelEmitter;
import modelc.backend.llvm.Linear;
import modelc.backend.llvm.LlvmTypes;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;

/**
 * Kernels as NVPTX kernels {@code k_NAME(ptr buffers..., i64 symbols...)}: a GRID loop is the
 * number of the block, a THREAD loop that of the thread in it.
 *
 * @param shape how the kernel is launched
 */
record PtxDialect(KernelShape shape) implements KernelDialect {
  /**
   * Threads of a kernel with asynchronous copies that a multiprocessor has registers for, 128 each.
   * If it is not told, the assembler guesses, and spills a few bytes to make one more block fit.
   */
  private static final int THREADS_AT_ONCE = 512;

  /** Sums of a thread that leave it registers for everything else, if it has 128. */
  private static final int FEW_SUMS = 64;

  /** Shared memory whose size the launch says. */
  private static final String DYNAMIC = "@modelc_shared";

  /** All threads of a warp take part in a shuffle. */
  private static final String ALL = "i32 -1";

  @Override
  public String signature(Kernel kernel, List<String> parameters) {
    return "define ptx_kernel void "
        + KernelEmitter.functionName(kernel)
        + "("
        + String.join(", ", parameters)
        + ") nounwind";
  }

  /** Metadata that tells the assembler how many threads a block has, so how many registers each. */
  String annotation(Kernel kernel) {
    return "!{ptr "
        + KernelEmitter.functionName(kernel)
        + ", !\"maxntidx\", i32 "
        + shape.threadsX()
        + ", !\"maxntidy\", i32 "
        + shape.threadsY()
        + ", !\"maxntidz\", i32 1"
        + (shape.copies() ? ", !\"minctasm\", i32 " + blocksAtOnce() : "")
        + "}";
  }

  /**
   * A warpgroup's sums of many columns take the registers of two blocks; so do fewer sums together
   * with the places of many small copies.
   */
  private int blocksAtOnce() {
    boolean large = shape.sums().stream().anyMatch(b -> b.size().constant() > FEW_SUMS);
    boolean both = !shape.sums().isEmpty() && shape.narrow();
    return large || both ? 1 : THREADS_AT_ONCE / shape.threads();
  }

  /** With its range, of which divisions of 32 bits and without special cases follow. */
  @Override
  public String size(Symbol symbol) {
    return "i64 range(i64 1, " + (symbol.max() + 1) + ")";
  }

  @Override
  public String pointer(Space space) {
    return switch (space) {
      case GLOBAL -> "ptr addrspace(1)";
      case SHARED -> "ptr addrspace(3)";
      case PRIVATE, REGISTER -> "ptr";
    };
  }

  @Override
  public boolean branchesOnMasks() {
    return true;
  }

  @Override
  public void loop(KernelEmitter kernel, Stmt.For loop) {
    switch (loop.kind()) {
      case GRID_X -> one(kernel, loop, "ctaid.x", shape.maxBlocks(0));
      case GRID_Y -> one(kernel, loop, "ctaid.y", shape.maxBlocks(1));
      case GRID_Z -> one(kernel, loop, "ctaid.z", shape.maxBlocks(2));
      case THREAD_X -> one(kernel, loop, "tid.x", shape.threadsX());
      case THREAD_Y -> one(kernel, loop, "tid.y", shape.threadsY());
      case SERIAL, UNROLL, PARALLEL, VECTOR -> throw notOnGpu(kernel, loop.kind());
    }
  }

  /** The one iteration that this thread runs, whose number is a special register. */
  private static void one(KernelEmitter kernel, Stmt.For loop, String register, long count) {
    FunctionText f = kernel.text();
    String name = "@llvm.nvvm.read.ptx.sreg." + register;
    f.module().declare("declare i32 " + name + "()");
    String number = f.pure("call range(i32 0, " + Math.max(1, count) + ") i32 " + name + "()");
    String wide = f.pure("zext i32 " + number + " to i64");
    kernel.iteration(loop, count == 1 ? Linear.of(0) : kernel.addressing().atomHere(wide));
  }

  @Override
  public int alignment(Buffer buffer, int lanes) {
    return lanes * buffer.dtype().bytes();
  }

  @Override
  public void inBlock(KernelEmitter kernel, Stmt.InBlock s) {
    FunctionText f = kernel.text();
    switch (s) {
      case Stmt.Barrier _ -> f.voidIntrinsic("llvm.nvvm.barrier0");
      case Stmt.Copy c -> copy(kernel, c);
      case Stmt.WarpMma m -> new MmaCode(kernel).write(m);
      case Stmt.StoreFactors x -> new WgmmaCode(kernel).store(x);
      case Stmt.FenceFactors _ -> new WgmmaCode(kernel).fence();
      case Stmt.WarpgroupMma m -> new WgmmaCode(kernel).multiply(m);
      case Stmt.AwaitProducts a -> new WgmmaCode(kernel).await(a.pending());
      case Stmt.CommitCopies _ -> f.voidIntrinsic("llvm.nvvm.cp.async.commit.group");
      case Stmt.AwaitCopies a ->
          f.voidIntrinsic("llvm.nvvm.cp.async.wait.group", "i32 " + a.pending());
    }
  }

  /** Copies 16 bytes past the first cache, since the block reads them from shared memory alone. */
  private static void copy(KernelEmitter kernel, Stmt.Copy c) {
    FunctionText f = kernel.text();
    String name =
        "llvm.nvvm.cp.async." + (c.bytes() == 16 ? "cg" : "ca") + ".shared.global." + c.bytes();
    String to = kernel.address(c.to(), c.toIndex());
    String from = kernel.address(c.from(), c.fromIndex());
    String exists = c.exists().map(kernel::value).orElse("true");
    if (exists.equals("true")) {
      f.voidIntrinsic(name, to, from);
    } else {
      // Of the bytes that are copied, those that are read: the others are zeros.
      String bytes = f.pure("select i1 " + exists + ", i32 " + c.bytes() + ", i32 0");
      f.voidIntrinsic(name + ".s", to, from, "i32 " + bytes);
    }
  }

  @Override
  public Optional<List<String>> registers(KernelEmitter kernel, Buffer buffer) {
    return shape.sums().contains(buffer)
        ? Optional.of(WgmmaCode.declare(kernel.text(), buffer))
        : Optional.empty();
  }

  @Override
  public String readRegister(FunctionText f, String name) {
    return WgmmaCode.read(f, name);
  }

  @Override
  public void writeRegister(FunctionText f, String name, String value) {
    WgmmaCode.write(f, name, value);
  }

  @Override
  public String shared(KernelEmitter kernel, Buffer buffer) {
    if (shape.dynamicSharedBytes() > 0) {
      kernel
          .text()
          .module()
          .declare(DYNAMIC + " = external addrspace(3) global [0 x i8], align 128");
      long at = shape.sharedOffset(buffer);
      return at == 0
          ? DYNAMIC
          : "getelementptr (i8, ptr addrspace(3) " + DYNAMIC + ", i64 " + at + ")";
    }
    String name = "@" + LlvmTypes.name(kernel.kernel().name() + "_" + buffer.name());
    String type =
        "[" + buffer.size().constant() + " x " + LlvmTypes.memoryScalar(buffer.dtype()) + "]";
    kernel
        .text()
        .module()
        .declare(name + " = internal addrspace(3) global " + type + " undef, align 16");
    return name;
  }

  @Override
  public String shuffle(FunctionText f, Expr.WarpShuffleXor x, String operand) {
    return switch (x.dtype()) {
      case F32 -> shuffle(f, "f32", "float", operand, x.mask());
      case I32 -> shuffle(f, "i32", "i32", operand, x.mask());
      case BOOL -> {
        String wide = f.pure("zext i1 " + operand + " to i32");
        yield f.pure("trunc i32 " + shuffle(f, "i32", "i32", wide, x.mask()) + " to i1");
      }
      case I64 -> halves(f, operand, x.mask());
      case F64 -> {
        String bits = halves(f, f.pure("bitcast double " + operand + " to i64"), x.mask());
        yield f.pure("bitcast i64 " + bits + " to double");
      }
    };
  }

  /** 64 bits in two shuffles. */
  private static String halves(FunctionText f, String x, int mask) {
    String low = shuffle(f, "i32", "i32", f.pure("trunc i64 " + x + " to i32"), mask);
    String top = f.pure("trunc i64 " + f.pure("lshr i64 " + x + ", 32") + " to i32");
    String high = shuffle(f, "i32", "i32", top, mask);
    String shifted = f.pure("shl i64 " + f.pure("zext i32 " + high + " to i64") + ", 32");
    return f.pure("or i64 " + shifted + ", " + f.pure("zext i32 " + low + " to i64"));
  }

  private static String shuffle(
      FunctionText f, String suffix, String type, String operand, int mask) {
    return f.impureIntrinsic(
        type,
        "llvm.nvvm.shfl.sync.bfly." + suffix,
        ALL,
        type + " " + operand,
        "i32 " + mask,
        "i32 31");
  }

  private static UnsupportedOperationException notOnGpu(KernelEmitter kernel, LoopKind kind) {
    return new UnsupportedOperationException(
        "kernel " + kernel.kernel().name() + ": loop " + kind + " is for CPUs, not for GPUs");
  }
}
