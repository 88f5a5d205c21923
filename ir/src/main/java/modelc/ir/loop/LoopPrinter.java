package modelc.ir.loop;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import modelc.ir.DType;
import modelc.ir.Origin;
import modelc.ir.Span;
import modelc.ir.Symbol;

/**
 * The text form of Loop IR, which {@link LoopParser} reads back. It shows everything a kernel holds
 * and checks nothing.
 *
 * <p>Variables begin with {@code %}. {@code x[i : 8]} is 8 consecutive elements from {@code i},
 * {@code x[i : 8 if m]} those that {@code m} is true for; without a number there are as many lanes
 * as the index, or the element of a register buffer, has. A bare name is the value of a symbol.
 * Constants are {@code 1} (i64), {@code 1i32}, {@code 1.0} (f32), {@code 1.0f64}, {@code true}.
 */
public final class LoopPrinter {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.]*");
  private static final Pattern VAR_NAME = Pattern.compile("[A-Za-z0-9_.]+");

  /** Words that mean something else where a name may stand. */
  private static final Set<String> RESERVED =
      Set.of("load", "true", "false", "inf", "nan", "inff64", "nanf64", "arena");

  private final StringBuilder out = new StringBuilder();
  private int depth;

  private LoopPrinter() {}

  /** A program: its kernels in the order of their first launch, then its entries. */
  public static String print(LoopProgram p) {
    var printer = new LoopPrinter();
    printer.line("loops " + quoted(p.model()));
    printer.kernels(p.entries());
    for (LoopEntry e : p.entries()) {
      printer.line("");
      printer.entry(e);
    }
    return printer.out.toString();
  }

  /** An entry after the kernels it launches. */
  public static String print(LoopEntry e) {
    var printer = new LoopPrinter();
    printer.kernels(List.of(e));
    printer.line("");
    printer.entry(e);
    return printer.out.toString().stripLeading();
  }

  public static String print(Kernel k) {
    var printer = new LoopPrinter();
    printer.kernel(k);
    return printer.out.toString();
  }

  public static String print(Stmt s) {
    var printer = new LoopPrinter();
    printer.stmt(s);
    return printer.out.toString();
  }

  /** The first line of a statement: what a message quotes. */
  public static String summary(Stmt s) {
    var printer = new LoopPrinter();
    return switch (s) {
      case Stmt.Block _ -> "{ ... }";
      case Stmt.For f -> printer.forHeader(f);
      case Stmt.If i -> "if " + expr(i.condition());
      case Stmt.Let _, Stmt.Store _, Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ ->
          print(s).strip();
    };
  }

  public static String print(Expr e) {
    return expr(e);
  }

  private void line(String text) {
    if (!text.isEmpty()) {
      out.append("  ".repeat(depth)).append(text);
    }
    out.append('\n');
  }

  private void kernels(List<LoopEntry> entries) {
    var kernels = new LinkedHashMap<Kernel, Boolean>();
    entries.forEach(e -> e.launches().forEach(l -> kernels.put(l.kernel(), true)));
    for (Kernel k : kernels.keySet()) {
      line("");
      kernel(k);
    }
  }

  private void entry(LoopEntry e) {
    String arguments =
        e.arguments().stream()
            .map(a -> name(a.name()) + ": " + a.dtype() + "[" + a.elements() + "]")
            .collect(Collectors.joining(", ", "(", ")"));
    line("entry " + name(e.name()) + arguments + symbols(e.symbols()) + " {");
    depth++;
    line("arena " + e.arenaBytes());
    for (LoopEntry.Launch l : e.launches()) {
      line(launch(e, l));
    }
    depth--;
    line("}");
  }

  /** One launch of an entry. */
  static String launch(LoopEntry e, LoopEntry.Launch l) {
    String refs =
        l.arguments().stream()
            .map(
                r ->
                    switch (r) {
                      case LoopEntry.Ref.Argument a -> argument(e, a.index());
                      case LoopEntry.Ref.Arena a -> "arena[" + a.byteOffset() + "]";
                    })
            .collect(Collectors.joining(", ", "(", ")"));
    return (l.barrier() ? "barrier " : "")
        + (l.split() ? "split " : "")
        + "launch "
        + name(l.kernel().name())
        + refs;
  }

  /** By name where that is unambiguous. */
  private static String argument(LoopEntry e, int index) {
    if (index < 0 || index >= e.arguments().size()) {
      return "#" + index;
    }
    String name = e.arguments().get(index).name();
    long same = e.arguments().stream().filter(a -> a.name().equals(name)).count();
    return same == 1 ? name(name) : "#" + index;
  }

  private static String symbols(List<Symbol> symbols) {
    return symbols.isEmpty()
        ? ""
        : symbols.stream()
            .map(s -> name(s.name()) + " <= " + s.max())
            .collect(Collectors.joining(", ", " where ", ""));
  }

  private void kernel(Kernel k) {
    String parameters =
        k.parameters().stream()
            .map(b -> name(b.name()) + ": " + b.dtype() + "[" + b.size() + "]")
            .collect(Collectors.joining(", ", "(", ")"));
    String header = "kernel " + name(k.name()) + parameters + symbols(k.symbols());
    if (k.origins().isEmpty()) {
      line(header + " {");
    } else {
      line(header);
      var origins = new ArrayList<String>();
      k.origins().forEach(o -> origins.add(origin(o)));
      Collections.sort(origins);
      origins.forEach(o -> line("    from " + o));
      line("{");
    }
    depth++;
    body(k.body());
    depth--;
    line("}");
  }

  private static String origin(Origin o) {
    return o.role().name().toLowerCase(Locale.ROOT)
        + " "
        + quoted(o.path())
        + (o.chain().isEmpty()
            ? ""
            : o.chain().stream()
                .map(LoopPrinter::span)
                .collect(Collectors.joining(", ", " at ", "")));
  }

  private static String span(Span s) {
    return quoted(s.file())
        + ":"
        + s.line()
        + ":"
        + s.column()
        + "-"
        + s.endLine()
        + ":"
        + s.endColumn();
  }

  // Statements

  private void body(Stmt s) {
    if (s instanceof Stmt.Block b) {
      b.body().forEach(this::stmt);
    } else {
      stmt(s);
    }
  }

  private void stmt(Stmt s) {
    switch (s) {
      case Stmt.Block b -> {
        line("{");
        nested(b);
        line("}");
      }
      case Stmt.For f -> {
        line(forHeader(f) + " {");
        nested(f.body());
        line("}");
      }
      case Stmt.Let l ->
          line("let " + var(l.var()) + ": " + type(l.var()) + " = " + expr(l.value()));
      case Stmt.Store st ->
          line(
              "store "
                  + element(st.buffer(), st.index(), st.value().lanes(), st.mask())
                  + " = "
                  + expr(st.value()));
      case Stmt.Alloc a -> line("alloc " + declaration(a.buffer()));
      case Stmt.If i -> {
        line("if " + expr(i.condition()) + " {");
        nested(i.then());
        i.otherwise()
            .ifPresent(
                o -> {
                  line("} else {");
                  nested(o);
                });
        line("}");
      }
      case Stmt.Barrier _ -> line("barrier");
      case Stmt.Copy c ->
          line(
              "copy "
                  + element(c.to(), c.toIndex(), c.lanes(), Optional.empty())
                  + " = "
                  + element(c.from(), c.fromIndex(), c.lanes(), c.exists()));
      case Stmt.CommitCopies _ -> line("commit_copies");
      case Stmt.AwaitCopies a -> line("await_copies " + a.pending());
      case Stmt.WarpMma m ->
          line(
              call("mma_" + m.factors(), m.a())
                  + " * "
                  + call("", m.b())
                  + " to "
                  + element(m.sums(), m.first(), 1, Optional.empty()));
      case Stmt.StoreFactors x ->
          line(
              call("store_factors_" + x.factors(), x.values())
                  + " to "
                  + element(x.to(), x.index(), 1, Optional.empty()));
      case Stmt.FenceFactors _ -> line("fence_factors");
      case Stmt.WarpgroupMma m ->
          line(
              "warpgroup_mma_"
                  + m.factors()
                  + " "
                  + tile(m.a())
                  + " * "
                  + tile(m.b())
                  + " terms "
                  + m.terms()
                  + " columns "
                  + m.columns()
                  + " to "
                  + element(m.sums(), m.first(), 1, Optional.empty()));
      case Stmt.AwaitProducts a -> line("await_products " + a.pending());
      case Stmt.Prefetch p ->
          line(
              "prefetch "
                  + element(p.buffer(), p.index(), lanes(p.buffer(), p.index()), Optional.empty()));
    }
  }

  private static String tile(Stmt.WarpgroupMma.Tile t) {
    return element(t.buffer(), t.first(), 1, Optional.empty()) + " rows " + t.rows();
  }

  private void nested(Stmt s) {
    depth++;
    body(s);
    depth--;
  }

  private String forHeader(Stmt.For f) {
    String kind = f.kind() == LoopKind.SERIAL ? "" : f.kind() + " ";
    String step = f.step() == 1 ? "" : " step " + f.step();
    return kind + "for " + var(f.var()) + " = " + expr(f.lower()) + " to " + expr(f.upper()) + step;
  }

  private static String declaration(Buffer b) {
    return name(b.name()) + ": " + type(b.dtype(), b.lanes()) + "[" + b.size() + "] " + b.space();
  }

  private static String type(Var v) {
    return type(v.dtype(), v.lanes());
  }

  static String type(DType dtype, int lanes) {
    return lanes == 1 ? dtype.toString() : dtype + "x" + lanes;
  }

  /** As many lanes as an access has when its text names no number. */
  static int lanes(Buffer b, Expr index) {
    return b.lanes() > 1 ? b.lanes() : index.lanes();
  }

  private static String element(Buffer b, Expr index, int lanes, Optional<Expr> mask) {
    return name(b.name())
        + "["
        + expr(index)
        + (lanes == lanes(b, index) ? "" : " : " + lanes)
        + mask.map(m -> " if " + expr(m)).orElse("")
        + "]";
  }

  // Expressions

  private static String expr(Expr e) {
    return switch (e) {
      case Expr.Const c -> constant(c);
      case Expr.VarRef r -> var(r.var());
      case Expr.Size s -> name(s.symbol().name());
      case Expr.Unary u -> call(u.fn().toString(), u.x());
      case Expr.Binary b -> {
        Optional<Infix> infix = Infix.of(b.fn());
        yield infix.isPresent()
            ? infix(infix.get(), b.x(), b.y())
            : call(b.fn().toString(), b.x(), b.y());
      }
      case Expr.Fma f -> call("fma", f.x(), f.y(), f.z());
      case Expr.Compare c -> infix(Infix.of(c.fn()), c.x(), c.y());
      case Expr.Select s -> call("select", s.predicate(), s.onTrue(), s.onFalse());
      case Expr.Convert c -> call(c.dtype().toString(), c.x());
      case Expr.Load l -> "load " + element(l.buffer(), l.index(), l.lanes(), l.mask());
      case Expr.Splat s -> "splat(" + expr(s.x()) + ", " + s.lanes() + ")";
      case Expr.Ramp r ->
          "ramp(" + expr(r.base()) + ", " + expr(r.stride()) + ", " + r.lanes() + ")";
      case Expr.Horizontal h -> call("horizontal_" + h.fn(), h.x());
      case Expr.Lane l -> "lane(" + expr(l.x()) + ", " + l.lane() + ")";
      case Expr.WarpShuffleXor w -> "warp_shuffle_xor(" + expr(w.x()) + ", " + w.mask() + ")";
    };
  }

  private static String call(String name, Expr... arguments) {
    return call(name, List.of(arguments));
  }

  private static String call(String name, List<Expr> arguments) {
    return arguments.stream()
        .map(LoopPrinter::expr)
        .collect(Collectors.joining(", ", name + "(", ")"));
  }

  private static String infix(Infix op, Expr x, Expr y) {
    return operand(x, op.precedence + (op.associative ? 0 : 1))
        + " "
        + op.text
        + " "
        + operand(y, op.precedence + 1);
  }

  private static String operand(Expr e, int least) {
    int precedence =
        switch (e) {
          case Expr.Binary b -> Infix.of(b.fn()).map(i -> i.precedence).orElse(Integer.MAX_VALUE);
          case Expr.Compare c -> Infix.of(c.fn()).precedence;
          case Expr _ -> Integer.MAX_VALUE;
        };
    return precedence < least ? "(" + expr(e) + ")" : expr(e);
  }

  private static String constant(Expr.Const c) {
    return switch (c.dtype()) {
      case BOOL -> c.value() == 0 ? "false" : "true";
      case I64 -> Long.toString((long) c.value());
      case I32 -> (int) c.value() + "i32";
      case F32 -> decimal(Float.toString((float) c.value()));
      case F64 -> decimal(Double.toString(c.value())) + "f64";
    };
  }

  private static String decimal(String text) {
    return text.replace("Infinity", "inf").replace("NaN", "nan");
  }

  private static String var(Var v) {
    return VAR_NAME.matcher(v.name()).matches() ? "%" + v.name() : "%" + quoted(v.name());
  }

  private static String name(String name) {
    return NAME.matcher(name).matches() && !RESERVED.contains(name) ? name : quoted(name);
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
  }
}
