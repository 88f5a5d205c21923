package modelc.backend.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.Stmt;

/**
 * Writes one kernel as one LLVM function {@code void @k_NAME(ptr buffers..., i64 symbols..., i32
 * tid, i32 nthreads)}. It does not optimise: loops become loops, UNROLL loops are written out, and
 * nothing is reordered.
 */
final class KernelEmitter {
  /** Iterations of UNROLL loops that one kernel may be written out to. */
  static final long MAX_UNROLLED = 100_000;

  /** Bytes of PRIVATE buffers of one kernel: they live on the stack of a thread. */
  static final long MAX_PRIVATE_BYTES = 256 << 10;

  private final Kernel kernel;
  private final FunctionText f;
  private final ExprEmitter expressions;
  private long unrolled;
  private long privateBytes;

  private KernelEmitter(ModuleText module, Kernel kernel) {
    this.kernel = kernel;
    this.f = new FunctionText(module);
    this.expressions = new ExprEmitter(f);
  }

  /**
   * The function's text.
   *
   * @param linkage LLVM's word for who may call it
   * @param aliased parameters that some launch gives the same memory as another one
   */
  static String emit(ModuleText module, Kernel kernel, String linkage, Set<Integer> aliased) {
    var emitter = new KernelEmitter(module, kernel);
    String signature = emitter.signature(linkage, aliased);
    emitter.statement(kernel.body());
    emitter.f.line("ret void");
    return emitter.f.define(signature, emitter.comment());
  }

  /** The declaration of a kernel that another module defines. */
  static String declaration(Kernel kernel) {
    String parameters =
        "ptr, ".repeat(kernel.parameters().size())
            + "i64, ".repeat(kernel.symbols().size())
            + "i32, i32";
    return "declare hidden void " + functionName(kernel) + "(" + parameters + ")";
  }

  static String functionName(Kernel kernel) {
    return "@" + LlvmTypes.name("k_" + kernel.name());
  }

  private String signature(String linkage, Set<Integer> aliased) {
    var parameters = new ArrayList<String>();
    for (int i = 0; i < kernel.parameters().size(); i++) {
      Buffer b = kernel.parameters().get(i);
      String name = "%" + LlvmTypes.name("b." + b.name());
      expressions.place(b, new MemoryEmitter.Place.Memory(name));
      parameters.add("ptr " + (aliased.contains(i) ? "" : "noalias ") + "align 64 " + name);
    }
    for (Symbol s : kernel.symbols()) {
      String name = "%" + LlvmTypes.name("s." + s.name());
      expressions.addressing().bindSize(s, name);
      parameters.add("i64 " + name);
    }
    parameters.add("i32 %tid");
    parameters.add("i32 %nthreads");
    return "define "
        + linkage
        + " void "
        + functionName(kernel)
        + "("
        + String.join(", ", parameters)
        + ") nounwind";
  }

  private String comment() {
    var origins = new TreeSet<String>();
    kernel.origins().forEach(o -> origins.add(o.toString()));
    var text = new StringBuilder();
    origins.forEach(o -> text.append("; ").append(o.replace('\n', ' ')).append('\n'));
    return text.toString();
  }

  private void statement(Stmt s) {
    switch (s) {
      case Stmt.Block b -> b.body().forEach(this::statement);
      case Stmt.For loop -> loop(loop);
      case Stmt.Let let -> expressions.bind(let.var(), let.value());
      case Stmt.Store store -> expressions.memory().store(store);
      case Stmt.Alloc alloc -> allocate(alloc.buffer());
      case Stmt.If branch -> branch(branch);
      case Stmt.Prefetch p -> expressions.memory().prefetch(p);
      case Stmt.Barrier _ -> throw notOnCpu("barrier");
    }
  }

  private void loop(Stmt.For loop) {
    Linear lower = expressions.index(loop.lower());
    Linear upper = expressions.index(loop.upper());
    switch (loop.kind()) {
      case SERIAL -> serial(loop, lower, upper);
      case PARALLEL -> parallel(loop, lower, upper);
      case UNROLL -> unroll(loop, lower, upper);
      case VECTOR ->
          throw new UnsupportedOperationException(
              "kernel " + kernel.name() + ": vectorise before code generation");
      case GRID_X, GRID_Y, GRID_Z, THREAD_X, THREAD_Y -> throw notOnCpu("loop " + loop.kind());
    }
  }

  private void unroll(Stmt.For loop, Linear lower, Linear upper) {
    if (!lower.isConstant() || !upper.isConstant()) {
      throw new IllegalArgumentException(
          "kernel "
              + kernel.name()
              + ": the bounds of unroll loop "
              + loop.var().name()
              + " are not constants");
    }
    for (long i = lower.constant(); i < upper.constant(); i += loop.step()) {
      if (++unrolled > MAX_UNROLLED) {
        throw new IllegalArgumentException(
            "kernel " + kernel.name() + " unrolls to more than " + MAX_UNROLLED + " iterations");
      }
      expressions.addressing().bind(loop.var(), Linear.of(i));
      statement(loop.body());
    }
  }

