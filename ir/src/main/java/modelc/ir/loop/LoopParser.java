package modelc.ir.loop;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Origin;
import modelc.ir.Precision;
import modelc.ir.Role;
import modelc.ir.Span;
import modelc.ir.Symbol;
import modelc.ir.loop.LoopLexer.Kind;
import modelc.ir.loop.LoopLexer.Token;

/**
 * Reads the text form of Loop IR that {@link LoopPrinter} writes. Names must be declared before
 * they are used; all else that a kernel must satisfy is left to {@link LoopVerifier}.
 */
public final class LoopParser {
  private static final String MMA = "mma_";
  private static final String WARPGROUP_MMA = "warpgroup_mma_";
  private static final String STORE_FACTORS = "store_factors_";

  private final LoopTokens tokens;
  private final LoopExprParser exprs;

  private LoopParser(String text) {
    tokens = new LoopTokens(text);
    exprs = new LoopExprParser(tokens);
  }

  /** A program: {@code loops "name"}, kernels, entries. */
  public static LoopProgram parseProgram(String text) {
    var p = new LoopParser(text);
    p.tokens.expect("loops");
    String model = p.tokens.string();
    var entries = new ArrayList<LoopEntry>();
    Map<String, Kernel> kernels = p.kernels();
    while (p.tokens.peek().kind() != Kind.END) {
      entries.add(p.entry(kernels));
    }
    return new LoopProgram(model, entries);
  }

  /** Kernels and the one entry that launches them. */
  public static LoopEntry parseEntry(String text) {
    var p = new LoopParser(text);
    return p.whole(() -> p.entry(p.kernels()));
  }

  public static Kernel parseKernel(String text) {
    var p = new LoopParser(text);
    return p.whole(p::kernel);
  }

  private <T> T whole(Supplier<T> rule) {
    T result = rule.get();
    if (tokens.peek().kind() != Kind.END) {
      throw tokens.error("expected the end, found " + tokens.peek());
    }
    return result;
  }

  // Entries and kernels

  private Map<String, Kernel> kernels() {
    var kernels = new LinkedHashMap<String, Kernel>();
    while (tokens.peek().is("kernel")) {
      Token t = tokens.peek();
      Kernel k = kernel();
      if (kernels.put(k.name(), k) != null) {
        throw LoopTokens.error(t, "there is a kernel " + k.name() + " already");
      }
    }
    return kernels;
  }

  /**
   * Sizes are written before the symbols they use are declared: parse the symbols first, then come
   * back.
   */
  private List<Symbol> symbolsAhead() {
    int start = tokens.position();
    while (!tokens.peek().is(")") && tokens.peek().kind() != Kind.END) {
      tokens.take();
    }
    tokens.accept(")");
    exprs.symbols.clear();
    List<Symbol> declared = symbols();
    tokens.seek(start);
    return declared;
  }

  private List<Symbol> symbols() {
    var declared = new ArrayList<Symbol>();
    if (tokens.accept("where")) {
      do {
        String name = tokens.name();
        tokens.expect("<=");
        var symbol = new Symbol(name, tokens.integer());
        declared.add(symbol);
        exprs.symbols.put(name, symbol);
      } while (tokens.accept(","));
    }
    return declared;
  }

  private LoopEntry entry(Map<String, Kernel> kernels) {
    tokens.expect("entry");
    String name = tokens.name();
    List<Symbol> declared = symbolsAhead();
    List<LoopEntry.ArgumentBuffer> arguments =
        tokens.list(
            "(",
            ")",
            () -> {
              String argument = tokens.name();
              tokens.expect(":");
              return new LoopEntry.ArgumentBuffer(argument, tokens.dtype(), size());
            });
    symbols();
    tokens.expect("{");
    tokens.expect("arena");
    long arena = tokens.integer();
    var launches = new ArrayList<LoopEntry.Launch>();
    while (!tokens.accept("}")) {
      launches.add(launch(kernels, arguments));
    }
    return new LoopEntry(name, declared, arguments, arena, launches);
  }

  private LoopEntry.Launch launch(
      Map<String, Kernel> kernels, List<LoopEntry.ArgumentBuffer> arguments) {
    boolean barrier = tokens.accept("barrier");
    boolean split = tokens.accept("split");
    tokens.expect("launch");
    Token t = tokens.peek();
    Kernel kernel = kernels.get(tokens.name());
    if (kernel == null) {
      throw LoopTokens.error(t, "there is no kernel " + t);
    }
    return new LoopEntry.Launch(
        kernel, tokens.list("(", ")", () -> ref(arguments)), split, barrier);
  }

