package modelc.ir.loop;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Copies statements with every variable and local buffer they bind under another name, so that the
 * copy can stand beside the original in one kernel. It changes nothing but names and what it was
 * told to substitute.
 */
public final class Renamer {
  private final UnaryOperator<String> varNames;
  private final UnaryOperator<String> bufferNames;
  private final Map<Var, Expr> vars = new HashMap<>();
  private final Map<Buffer, Buffer> buffers = new HashMap<>();

  /**
   * A renamer.
   *
   * @param names gives the name in the copy for a name in the original; asked once a binding
   */
  public Renamer(UnaryOperator<String> names) {
    this(names, names);
  }

  public Renamer(UnaryOperator<String> varNames, UnaryOperator<String> bufferNames) {
    this.varNames = varNames;
    this.bufferNames = bufferNames;
  }

  /** Replaces a variable that is bound outside. */
  public Renamer substitute(Var var, Expr value) {
    vars.put(var, value);
    return this;
  }

  /** Replaces a buffer that is made outside. */
  public Renamer substitute(Buffer buffer, Buffer by) {
    buffers.put(buffer, by);
    return this;
  }

  /** The name of a binding in the copy. */
  public Var bind(Var var) {
    var renamed = new Var(varNames.apply(var.name()), var.dtype(), var.lanes());
    vars.put(var, new Expr.VarRef(renamed));
    return renamed;
  }

  /** The name of a buffer in the copy. */
  public Buffer bind(Buffer b) {
    var renamed =
        new Buffer(bufferNames.apply(b.name()), b.dtype(), b.lanes(), b.size(), b.space());
    buffers.put(b, renamed);
    return renamed;
  }

  /** The copy of an expression. */
  public Expr expr(Expr e) {
    return LoopBuilder.map(
        e,
        x ->
            switch (x) {
              case Expr.VarRef r -> vars.getOrDefault(r.var(), r);
              case Expr.Load l -> new Expr.Load(buffer(l.buffer()), l.index(), l.lanes(), l.mask());
              case Expr.Const _,
                  Expr.Size _,
                  Expr.Unary _,
                  Expr.Binary _,
                  Expr.Fma _,
                  Expr.Compare _,
                  Expr.Select _,
                  Expr.Convert _,
                  Expr.Splat _,
                  Expr.Ramp _,
                  Expr.Horizontal _,
                  Expr.Lane _,
                  Expr.WarpShuffleXor _ ->
                  x;
            });
  }

  /** The copy of a statement. */
  public Stmt stmt(Stmt s) {
    return switch (s) {
      case Stmt.Block b -> new Stmt.Block(b.body().stream().map(this::stmt).toList());
      case Stmt.For f -> {
        Expr lower = expr(f.lower());
        Expr upper = expr(f.upper());
        yield new Stmt.For(f.kind(), bind(f.var()), lower, upper, f.step(), stmt(f.body()));
      }
      case Stmt.Let l -> {
        Expr value = expr(l.value());
        yield new Stmt.Let(bind(l.var()), value);
      }
      case Stmt.Store st ->
          new Stmt.Store(
              buffer(st.buffer()), expr(st.index()), expr(st.value()), st.mask().map(this::expr));
      case Stmt.Alloc a -> new Stmt.Alloc(bind(a.buffer()));
      case Stmt.If i -> {
        Expr condition = expr(i.condition());
        Stmt then = stmt(i.then());
        Optional<Stmt> otherwise = i.otherwise().map(this::stmt);
        yield new Stmt.If(condition, then, otherwise);
      }
      case Stmt.Barrier _,
          Stmt.CommitCopies _,
          Stmt.AwaitCopies _,
          Stmt.FenceFactors _,
          Stmt.AwaitProducts _ ->
          s;
      case Stmt.StoreFactors x ->
          new Stmt.StoreFactors(
              x.factors(),
              x.values().stream().map(this::expr).toList(),
              buffer(x.to()),
              expr(x.index()));
      case Stmt.WarpgroupMma m ->
          new Stmt.WarpgroupMma(
              m.factors(),
              m.terms(),
              tile(m.a()),
              tile(m.b()),
              m.columns(),
              buffer(m.sums()),
              expr(m.first()));
      case Stmt.Copy c ->
          new Stmt.Copy(
              buffer(c.to()),
              expr(c.toIndex()),
              buffer(c.from()),
              expr(c.fromIndex()),
              c.lanes(),
              c.exists().map(this::expr));
      case Stmt.WarpMma m ->
          new Stmt.WarpMma(
              m.factors(),
              m.a().stream().map(this::expr).toList(),
              m.b().stream().map(this::expr).toList(),
              buffer(m.sums()),
              expr(m.first()));
      case Stmt.Prefetch p -> new Stmt.Prefetch(buffer(p.buffer()), expr(p.index()));
    };
  }

  private Stmt.WarpgroupMma.Tile tile(Stmt.WarpgroupMma.Tile t) {
    return new Stmt.WarpgroupMma.Tile(buffer(t.buffer()), expr(t.first()), t.rows());
  }

  private Buffer buffer(Buffer b) {
    return buffers.getOrDefault(b, b);
  }
}