  /** This thread's share of the iterations, {@code [n*tid/T, n*(tid+1)/T)}. */
  private void parallel(Stmt.For loop, Linear lower, Linear upper) {
    Addressing a = expressions.addressing();
    String span = a.value(upper.minus(lower).plus(Linear.of(loop.step() - 1)));
    String count = loop.step() == 1 ? span : f.pure("sdiv i64 " + span + ", " + loop.step());
    String some = f.intrinsic("i64", "llvm.smax.i64", "i64 " + count, "i64 0");
    String thread = f.pure("zext i32 %tid to i64");
    String threads = f.pure("zext i32 %nthreads to i64");
    String next = f.pure("add i64 " + thread + ", 1");
    String from = f.pure("udiv i64 " + f.pure("mul i64 " + some + ", " + thread) + ", " + threads);
    String to = f.pure("udiv i64 " + f.pure("mul i64 " + some + ", " + next) + ", " + threads);
    serial(
        loop,
        lower.plus(a.atomHere(from).times(loop.step())),
        lower.plus(a.atomHere(to).times(loop.step())));
  }

  /** A loop whose test is at its end, behind a test of whether to enter it at all. */
  private void serial(Stmt.For loop, Linear lower, Linear upper) {
    Addressing a = expressions.addressing();
    Linear span = upper.minus(lower);
    if (span.isConstant() && span.constant() <= loop.step()) {
      if (span.constant() > 0) {
        a.bind(loop.var(), lower);
        statement(loop.body());
      }
      return;
    }
    String from = a.value(lower);
    String to = a.value(upper);
    String before = f.freshLabel("before");
    String head = f.freshLabel("loop");
    String latch = f.freshLabel("latch");
    String done = f.freshLabel("done");
    String after = f.freshLabel("after");
    if (span.isConstant()) {
      f.jump(before);
    } else {
      f.branch(f.pure("icmp slt i64 " + from + ", " + to), before, after);
    }
    f.startBlock(before);
    f.jump(head);
    f.startBlock(head);
    String i = f.fresh(loop.var().name());
    String next = f.fresh(loop.var().name() + ".next");
    f.line(i + " = phi i64 [ " + from + ", %" + before + " ], [ " + next + ", %" + latch + " ]");
    f.enter();
    a.enterLoop();
    a.bind(loop.var(), a.atomHere(i));
    statement(loop.body());
    a.leaveLoop();
    f.leave();
    f.jump(latch);
    f.startBlock(latch);
    f.line(next + " = add nsw i64 " + i + ", " + loop.step());
    String again = f.fresh("again");
    f.line(again + " = icmp slt i64 " + next + ", " + to);
    f.branch(again, head, done);
    f.startBlock(done);
    f.jump(after);
    f.startBlock(after);
  }

  private void branch(Stmt.If s) {
    String condition = expressions.value(s.condition());
    if (Arithmetic.isConstant(condition)) {
      if (condition.equals("true")) {
        statement(s.then());
      } else {
        s.otherwise().ifPresent(this::statement);
      }
      return;
    }
    String then = f.freshLabel("then");
    String otherwise = f.freshLabel("else");
    String join = f.freshLabel("join");
    f.branch(condition, then, s.otherwise().isPresent() ? otherwise : join);
    arm(then, s.then(), join);
    s.otherwise().ifPresent(body -> arm(otherwise, body, join));
    f.startBlock(join);
  }

  private void arm(String label, Stmt body, String join) {
    f.startBlock(label);
    f.enter();
    statement(body);
    f.leave();
    f.jump(join);
  }

  private void allocate(Buffer b) {
    switch (b.space()) {
      case REGISTER -> {
        String type = LlvmTypes.value(b.dtype(), b.lanes());
        int align = Math.max(1, Integer.highestOneBit(b.dtype().bytes() * b.lanes()));
        List<String> slots = new ArrayList<>();
        for (long i = 0; i < b.size().constant(); i++) {
          slots.add(f.slot(b.name() + "." + i, type, align));
        }
        expressions.place(b, new MemoryEmitter.Place.Registers(List.copyOf(slots)));
      }
      case PRIVATE -> {
        privateBytes += b.size().constant() * b.dtype().bytes();
        if (privateBytes > MAX_PRIVATE_BYTES) {
          throw new IllegalArgumentException(
              "kernel "
                  + kernel.name()
                  + " has more than "
                  + MAX_PRIVATE_BYTES
                  + " bytes of private buffers");
        }
        String type = "[" + b.size().constant() + " x " + LlvmTypes.memoryScalar(b.dtype()) + "]";
        expressions.place(b, new MemoryEmitter.Place.Memory(f.slot(b.name(), type, 64)));
      }
      case SHARED -> throw notOnCpu("shared buffer " + b.name());
      case GLOBAL ->
          throw new IllegalArgumentException(
              "global buffer " + b.name() + " is not a parameter of " + kernel.name());
    }
  }

  private UnsupportedOperationException notOnCpu(String what) {
    return new UnsupportedOperationException(
        "kernel " + kernel.name() + ": " + what + " is for GPUs, not for the CPU");
  }
}
