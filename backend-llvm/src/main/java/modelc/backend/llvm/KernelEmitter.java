package modelc.backend.llvm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;

/**
 * Writes one kernel as one LLVM function, in the dialect of a machine. It does not optimise: loops
 * become loops, UNROLL loops are written out, and nothing is reordered.
 */
public final class KernelEmitter {
  /** Iterations of UNROLL loops that one kernel may be written out to. */
  static final long MAX_UNROLLED = 100_000;

  /** Bytes of PRIVATE buffers of one kernel: they live on the stack of a thread. */
  static final long MAX_PRIVATE_BYTES = 256 << 10;

  private final Kernel kernel;
  private final KernelDialect dialect;
  private final FunctionText f;
  private final ExprEmitter expressions;
  private long unrolled;
  private long privateBytes;

  private KernelEmitter(ModuleText module, Kernel kernel, KernelDialect dialect) {
    this.kernel = kernel;
    this.dialect = dialect;
    this.f = new FunctionText(module);
    this.expressions = new ExprEmitter(f, dialect);
  }

  /**
   * The function's text.
   *
   * @param aliased parameters that some launch gives the same memory as another one
   */
  public static String emit(
      ModuleText module, Kernel kernel, KernelDialect dialect, Set<Integer> aliased) {
    var emitter = new KernelEmitter(module, kernel, dialect);
    String signature = emitter.signature(aliased);
    emitter.statement(kernel.body());
    emitter.f.line("ret void");
    return emitter.f.define(signature, emitter.comment());
  }

  public Kernel kernel() {
    return kernel;
  }

  /** The function being written. */
  public FunctionText text() {
    return f;
  }

  public Addressing addressing() {
    return expressions.addressing();
  }

  /** An I64 expression as a sum of terms. */
  public Linear index(Expr e) {
    return expressions.index(e);
  }

  /** An expression as an operand: a register or a constant. */
  public String value(Expr e) {
    return expressions.value(e);
  }

  /** The address of an element in memory, with its type. */
  public String address(Buffer buffer, Expr index) {
    return expressions.memory().address(buffer, index);
  }

  /** The stack slot of an element of a register buffer. */
  public String slot(Buffer buffer, Expr index) {
    return expressions.memory().slot(buffer, index);
  }

  /** The names of a register buffer's registers, which {@link KernelDialect#registers} gave. */
  public List<String> registers(Buffer buffer) {
    return expressions.memory().registers(buffer);
  }

  /** The name of the kernel's function in LLVM IR. */
  public static String functionName(Kernel kernel) {
    return "@" + LlvmTypes.name("k_" + kernel.name());
  }

  private String signature(Set<Integer> aliased) {
    var parameters = new ArrayList<String>();
    String pointer = dialect.pointer(Space.GLOBAL);
    for (int i = 0; i < kernel.parameters().size(); i++) {
      Buffer b = kernel.parameters().get(i);
      String name = "%" + LlvmTypes.name("b." + b.name());
      expressions.place(b, new MemoryEmitter.Place.Memory(pointer, name));
      parameters.add(
          pointer
              + " "
              + (aliased.contains(i) ? "" : "noalias ")
              + "align "
              + dialect.alignment(b)
              + " "
              + name);
    }
    for (Symbol s : kernel.symbols()) {
      String name = "%" + LlvmTypes.name("s." + s.name());
      expressions.addressing().bindSize(s, name);
      parameters.add(dialect.size(s) + " " + name);
    }
    return dialect.signature(kernel, parameters);
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
      case Stmt.InBlock x -> dialect.inBlock(this, x);
    }
  }

  private void loop(Stmt.For loop) {
    switch (loop.kind()) {
      case SERIAL -> serial(loop, index(loop.lower()), index(loop.upper()));
      case UNROLL -> unroll(loop, index(loop.lower()), index(loop.upper()));
      case PARALLEL, VECTOR, GRID_X, GRID_Y, GRID_Z, THREAD_X, THREAD_Y -> dialect.loop(this, loop);
    }
  }

  /** The body of a loop, for one value of its variable. */
  public void iteration(Stmt.For loop, Linear value) {
    addressing().bind(loop.var(), value);
    statement(loop.body());
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
      iteration(loop, Linear.of(i));
    }
  }

  /**
   * All iterations from {@code lower} to {@code upper}, one after the other: a loop whose test is
   * at its end, behind a test of whether to enter it at all.
   */
  public void serial(Stmt.For loop, Linear lower, Linear upper) {
    Addressing a = expressions.addressing();
    Linear span = upper.minus(lower);
    if (span.isConstant() && span.constant() <= loop.step()) {
      if (span.constant() > 0) {
        iteration(loop, lower);
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
    iteration(loop, a.atomHere(i));
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
        Optional<List<String>> named = dialect.registers(this, b);
        if (named.isPresent()) {
          expressions.place(b, new MemoryEmitter.Place.Named(named.get()));
          return;
        }
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
        expressions.place(
            b,
            new MemoryEmitter.Place.Memory(
                dialect.pointer(Space.PRIVATE), f.slot(b.name(), type, 64)));
      }
      case SHARED ->
          expressions.place(
              b,
              new MemoryEmitter.Place.Memory(
                  dialect.pointer(Space.SHARED), dialect.shared(this, b)));
      case GLOBAL ->
          throw new IllegalArgumentException(
              "global buffer " + b.name() + " is not a parameter of " + kernel.name());
    }
  }
}
