package modelc.ir.loop;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Precision;
import modelc.ir.Symbol;

/**
 * The rules of Loop IR that can be checked without running it. What needs running (bounds of
 * indices, undefined elements, races) is {@link LoopInterpreter}'s.
 *
 * <ul>
 *   <li>Parameters are GLOBAL, nothing else is. Local buffers have a constant size; only elements
 *       of REGISTER buffers are vectors.
 *   <li>A variable and a buffer is bound once in a kernel and used only after that, in its block.
 *       Symbols are declared.
 *   <li>Every expression is well typed: {@link ExprTypes}. A let has the type of its value, bounds
 *       and conditions are scalars, steps positive.
 *   <li>The bounds of UNROLL loops are constants. An index of a REGISTER buffer is made of
 *       constants, variables of UNROLL loops, and lets of these.
 *   <li>There is at most one PARALLEL loop, no loop is around it, and nothing outside it is stored
 *       to GLOBAL buffers.
 *   <li>GRID and THREAD loops run from 0, by 1; each kind occurs once; GRID loops are outermost,
 *       THREAD loops inside them. Outside THREAD loops there are only lets and SHARED buffers;
 *       inside there are no SHARED buffers, which belong to the block. THREAD bounds are constants.
 *       Barriers, copies and shuffles stand in THREAD loops, shuffles in whole warps. Copies go
 *       from GLOBAL to SHARED buffers, 4, 8 or 16 bytes at once. Accesses to several elements are
 *       of powers of two. Products of matrices stand in whole warps, too.
 * </ul>
 *
 * <p>{@link EntryVerifier} has the rules of entries.
 */
public final class LoopVerifier {
  /** An unrolled loop is written out in full. */
  static final int MAX_UNROLL = 4096;

  private static final int MAX_THREADS = 1024;
  private static final int WARP = 32;

  /** What one asynchronous copy can move. */
  private static final Set<Integer> COPIED_BYTES = Set.of(4, 8, 16);

  private static final Set<LoopKind> GRID =
      EnumSet.of(LoopKind.GRID_X, LoopKind.GRID_Y, LoopKind.GRID_Z);
  private static final Set<LoopKind> THREAD = EnumSet.of(LoopKind.THREAD_X, LoopKind.THREAD_Y);

  private final Kernel kernel;
  private final List<String> problems = new ArrayList<>();
  private final Set<Symbol> symbols;
  private final Map<String, Var> vars = new HashMap<>();
  private final Map<String, Buffer> buffers = new HashMap<>();
  private final Set<String> boundOnce = new HashSet<>();

  /** Variables that are constants once UNROLL loops are expanded. */
  private final Set<Var> constants = new HashSet<>();

  /** The loops around the current statement, outermost first. */
  private final List<Stmt.For> loops = new ArrayList<>();

  private final EnumSet<LoopKind> seen = EnumSet.noneOf(LoopKind.class);
  private final boolean onGpu;
  private boolean storesOutsideParallel;
  private boolean shuffles;
  private boolean warpgroups;

  /** The current statement, once inside the body. */
  private Optional<Stmt> where = Optional.empty();

  private final ExprTypes types = new ExprTypes(this::problem);

  private LoopVerifier(Kernel kernel) {
    this.kernel = kernel;
    symbols = Set.copyOf(kernel.symbols());
    onGpu = hasLoop(kernel.body(), GRID) || hasLoop(kernel.body(), THREAD);
  }

  /** What is wrong with a kernel, in the order of its text. */
  public static List<String> problems(Kernel kernel) {
    var v = new LoopVerifier(kernel);
    v.kernel();
    return v.problems.stream().distinct().toList();
  }

  /** What is wrong with an entry and the kernels it launches. */
  public static List<String> problems(LoopEntry entry) {
    return EntryVerifier.problems(entry);
  }

  /**
   * Checks a kernel.
   *
   * @throws InvalidLoopException if a rule is broken
   */
  public static void verify(Kernel kernel) {
    require(problems(kernel));
  }

  /**
   * Checks an entry and its kernels.
   *
   * @throws InvalidLoopException if a rule is broken
   */
  public static void verify(LoopEntry entry) {
    require(problems(entry));
  }

