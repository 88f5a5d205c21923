package modelc.ir.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every rule of the verifiers, broken once. */
class LoopVerifierTest {
  private static final Buffer X = Buffer.global("x", DType.F32, Dim.of(64));
  private static final Expr ZERO = LoopBuilder.index(0);

  private static List<String> problems(String body) {
    return LoopVerifier.problems(
        LoopParser.parseKernel(
            "kernel k(x: f32[64], n: i32[64]) where batch <= 4 { " + body + " }"));
  }

  private static List<String> problems(List<Buffer> parameters, Stmt... body) {
    return LoopVerifier.problems(
        new Kernel("k", parameters, List.of(), new Stmt.Block(List.of(body)), Set.of()));
  }

  @Test
  void validKernelsPass() {
    assertThat(LoopVerifier.problems(LoopParser.parseKernel(LoopTextTest.EVERY_STATEMENT)))
        .isEmpty();
    assertThat(LoopVerifier.problems(LoopParser.parseKernel(LoopTextTest.GPU))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // Expressions
        "let %a: f32 = 1.0 + 1.0f64 | operands of f32 and f64 in 1.0 + 1.0f64",
        "let %a: f32x8 = splat(1.0, 8) * splat(1.0, 4) | operands of f32x8 and f32x4",
        "let %a: bool = true + false | add of bool",
        "let %a: f32 = 1.0 & 2.0 | and of f32",
        "let %a: f32 = 1.0 << 2.0 | shift_left of f32",
        "let %a: i64 = exp(1) | exp of i64",
        "let %a: bool = negate(true) | negate of bool",
        "let %a: f32 = not(1.0) | not of f32",
        "let %a: i64 = fma(1, 2, 3) | fma of i64",
        "let %a: f32 = fma(1.0, 2.0, 3.0f64) | operands of f32 and f64 in fma",
        "let %a: bool = 1 < 2.0 | operands of i64 and f32 in 1 < 2.0",
        "let %a: f32 = select(1, 1.0, 2.0) | the predicate of f32 is i64",
        "let %a: f32x4 = select(true, splat(1.0, 4), splat(2.0, 4)) | the predicate of f32x4 is bool",
        "let %a: f32 = select(true, 1.0, 2) | operands of f32 and i64",
        "let %a: f32x1 = splat(1.0, 1) | a vector has 2 to 64 lanes, not 1",
        "let %a: f32x4 = splat(splat(1.0, 4), 4) | splat of f32x4",
        "let %a: f32x4 = ramp(1.0, 1.0, 4) | ramp of f32",
        "let %a: i64x4 = ramp(1, 1i32, 4) | ramp of i64 and i32",
        "let %a: i64x4 = ramp(ramp(1, 1, 4), 1, 4) | ramp of vectors",
        "let %a: f32 = horizontal_add(splat(1.0, 6)) | lanes are reduced pairwise, not 6",
        "let %a: bool = horizontal_add(splat(true, 4)) | horizontal_add of bool",
        "let %a: f32 = horizontal_or(splat(1.0, 4)) | horizontal_or of f32",
        "let %a: f32 = lane(splat(1.0, 4), 4) | f32x4 has no lane 4",
        "let %a: f32 = lane(1.0, 0) | f32 has no lane 0",
        "let %a: f32 = load x[0i32] | the index of x is i32, not i64",
        "let %a: f32 = load x[0 : 65] | an access to 65 lanes of x",
        "let %a: f32 = load x[ramp(0, 1, 4) : 8] | an index of 4 lanes for 8 elements of x",
        "let %a: f32 = load x[0 if 1] | the mask of 1 lanes of x is i64",
        "let %a: f32x4 = load x[0 : 4 if true] | the mask of 4 lanes of x is bool",
        // Statements
        "let %a: f64 = 1.0 | the value is f32",
        "store x[0] = 1 | the value is i64, the buffer f32",
        "store x[0 : 4 if true] = splat(1.0, 4) | the mask of 4 lanes of x is bool",
        "store x[true] = 1.0 | the index of x is bool, not i64",
        "if 1 { } | the condition is i64",
        "if splat(true, 4) { } | the condition is boolx4",
        "prefetch x[1.0] | the index is no scalar i64",
        "for %i = 0.0 to 4 { } | the bounds are no scalar i64",
        "for %i = 0 to 4 step 0 { } | the step is 0",
        "vector for %i = 0 to 4 step 2 { } | a vector loop steps by 1",
        "unroll for %i = 0 to batch { } | the bounds of an unrolled loop are constants",
        "unroll for %i = 0 to 5000 { } | unrolled more than 4096 times",
        "alloc b: f32[4*batch] private | the size is no positive constant",
        "alloc b: f32x4[4] private | only elements of register buffers are vectors",
        "alloc b: f32x65[4] register | elements of 65 lanes",
        "alloc b: f32[4] global | global buffers are parameters",
        "alloc b: f32[4] shared | shared memory belongs to a block",
        "alloc r: f32[4] register for %i = 0 to 4 { store r[%i] = 1.0 } | the index of register buffer r is no constant",
        "alloc r: f32[4] register store r[batch] = 1.0 | the index of register buffer r is no constant",
        "alloc r: f32[8] register store r[0 : 4] = splat(1.0, 4) | accessed whole and without a mask",
        "alloc r: f32[8] register store r[0 if true] = 1.0 | accessed whole and without a mask",
        "alloc r: f32x4[8] register let %a: f32 = load r[0 : 1] | accessed whole and without a mask",
        // Parallel loops
        "parallel for %i = 0 to 4 { } parallel for %j = 0 to 4 { } | there is another parallel loop",
        "for %i = 0 to 4 { parallel for %j = 0 to 4 { } } | a parallel loop is outermost",
        "store x[0] = 1.0 parallel for %j = 0 to 4 { } | a store outside the parallel loop",
        // GPU
        "thread_x for %i = 0 to batch { } | the number of threads is a constant",
        "thread_x for %i = 1 to 4 { } | it runs from 0, by 1",
        "grid_x for %i = 0 to 4 step 2 { thread_x for %j = 0 to 4 { } } | it runs from 0, by 1",
        "thread_x for %i = 0 to 4 { grid_x for %j = 0 to 4 { } } | only grid loops are around grid loops",
        "for %i = 0 to 4 { thread_x for %j = 0 to 4 { } } | only grid and thread loops are around thread loops",
        "thread_x for %i = 0 to 4 { } thread_x for %j = 0 to 4 { } | there is another thread_x loop",
        "thread_x for %i = 0 to 4 { } thread_y for %j = 0 to 4 { } | there is another thread loop beside it",
        "grid_x for %i = 0 to 4 { store x[0] = 1.0 thread_x for %j = 0 to 4 { } } | a store outside the threads",
        "grid_x for %i = 0 to 4 { if true { } thread_x for %j = 0 to 4 { } } | a condition outside the threads",
        "grid_x for %i = 0 to 4 { for %l = 0 to 4 { } thread_x for %j = 0 to 4 { } } | a loop outside the threads",
        "grid_x for %i = 0 to 4 { alloc p: f32[1] private thread_x for %j = 0 to 4 { } } | a buffer outside the threads",
        "grid_x for %i = 0 to 4 { prefetch x[0] thread_x for %j = 0 to 4 { } } | a prefetch outside the threads",
        "grid_x for %i = 0 to 4 { let %a: f32 = load x[0] thread_x for %j = 0 to 4 { } } | a load outside the threads",
        "thread_x for %i = 0 to 4 { alloc s: f32[4] shared } | shared memory belongs to a block",
        "thread_x for %i = 0 to 4 { parallel for %j = 0 to 4 { } } | a parallel loop in a gpu kernel",
        "thread_y for %i = 0 to 64 { thread_x for %j = 0 to 32 { } } | a block has at most 1024 threads, not 2048",
        "barrier | not in the threads of a block",
        "await_copies 0 | not in the threads of a block",
        "thread_x for %i = 0 to 16 { alloc c: f32[4] register mma_tf32(1.0, 1.0, 1.0, 1.0) * (1.0, 1.0) to c[0] } | 16 threads are not whole warps",
        "thread_x for %i = 0 to 32 { alloc c: f32[4] register mma_bf16(1.0, 1.0, 1.0, 1.0) * (1.0, 1.0) to c[0] } | a thread has 8 and 4 elements",
        "thread_x for %i = 0 to 32 { alloc c: f32[4] register mma_tf32(1.0, 1.0, 1.0, 1) * (1.0, 1.0) to c[0] } | factors are f32",
        "thread_x for %i = 0 to 32 { alloc c: f32[4] register mma_tf32(1.0, 1.0, 1.0, 1.0) * (1.0, 1.0) to c[%i] } | the index of register buffer c is no constant",
        "thread_x for %i = 0 to 32 { alloc c: f32[4] private mma_tf32(1.0, 1.0, 1.0, 1.0) * (1.0, 1.0) to c[0] } | the sums are f32 of a register buffer",
        "thread_x for %i = 0 to 32 { alloc c: f32[4] register mma_float32(1.0) * (1.0) to c[0] } | a warp multiplies no float32 matrices",
        "grid_x for %i = 0 to 4 { alloc s: f32[8] shared thread_x for %j = 0 to 4 { copy x[0] = s[0] } } | copies go from global to shared memory",
        "grid_x for %i = 0 to 4 { alloc s: f32[8] shared thread_x for %j = 0 to 4 { copy s[0 : 8] = x[0 : 8] } } | 4, 8 or 16 bytes are copied at once, not 32",
        "grid_x for %i = 0 to 4 { alloc s: i32[8] shared thread_x for %j = 0 to 4 { copy s[0] = x[0] } } | copies of f32 to i32",
        "grid_x for %i = 0 to 4 { alloc s: f32[8] shared thread_x for %j = 0 to 4 { copy s[ramp(0, 1, 2)] = x[ramp(0, 1, 2)] } } | an index of a copy is a vector",
        "grid_x for %i = 0 to 4 { alloc s: f32[8] shared thread_x for %j = 0 to 4 { copy s[0] = x[0 if %j] } } | the condition is i64",
        "thread_x for %i = 0 to 4 { let %a: f32x3 = load x[0 : 3] } | a gpu accesses a power of two of elements at once, not 3",
        "let %a: f32 = warp_shuffle_xor(1.0, 1) | a shuffle outside the threads",
        "thread_x for %i = 0 to 32 { let %a: f32 = warp_shuffle_xor(1.0, 32) } | a warp has 32 lanes",
        "thread_x for %i = 0 to 32 { let %a: f32x2 = warp_shuffle_xor(splat(1.0, 2), 1) } | shuffle of f32x2",
        "thread_x for %i = 0 to 48 { let %a: f32 = warp_shuffle_xor(1.0, 1) } | 48 threads are not whole warps",
      })
  void brokenRulesAreNamed(String body, String problem) {
    assertThat(problems(body)).anySatisfy(p -> assertThat(p).contains(problem));
  }