  private LoopEntry.Ref ref(List<LoopEntry.ArgumentBuffer> arguments) {
    if (tokens.accept("#")) {
      return new LoopEntry.Ref.Argument(tokens.small());
    }
    if (tokens.accept("arena")) {
      tokens.expect("[");
      long offset = tokens.integer();
      tokens.expect("]");
      return new LoopEntry.Ref.Arena(offset);
    }
    Token t = tokens.peek();
    String name = tokens.name();
    for (int i = 0; i < arguments.size(); i++) {
      if (arguments.get(i).name().equals(name)) {
        return new LoopEntry.Ref.Argument(i);
      }
    }
    throw LoopTokens.error(t, "there is no argument " + t);
  }

  private Kernel kernel() {
    tokens.expect("kernel");
    String name = tokens.name();
    exprs.buffers.clear();
    exprs.vars.clear();
    List<Symbol> declared = symbolsAhead();
    List<Buffer> parameters =
        tokens.list(
            "(",
            ")",
            () -> {
              Token t = tokens.peek();
              String parameter = tokens.name();
              tokens.expect(":");
              return declare(t, Buffer.global(parameter, tokens.dtype(), size()));
            });
    symbols();
    Set<Origin> origins = new HashSet<>();
    while (tokens.accept("from")) {
      origins.add(origin());
    }
    return new Kernel(name, parameters, declared, block(), origins);
  }

  private Buffer declare(Token t, Buffer b) {
    if (exprs.buffers.put(b.name(), b) != null) {
      throw LoopTokens.error(t, "there is a buffer " + b.name() + " already");
    }
    return b;
  }