  /**
   * Checks all entries.
   *
   * @throws InvalidLoopException if a rule is broken
   */
  public static void verify(LoopProgram program) {
    require(program.entries().stream().flatMap(e -> problems(e).stream()).distinct().toList());
  }

  private static void require(List<String> problems) {
    if (!problems.isEmpty()) {
      throw new InvalidLoopException(problems);
    }
  }

  static boolean hasLoop(Stmt s, Set<LoopKind> kinds) {
    return switch (s) {
      case Stmt.Block b -> b.body().stream().anyMatch(x -> hasLoop(x, kinds));
      case Stmt.For f -> kinds.contains(f.kind()) || hasLoop(f.body(), kinds);
      case Stmt.If i ->
          hasLoop(i.then(), kinds) || i.otherwise().map(o -> hasLoop(o, kinds)).orElse(false);
      case Stmt.Let _, Stmt.Store _, Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ -> false;
    };
  }

  private void problem(String text) {
    problems.add(
        "kernel "
            + kernel.name()
            + ": "
            + where.map(s -> LoopPrinter.summary(s) + ": ").orElse("")
            + text);
  }

  private void require(boolean condition, String problem) {
    if (!condition) {
      problem(problem);
    }
  }

  private void kernel() {
    require(symbols.size() == kernel.symbols().size(), "a symbol is declared twice");
    for (Buffer b : kernel.parameters()) {
      require(
          b.space() == Space.GLOBAL, "parameter " + b.name() + " is " + b.space() + ", not global");
      require(b.lanes() == 1, "elements of parameter " + b.name() + " are vectors");
      symbols(b.size());
      declare(b);
    }
    stmt(kernel.body());
    where = Optional.empty();
    require(
        !storesOutsideParallel || !seen.contains(LoopKind.PARALLEL),
        "a store outside the parallel loop would be done by all threads");
    long threads = 1;
    for (Stmt.For f : threadLoops(kernel.body(), new ArrayList<>())) {
      threads *= f.upper() instanceof Expr.Const c ? (long) c.value() : 1;
    }
    require(
        threads <= MAX_THREADS, "a block has at most " + MAX_THREADS + " threads, not " + threads);
    require(
        threads % WARP == 0 || !shuffles,
        threads + " threads are not whole warps, which shuffles and products need");
    require(
        threads % WarpgroupTile.THREADS == 0 || !warpgroups,
        threads + " threads are not whole warpgroups, which their products need");
  }

  private static List<Stmt.For> threadLoops(Stmt s, List<Stmt.For> out) {
    switch (s) {
      case Stmt.Block b -> b.body().forEach(x -> threadLoops(x, out));
      case Stmt.For f -> {
        if (THREAD.contains(f.kind())) {
          out.add(f);
        }
        threadLoops(f.body(), out);
      }
      case Stmt.If i -> {
        threadLoops(i.then(), out);
        i.otherwise().ifPresent(o -> threadLoops(o, out));
      }
      case Stmt.Let _, Stmt.Store _, Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ -> {}
    }
    return out;
  }

  private void symbols(Dim d) {
    for (Symbol s : d.symbols()) {
      require(symbols.contains(s), "symbol " + s + " is not declared");
    }
  }

  private void declare(Buffer b) {
    require(boundOnce.add(b.name()), "buffer " + b.name() + " has a name in use");
    buffers.put(b.name(), b);
  }

  private void bind(Var v, boolean constant) {
    require(boundOnce.add("%" + v.name()), "%" + v.name() + " is bound twice");
    vars.put(v.name(), v);
    if (constant) {
      constants.add(v);
    }
  }

  private boolean inside(Set<LoopKind> kinds) {
    return loops.stream().anyMatch(f -> kinds.contains(f.kind()));
  }

