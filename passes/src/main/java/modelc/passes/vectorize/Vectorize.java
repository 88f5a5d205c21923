package modelc.passes.vectorize;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.LoopProgram;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.Var;

/**
 * Turns every innermost VECTOR loop into a loop over whole vectors and a tail: scalar, masked, or
 * in shorter vectors. It does not decide which loops are VECTOR, nor prove that their iterations
 * are independent.
 *
 * <p>A reduction into a register ({@code acc[c] = fn(acc[c], x)}) gets up to four vector
 * accumulators, which hide the latency of {@code fn}; they are folded in a fixed order, so that a
 * result is a fixed function of the trip count. A loop with no vector form that is known to be
 * right becomes a SERIAL one, and so do VECTOR loops around others.
 */
public final class Vectorize {
  private final int lanes;
  private final Names names;
  private final Facts facts = new Facts();

  private Vectorize(int lanes, Names names) {
    this.lanes = lanes;
    this.names = names;
  }

  /** All kernels of a program; kernels that are the same object stay so. */
  public static LoopProgram run(LoopProgram program, int lanes) {
    var done = new IdentityHashMap<Kernel, Kernel>();
    return new LoopProgram(
        program.model(), program.entries().stream().map(e -> run(e, lanes, done)).toList());
  }

  private static LoopEntry run(LoopEntry e, int lanes, IdentityHashMap<Kernel, Kernel> done) {
    var launches = new ArrayList<LoopEntry.Launch>();
    for (LoopEntry.Launch l : e.launches()) {
      Kernel k = done.computeIfAbsent(l.kernel(), x -> run(x, lanes));
      launches.add(new LoopEntry.Launch(k, l.arguments(), l.split(), l.barrier()));
    }
    return new LoopEntry(e.name(), e.symbols(), e.arguments(), e.arenaBytes(), launches);
  }

  /** One kernel, for a target with {@code lanes} f32 lanes; other types use as many. */
  public static Kernel run(Kernel kernel, int lanes) {
    var pass = new Vectorize(lanes, new Names(kernel));
    return new Kernel(
        kernel.name(),
        kernel.parameters(),
        kernel.symbols(),
        pass.block(kernel.body()),
        kernel.origins());
  }

  /**
   * The vector of the values {@code scalar} has where {@code v} is {@code base}, {@code base + 1},
   * ...
   *
   * @throws NotVectorizableException if it has vectors already, or reads registers at an index that
   *     depends on v
   */
  public static Expr expr(Expr scalar, Var v, Expr base, int lanes) {
    var w = new Widener(lanes, false, n -> n, new Facts());
    w.bind(v, new Wide.Affine(base, LoopBuilder.index(1)));
    return w.expr(scalar).vector(lanes);
  }

  /**
   * Writes to {@code out} what {@code body} does where {@code v} is {@code base}, {@code base + 1},
   * ...: of these, where there is a {@code mask}, only the lanes that are on in it; at least one
   * must be.
   *
   * @throws NotVectorizableException if it has no vector form that is known to be right; nothing is
   *     written then
   */
  public static void stmts(
      LoopBuilder out, Stmt body, Var v, Expr base, int lanes, Optional<Expr> mask) {
    // The builder appends a number: without this, names would grow with every copy.
    var w =
        new Widener(
            lanes,
            hasConditions(body),
            n -> out.fresh(n.replaceFirst("[0-9_]+$", "")),
            new Facts());
    w.bind(v, new Wide.Affine(base, LoopBuilder.index(1)));
    mask.ifPresent(w::tail);
    var written = new ArrayList<Stmt>();
    w.stmt(body, written);
    written.forEach(out::emit);
  }

  static boolean isInnermost(Stmt.For f) {
    return f.kind() == LoopKind.VECTOR && f.step() == 1 && !hasVectorLoop(f.body());
  }

  private static boolean hasVectorLoop(Stmt s) {
    return switch (s) {
      case Stmt.Block b -> b.body().stream().anyMatch(Vectorize::hasVectorLoop);
      case Stmt.For f -> f.kind() == LoopKind.VECTOR || hasVectorLoop(f.body());
      case Stmt.If i ->
          hasVectorLoop(i.then()) || i.otherwise().map(Vectorize::hasVectorLoop).orElse(false);
      case Stmt.Let _, Stmt.Store _, Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ -> false;
    };
  }

  /** Whether some of it may be done for some lanes only. */
  static boolean hasConditions(Stmt s) {
    return switch (s) {
      case Stmt.Block b -> b.body().stream().anyMatch(Vectorize::hasConditions);
      case Stmt.For f -> hasConditions(f.body());
      case Stmt.If _ -> true;
      case Stmt.Store st -> st.mask().isPresent();
      case Stmt.Let _, Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ -> false;
    };
  }

  private void stmt(Stmt s, List<Stmt> out) {
    switch (s) {
      case Stmt.Block b -> out.add(block(b));
      case Stmt.For f when isInnermost(f) -> vectorLoop(f, out);
      case Stmt.For f -> {
        facts.learn(f.var(), f.lower(), f.step());
        LoopKind kind = f.kind() == LoopKind.VECTOR ? LoopKind.SERIAL : f.kind();
        out.add(new Stmt.For(kind, f.var(), f.lower(), f.upper(), f.step(), block(f.body())));
      }
      case Stmt.If i ->
          out.add(new Stmt.If(i.condition(), block(i.then()), i.otherwise().map(this::block)));
      case Stmt.Let l -> {
        if (l.var().lanes() == 1 && l.var().dtype().isInteger()) {
          facts.learn(l.var(), l.value());
        }
        out.add(l);
      }
      case Stmt.Store _, Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ -> out.add(s);
    }
  }

  private Stmt.Block block(Stmt s) {
    var out = new ArrayList<Stmt>();
    for (Stmt x : s instanceof Stmt.Block b ? b.body() : List.of(s)) {
      stmt(x, out);
    }
    return new Stmt.Block(out);
  }

  private void vectorLoop(Stmt.For f, List<Stmt> out) {
    Set<String> mark = names.mark();
    var written = new ArrayList<Stmt>();
    try {
      new WidenedLoop(f, lanes, names, facts, written).write();
    } catch (NotVectorizableException _) {
      names.restore(mark);
      written.clear();
      written.add(WidenedLoop.scalar(f, names, f.lower(), f.upper()));
    }
    out.addAll(written);
  }
}