  @Test
  void aMessageNamesKernelAndStatement() {
    assertThat(problems("for %i = 0 to 4 { store x[%i] = 1 }"))
        .containsExactly("kernel k: store x[%i] = 1: the value is i64, the buffer f32");
  }

  @Test
  void variablesAreBoundOnceAndUsedInTheirBlock() {
    var v = Var.index("v");
    Stmt let = new Stmt.Let(v, ZERO);
    Stmt use = new Stmt.Store(X, new Expr.VarRef(v), LoopBuilder.f32(1), Optional.empty());
    assertThat(problems(List.of(X), let, use)).isEmpty();
    assertThat(problems(List.of(X), use, let))
        .anySatisfy(p -> assertThat(p).contains("no variable %v here"));
    assertThat(problems(List.of(X), new Stmt.Block(List.of(let)), use))
        .anySatisfy(p -> assertThat(p).contains("no variable %v here"));
    assertThat(
            problems(
                List.of(X), new Stmt.If(LoopBuilder.lt(ZERO, ZERO), let, Optional.empty()), use))
        .anySatisfy(p -> assertThat(p).contains("no variable %v here"));
    assertThat(problems(List.of(X), let, let))
        .anySatisfy(p -> assertThat(p).contains("%v is bound twice"));
    Stmt otherType =
        new Stmt.Let(new Var("w", DType.I32, 1), new Expr.VarRef(new Var("v", DType.I32, 1)));
    assertThat(problems(List.of(X), let, otherType))
        .anySatisfy(p -> assertThat(p).contains("no variable %v here"));
  }