  private void stmt(Stmt s) {
    where = Optional.of(s);
    switch (s) {
      case Stmt.Block b -> scoped(() -> b.body().forEach(this::stmt));
      case Stmt.For f -> loop(f);
      case Stmt.Let l -> {
        expr(l.value());
        require(
            l.var().dtype() == l.value().dtype() && l.var().lanes() == l.value().lanes(),
            "the value is " + ExprTypes.type(l.value()));
        bind(l.var(), isConstant(l.value()));
      }
      case Stmt.Store st -> {
        inThreads("a store");
        use(st.buffer(), st.index());
        expr(st.index());
        expr(st.value());
        st.mask().ifPresent(this::expr);
        types.access(st.buffer(), st.index(), st.value().lanes(), st.mask());
        atOnce(st.buffer(), st.value().lanes());
        require(
            st.value().dtype() == st.buffer().dtype(),
            "the value is " + st.value().dtype() + ", the buffer " + st.buffer().dtype());
        storesOutsideParallel |=
            st.buffer().space() == Space.GLOBAL && !inside(EnumSet.of(LoopKind.PARALLEL));
      }
      case Stmt.Alloc a -> alloc(a.buffer());
      case Stmt.If i -> {
        inThreads("a condition");
        expr(i.condition());
        require(
            i.condition().dtype() == DType.BOOL && i.condition().lanes() == 1,
            "the condition is " + ExprTypes.type(i.condition()));
        scoped(() -> stmt(i.then()));
        i.otherwise().ifPresent(o -> scoped(() -> stmt(o)));
      }
      case Stmt.InBlock x -> inBlock(x);
      case Stmt.Prefetch p -> {
        inThreads("a prefetch");
        use(p.buffer(), p.index());
        expr(p.index());
        require(
            p.index().dtype() == DType.I64 && p.index().lanes() == 1, "the index is no scalar i64");
      }
    }
  }

  private void inBlock(Stmt.InBlock s) {
    require(inside(THREAD), "not in the threads of a block");
    switch (s) {
      case Stmt.Barrier _, Stmt.CommitCopies _, Stmt.FenceFactors _ -> {}
      case Stmt.AwaitCopies a -> require(a.pending() >= 0, a.pending() + " groups");
      case Stmt.Copy c -> copy(c);
      case Stmt.WarpMma m -> mma(m);
      case Stmt.AwaitProducts a -> require(a.pending() >= 0, a.pending() + " products");
      case Stmt.StoreFactors x -> storeFactors(x);
      case Stmt.WarpgroupMma m -> warpgroupMma(m);
    }
  }

  private void mma(Stmt.WarpMma m) {
    shuffles = true;
    Exprs.operands(m).forEach(this::expr);
    use(m.sums(), m.first());
    types.access(m.sums(), m.first(), 1, Optional.empty());
    require(
        m.sums().space() == Space.REGISTER && m.sums().dtype() == DType.F32,
        "the sums are f32 of a register buffer");
    require(m.factors() != Precision.FLOAT32, "a warp multiplies no float32 matrices");
    if (m.factors() == Precision.FLOAT32) {
      return;
    }
    WarpTile tile = WarpTile.of(m.factors());
    require(
        m.a().size() == tile.valuesOfA() && m.b().size() == tile.terms(),
        "a thread has " + tile.valuesOfA() + " and " + tile.terms() + " elements");
    require(
        Stream.concat(m.a().stream(), m.b().stream())
            .allMatch(e -> e.dtype() == DType.F32 && e.lanes() == 1),
        "factors are f32");
  }

  private void storeFactors(Stmt.StoreFactors s) {
    Exprs.operands(s).forEach(this::expr);
    factors(s.to(), s.index());
    if (hasTile(s.factors())) {
      int run = WarpgroupTile.of(s.factors()).run();
      require(s.values().size() == run, "a run has " + run + " terms");
    }
    require(
        s.values().stream().allMatch(e -> e.dtype() == DType.F32 && e.lanes() == 1),
        "factors are f32");
  }