  private Origin origin() {
    Token t = tokens.peek();
    Role role;
    try {
      role = Role.valueOf(tokens.name().toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException _) {
      throw LoopTokens.error(t, "there is no role " + t);
    }
    String path = tokens.string();
    var chain = new ArrayList<Span>();
    if (tokens.accept("at")) {
      do {
        String file = tokens.string();
        tokens.expect(":");
        int line = tokens.small();
        tokens.expect(":");
        int column = tokens.small();
        tokens.expect("-");
        int endLine = tokens.small();
        tokens.expect(":");
        chain.add(new Span(file, line, column, endLine, tokens.small()));
      } while (tokens.accept(","));
    }
    return new Origin(path, chain, role);
  }

  private Dim size() {
    tokens.expect("[");
    Dim d = factor();
    while (tokens.accept("*")) {
      d = d.times(factor());
    }
    tokens.expect("]");
    return d;
  }

  private Dim factor() {
    return tokens.peek().kind() == Kind.NUMBER ? Dim.of(tokens.integer()) : Dim.of(exprs.symbol());
  }

  // Statements

  private Stmt.Block block() {
    tokens.expect("{");
    var body = new ArrayList<Stmt>();
    while (!tokens.accept("}")) {
      body.add(stmt());
    }
    return new Stmt.Block(body);
  }

  private Stmt stmt() {
    Token t = tokens.peek();
    if (t.is("{")) {
      return block();
    }
    return switch (tokens.expect(Kind.NAME, "a statement").text()) {
      case "for" -> loop(LoopKind.SERIAL);
      case "let" -> {
        Token name = tokens.expect(Kind.VAR, "a variable");
        tokens.expect(":");
        Token type = tokens.expect(Kind.NAME, "a type");
        tokens.expect("=");
        Expr value = exprs.expr();
        yield new Stmt.Let(bind(name, LoopTokens.dtypeOf(type), LoopTokens.lanesOf(type)), value);
      }
      case "store" -> {
        LoopExprParser.Access a = exprs.access();
        tokens.expect("=");
        Expr value = exprs.expr();
        if (a.lanes() != value.lanes()) {
          throw LoopTokens.error(
              t, "the value has " + value.lanes() + " lanes, the place " + a.lanes());
        }
        yield new Stmt.Store(a.buffer(), a.index(), value, a.mask());
      }
      case "alloc" -> alloc();
      case "if" -> {
        Expr condition = exprs.expr();
        Stmt then = block();
        yield new Stmt.If(
            condition, then, tokens.accept("else") ? Optional.of(block()) : Optional.empty());
      }
      case "barrier" -> new Stmt.Barrier();
      case "copy" -> {
        LoopExprParser.Access to = exprs.access();
        tokens.expect("=");
        LoopExprParser.Access from = exprs.access();
        if (to.lanes() != from.lanes() || to.mask().isPresent()) {
          throw LoopTokens.error(t, "a copy names as many elements twice, a condition at its end");
        }
        yield new Stmt.Copy(
            to.buffer(), to.index(), from.buffer(), from.index(), to.lanes(), from.mask());
      }
      case "commit_copies" -> new Stmt.CommitCopies();
      case "await_copies" -> new Stmt.AwaitCopies(tokens.small());
      case "prefetch" -> {
        LoopExprParser.Access a = exprs.access();
        yield new Stmt.Prefetch(a.buffer(), a.index());
      }
      case "fence_factors" -> new Stmt.FenceFactors();
      case "await_products" -> new Stmt.AwaitProducts(tokens.small());
      case String word when precision(word, MMA).isPresent() ->
          mma(precision(word, MMA).orElseThrow());
      case String word when precision(word, WARPGROUP_MMA).isPresent() ->
          warpgroupMma(precision(word, WARPGROUP_MMA).orElseThrow());
      case String word when precision(word, STORE_FACTORS).isPresent() ->
          storeFactors(precision(word, STORE_FACTORS).orElseThrow());
      case String word -> {
        for (LoopKind kind : LoopKind.values()) {
          if (kind.toString().equals(word)) {
            tokens.expect("for");
            yield loop(kind);
          }
        }
        throw LoopTokens.error(t, "there is no statement " + t);
      }
    };
  }

  private Stmt loop(LoopKind kind) {
    Token name = tokens.expect(Kind.VAR, "a variable");
    tokens.expect("=");
    Expr lower = exprs.expr();
    tokens.expect("to");
    Expr upper = exprs.expr();
    long step = tokens.accept("step") ? tokens.integer() : 1;
    Var v = bind(name, DType.I64, 1);
    return new Stmt.For(kind, v, lower, upper, step, block());
  }

  /** The precision at the end of a word that begins so. */
  private static Optional<Precision> precision(String word, String prefix) {
    return word.startsWith(prefix)
        ? Precision.of(word.substring(prefix.length()))
        : Optional.empty();
  }

  private Stmt storeFactors(Precision factors) {
    List<Expr> values = tokens.list("(", ")", exprs::expr);
    tokens.expect("to");
    LoopExprParser.Access to = exprs.access();
    return new Stmt.StoreFactors(factors, values, to.buffer(), to.index());
  }

  private Stmt warpgroupMma(Precision factors) {
    Stmt.WarpgroupMma.Tile a = tile();
    tokens.expect("*");
    Stmt.WarpgroupMma.Tile b = tile();
    tokens.expect("terms");
    int terms = tokens.small();
    tokens.expect("columns");
    int columns = tokens.small();
    tokens.expect("to");
    LoopExprParser.Access sums = exprs.access();
    return new Stmt.WarpgroupMma(factors, terms, a, b, columns, sums.buffer(), sums.index());
  }

  private Stmt.WarpgroupMma.Tile tile() {
    LoopExprParser.Access a = exprs.access();
    tokens.expect("rows");
    return new Stmt.WarpgroupMma.Tile(a.buffer(), a.index(), tokens.small());
  }

  private Stmt mma(Precision factors) {
    List<Expr> a = tokens.list("(", ")", exprs::expr);
    tokens.expect("*");
    List<Expr> b = tokens.list("(", ")", exprs::expr);
    tokens.expect("to");
    LoopExprParser.Access sums = exprs.access();
    return new Stmt.WarpMma(factors, a, b, sums.buffer(), sums.index());
  }

  private Stmt alloc() {
    Token name = tokens.peek();
    String text = tokens.name();
    tokens.expect(":");
    Token type = tokens.expect(Kind.NAME, "a type");
    Dim size = size();
    Token space = tokens.expect(Kind.NAME, "a memory space");
    for (Space s : Space.values()) {
      if (s.toString().equals(space.text())) {
        return new Stmt.Alloc(
            declare(
                name,
                new Buffer(text, LoopTokens.dtypeOf(type), LoopTokens.lanesOf(type), size, s)));
      }
    }
    throw LoopTokens.error(space, "there is no memory space " + space);
  }

  private Var bind(Token name, DType dtype, int lanes) {
    var v = new Var(name.text(), dtype, lanes);
    if (exprs.vars.put(v.name(), v) != null) {
      throw LoopTokens.error(name, "there is a variable %" + v.name() + " already");
    }
    return v;
  }
}