  @Test
  void buffersAreBoundOnceAndUsedInTheirBlock() {
    var b = Buffer.local("b", DType.F32, 1, 4, Space.PRIVATE);
    Stmt alloc = new Stmt.Alloc(b);
    Stmt use = new Stmt.Store(b, ZERO, LoopBuilder.f32(1), Optional.empty());
    assertThat(problems(List.of(), alloc, use)).isEmpty();
    assertThat(problems(List.of(), use, alloc))
        .anySatisfy(p -> assertThat(p).contains("no buffer b here"));
    assertThat(problems(List.of(), new Stmt.Block(List.of(alloc)), use))
        .anySatisfy(p -> assertThat(p).contains("no buffer b here"));
    assertThat(problems(List.of(), alloc, alloc))
        .anySatisfy(p -> assertThat(p).contains("b has a name in use"));
    assertThat(problems(List.of(b)))
        .anySatisfy(p -> assertThat(p).contains("parameter b is private, not global"));
    assertThat(problems(List.of(new Buffer("v", DType.F32, 8, Dim.of(4), Space.GLOBAL))))
        .anySatisfy(p -> assertThat(p).contains("elements of parameter v are vectors"));
  }

  @Test
  void constantsAreHeldByTheirType() {
    for (Expr.Const bad :
        List.of(
            new Expr.Const(DType.F32, 0.1),
            new Expr.Const(DType.I32, 0x1p31),
            new Expr.Const(DType.I64, 0.5),
            new Expr.Const(DType.BOOL, 2))) {
      Stmt let = new Stmt.Let(new Var("v", bad.dtype(), 1), bad);
      assertThat(problems(List.of(), let))
          .anySatisfy(p -> assertThat(p).contains(" is no " + bad.dtype()));
    }
  }