  private void warpgroupMma(Stmt.WarpgroupMma m) {
    warpgroups = true;
    Exprs.operands(m).forEach(this::expr);
    factors(m.a().buffer(), m.a().first());
    factors(m.b().buffer(), m.b().first());
    use(m.sums(), m.first());
    types.access(m.sums(), m.first(), 1, Optional.empty());
    require(
        m.sums().space() == Space.REGISTER && m.sums().dtype() == DType.F32,
        "the sums are f32 of a register buffer");
    require(
        m.columns() > 0
            && m.columns() <= WarpgroupTile.MAX_COLUMNS
            && m.columns() % WarpgroupTile.COLUMN_STEP == 0,
        m.columns() + " columns");
    if (hasTile(m.factors())) {
      int depth = WarpgroupTile.of(m.factors()).depth();
      require(
          m.terms() > 0 && m.terms() % depth == 0,
          m.terms() + " terms, not a multiple of " + depth);
    }
    require(
        m.a().rows() >= WarpgroupTile.ROWS && m.b().rows() >= m.columns(),
        "a tile has fewer rows than the product");
  }

  private boolean hasTile(Precision factors) {
    require(factors != Precision.FLOAT32, "a warpgroup multiplies no float32 matrices");
    return factors != Precision.FLOAT32;
  }

  /** Where factors of a warpgroup's product are. */
  private void factors(Buffer b, Expr index) {
    use(b, index);
    types.access(b, index, 1, Optional.empty());
    require(
        b.space() == Space.SHARED && b.dtype() == DType.I32,
        "factors of a warpgroup are i32 of a shared buffer");
  }

  private void copy(Stmt.Copy c) {
    use(c.to(), c.toIndex());
    use(c.from(), c.fromIndex());
    Exprs.operands(c).forEach(this::expr);
    types.access(c.to(), c.toIndex(), c.lanes(), Optional.empty());
    types.access(c.from(), c.fromIndex(), c.lanes(), Optional.empty());
    require(
        c.to().space() == Space.SHARED && c.from().space() == Space.GLOBAL,
        "copies go from global to shared memory");
    require(
        c.to().dtype() == c.from().dtype(),
        "copies of " + c.from().dtype() + " to " + c.to().dtype());
    require(
        c.toIndex().lanes() == 1 && c.fromIndex().lanes() == 1, "an index of a copy is a vector");
    require(
        COPIED_BYTES.contains(c.bytes()), "4, 8 or 16 bytes are copied at once, not " + c.bytes());
    c.exists()
        .ifPresent(
            e ->
                require(
                    e.dtype() == DType.BOOL && e.lanes() == 1,
                    "the condition is " + ExprTypes.type(e)));
  }

  private void inThreads(String what) {
    require(!onGpu || inside(THREAD), what + " outside the threads of a gpu kernel");
  }

  private void scoped(Runnable body) {
    var varsBefore = new HashMap<>(vars);
    var buffersBefore = new HashMap<>(buffers);
    body.run();
    vars.clear();
    vars.putAll(varsBefore);
    buffers.clear();
    buffers.putAll(buffersBefore);
  }

  private void loop(Stmt.For f) {
    expr(f.lower());
    expr(f.upper());
    require(
        f.lower().dtype() == DType.I64
            && f.lower().lanes() == 1
            && f.upper().dtype() == DType.I64
            && f.upper().lanes() == 1,
        "the bounds are no scalar i64");
    require(f.var().dtype() == DType.I64 && f.var().lanes() == 1, "the variable is no scalar i64");
    require(f.step() >= 1, "the step is " + f.step());
    switch (f.kind()) {
      case SERIAL -> {}
      case VECTOR -> require(f.step() == 1, "a vector loop steps by 1");
      case UNROLL -> {
        boolean constant = f.lower() instanceof Expr.Const && f.upper() instanceof Expr.Const;
        require(constant, "the bounds of an unrolled loop are constants");
        require(
            !(f.lower() instanceof Expr.Const l && f.upper() instanceof Expr.Const u)
                || u.value() - l.value() <= (double) MAX_UNROLL * f.step(),
            "unrolled more than " + MAX_UNROLL + " times");
      }
      case PARALLEL -> {
        require(seen.add(f.kind()), "there is another parallel loop");
        require(loops.isEmpty(), "a parallel loop is outermost");
        require(!onGpu, "a parallel loop in a gpu kernel");
      }
      case GRID_X, GRID_Y, GRID_Z, THREAD_X, THREAD_Y -> gpuLoop(f);
    }
    if (onGpu && !GRID.contains(f.kind()) && !THREAD.contains(f.kind())) {
      inThreads("a loop");
    }
    loops.add(f);
    scoped(
        () -> {
          bind(f.var(), f.kind() == LoopKind.UNROLL);
          stmt(f.body());
        });
    loops.removeLast();
  }

  private void gpuLoop(Stmt.For f) {
    require(seen.add(f.kind()), "there is another " + f.kind() + " loop");
    require(
        f.lower() instanceof Expr.Const c && c.value() == 0 && f.step() == 1,
        "it runs from 0, by 1");
    if (GRID.contains(f.kind())) {
      require(
          loops.stream().allMatch(l -> GRID.contains(l.kind())),
          "only grid loops are around grid loops");
    } else {
      require(
          f.upper() instanceof Expr.Const u && u.value() >= 1,
          "the number of threads is a constant");
      require(
          loops.stream().allMatch(l -> GRID.contains(l.kind()) || THREAD.contains(l.kind())),
          "only grid and thread loops are around thread loops");
      require(
          inside(THREAD)
              || !seen.contains(
                  f.kind() == LoopKind.THREAD_X ? LoopKind.THREAD_Y : LoopKind.THREAD_X),
          "there is another thread loop beside it");
    }
  }

  private void alloc(Buffer b) {
    require(b.space() != Space.GLOBAL, "global buffers are parameters");
    require(b.size().isConstant() && b.size().factor() >= 1, "the size is no positive constant");
    require(
        b.lanes() >= 1 && b.lanes() <= ExprTypes.MAX_LANES, "elements of " + b.lanes() + " lanes");
    require(
        b.lanes() == 1 || b.space() == Space.REGISTER,
        "only elements of register buffers are vectors");
    if (b.space() == Space.SHARED) {
      require(
          onGpu && !inside(THREAD),
          "shared memory belongs to a block: it is made outside thread loops");
    } else {
      inThreads("a buffer");
    }
    declare(b);
  }

  /** A use of a buffer; the index is checked elsewhere. */
  private void use(Buffer b, Expr index) {
    require(b.equals(buffers.get(b.name())), "there is no buffer " + b.name() + " here");
    if (b.space() == Space.REGISTER) {
      require(isConstant(index), "the index of register buffer " + b.name() + " is no constant");
    }
  }

  private void atOnce(Buffer b, int lanes) {
    require(
        !onGpu || b.space() == Space.REGISTER || Integer.bitCount(lanes) == 1,
        "a gpu accesses a power of two of elements at once, not " + lanes);
  }

  private boolean isConstant(Expr e) {
    return switch (e) {
      case Expr.VarRef r -> constants.contains(r.var());
      case Expr.Size _, Expr.Load _, Expr.WarpShuffleXor _ -> false;
      case Expr.Const _,
          Expr.Unary _,
          Expr.Binary _,
          Expr.Fma _,
          Expr.Compare _,
          Expr.Select _,
          Expr.Convert _,
          Expr.Splat _,
          Expr.Ramp _,
          Expr.Horizontal _,
          Expr.Lane _ ->
          Exprs.operands(e).stream().allMatch(this::isConstant);
    };
  }

  private void expr(Expr whole) {
    Exprs.forEach(
        whole,
        e -> {
          types.check(e);
          switch (e) {
            case Expr.VarRef r ->
                require(
                    r.var().equals(vars.get(r.var().name())),
                    "there is no variable %" + r.var().name() + " here");
            case Expr.Size s ->
                require(symbols.contains(s.symbol()), "symbol " + s.symbol() + " is not declared");
            case Expr.Load l -> {
              inThreads("a load");
              use(l.buffer(), l.index());
              atOnce(l.buffer(), l.lanes());
            }
            case Expr.WarpShuffleXor _ -> {
              shuffles = true;
              require(inside(THREAD), "a shuffle outside the threads of a block");
            }
            case Expr.Const _,
                Expr.Unary _,
                Expr.Binary _,
                Expr.Fma _,
                Expr.Compare _,
                Expr.Select _,
                Expr.Convert _,
                Expr.Splat _,
                Expr.Ramp _,
                Expr.Horizontal _,
                Expr.Lane _ -> {}
          }
        });
  }
}