  @Test
  void symbolsAreDeclared() {
    var batch = new Symbol("batch", 4);
    assertThat(problems(List.of(Buffer.global("x", DType.F32, Dim.of(batch)))))
        .anySatisfy(p -> assertThat(p).contains("symbol batch is not declared"));
    assertThat(problems(List.of(), new Stmt.Let(Var.index("v"), new Expr.Size(batch))))
        .anySatisfy(p -> assertThat(p).contains("symbol batch is not declared"));
    var twice =
        new Kernel("k", List.of(), List.of(batch, batch), new Stmt.Block(List.of()), Set.of());
    assertThat(LoopVerifier.problems(twice))
        .anySatisfy(p -> assertThat(p).contains("declared twice"));
  }

  private static final String ENTRY =
      """
      kernel copy(x: f32[4*batch], y: f32[4*batch]) where batch <= 8 {
        for %i = 0 to 4 * batch {
          store y[%i] = load x[%i]
        }
      }
      entry e(a: f32[4*batch], b: f32[8*batch], c: i32[4*batch], d: f32[20]) where batch <= 8 {
        arena 256
        LAUNCH
      }
      """;

  private static List<String> entry(String launch) {
    return LoopVerifier.problems(LoopParser.parseEntry(ENTRY.replace("LAUNCH", launch)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "launch copy(a, b)",
        "launch copy(arena[0], arena[128])",
        "launch copy(arena[128], arena[128])",
        "launch copy(a, a)"
      })
  void validLaunchesPass(String launch) {
    assertThat(entry(launch)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "launch copy(a) | 1 arguments for 2 parameters",
        "launch copy(a, #4) | there is no argument 4",
        "launch copy(a, c) | y is f32, argument c i32",
        "launch copy(a, d) | y has 4*batch elements, argument d 20",
        "launch copy(a, arena[32]) | y is at 32, no multiple of 64",
        "launch copy(a, arena[192]) | y ends at 320, the arena at 256",
        "launch copy(arena[0], arena[64]) | overlap",
        "split launch copy(a, b) | it is split, but has no parallel loop",
      })
  void brokenLaunchesAreNamed(String launch, String problem) {
    assertThat(entry(launch)).anySatisfy(p -> assertThat(p).contains(problem));
  }

  @Test
  void entriesDeclareTheirSymbols() {
    var batch = new Symbol("batch", 8);
    var time = new Symbol("time", 8);
    var x = Buffer.global("x", DType.F32, Dim.of(time));
    var k = new Kernel("k", List.of(x), List.of(time), new Stmt.Block(List.of()), Set.of());
    var launch = new LoopEntry.Launch(k, List.of(new LoopEntry.Ref.Argument(0)), false, false);
    var argument = new LoopEntry.ArgumentBuffer("x", DType.F32, Dim.of(time));
    assertThat(
            LoopVerifier.problems(
                new LoopEntry("e", List.of(time), List.of(argument), 0, List.of(launch))))
        .isEmpty();
    var e = new LoopEntry("e", List.of(batch, batch), List.of(argument), -1, List.of(launch));
    assertThat(LoopVerifier.problems(e).toString())
        .contains("a symbol is declared twice")
        .contains("argument x has time elements, of which a symbol is not declared")
        .contains("the arena has -1 bytes")
        .contains("the kernel uses a symbol that the entry does not have");
  }

  @Test
  void kernelsOfOneNameAreEqual() {
    var a = new Kernel("k", List.of(), List.of(), new Stmt.Block(List.of()), Set.of());
    var b =
        new Kernel(
            "k",
            List.of(),
            List.of(),
            new Stmt.Block(List.of(new Stmt.Block(List.of()))),
            Set.of());
    var e =
        new LoopEntry(
            "e",
            List.of(),
            List.of(),
            0,
            List.of(
                new LoopEntry.Launch(a, List.of(), false, false),
                new LoopEntry.Launch(b, List.of(), false, false)));
    assertThat(LoopVerifier.problems(e).toString()).contains("another kernel has this name");
    assertThatThrownBy(() -> LoopVerifier.verify(e)).isInstanceOf(InvalidLoopException.class);
  }
}
