package modelc.ir.loop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Origin;
import modelc.ir.ParseException;
import modelc.ir.ReduceFn;
import modelc.ir.Role;
import modelc.ir.Span;
import modelc.ir.Symbol;
import modelc.ir.UnaryFn;
import modelc.ir.loop.LoopLexer.Kind;
import modelc.ir.loop.LoopLexer.Token;

/**
 * Reads the text form of Loop IR that {@link LoopPrinter} writes. Names must be declared before they are used; all else
 * that a kernel must satisfy is left to {@link LoopVerifier}.
 */
public final class LoopParser {
  private final List<Token> tokens;
  private int at;
  private final Map<String, Symbol> symbols = new HashMap<>();
  private final Map<String, Buffer> buffers = new HashMap<>();
  private final Map<String, Var> vars = new HashMap<>();

  private LoopParser(String text) {
    tokens = LoopLexer.tokens(text);
  }

  /** A program: {@code loops "name"}, kernels, entries. */
  public static LoopProgram parseProgram(String text) {
    var p = new LoopParser(text);
    p.expect("loops");
    String model = p.string();
    var entries = new ArrayList<LoopEntry>();
    Map<String, Kernel> kernels = p.kernels();
    while (p.peek().kind() != Kind.END) {
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
    if (peek().kind() != Kind.END) {
      throw error("expected the end, found " + peek());
    }
    return result;
  }

  // Tokens

  private Token peek() {
    return tokens.get(at);
  }

  private Token take() {
    Token t = tokens.get(at);
    if (t.kind() != Kind.END) {
      at++;
    }
    return t;
  }

  private boolean accept(String text) {
    if (peek().is(text)) {
      at++;
      return true;
    }
    return false;
  }

  private void expect(String text) {
    if (!accept(text)) {
      throw error("expected '" + text + "', found " + peek());
    }
  }

  private Token expect(Kind kind, String what) {
    if (peek().kind() != kind) {
      throw error("expected " + what + ", found " + peek());
    }
    return take();
  }

  private ParseException error(String message) {
    return error(peek(), message);
  }

  private static ParseException error(Token where, String message) {
    return new ParseException(where.line(), where.column(), message);
  }

  private String string() {
    return expect(Kind.STRING, "a string").text();
  }

  private String name() {
    return peek().kind() == Kind.STRING ? take().text() : expect(Kind.NAME, "a name").text();
  }

  private long integer() {
    boolean negative = accept("-");
    Token t = expect(Kind.NUMBER, "a number");
    try {
      return negative ? -Long.parseLong(t.text()) : Long.parseLong(t.text());
    } catch (NumberFormatException _) {
      throw error(t, "expected a whole number, found " + t);
    }
  }

  private int small() {
    Token t = peek();
    long n = integer();
    if (n != (int) n) {
      throw error(t, n + " is too large");
    }
    return (int) n;
  }

  private <T> List<T> list(String open, String close, Supplier<T> item) {
    expect(open);
    var items = new ArrayList<T>();
    if (!accept(close)) {
      do {
        items.add(item.get());
      } while (accept(","));
      expect(close);
    }
    return items;
  }

  // Entries and kernels

  private Map<String, Kernel> kernels() {
    var kernels = new LinkedHashMap<String, Kernel>();
    while (peek().is("kernel")) {
      Token t = peek();
      Kernel k = kernel();
      if (kernels.put(k.name(), k) != null) {
        throw error(t, "there is a kernel " + k.name() + " already");
      }
    }
    return kernels;
  }

  /** Sizes are written before the symbols they use are declared: parse the symbols first, then come back. */
  private List<Symbol> symbolsAhead() {
    int start = at;
    while (!peek().is(")") && peek().kind() != Kind.END) {
      take();
    }
    accept(")");
    symbols.clear();
    List<Symbol> declared = symbols();
    at = start;
    return declared;
  }

  private List<Symbol> symbols() {
    var declared = new ArrayList<Symbol>();
    if (accept("where")) {
      do {
        String name = name();
        expect("<=");
        var symbol = new Symbol(name, integer());
        declared.add(symbol);
        symbols.put(name, symbol);
      } while (accept(","));
    }
    return declared;
  }

  private LoopEntry entry(Map<String, Kernel> kernels) {
    expect("entry");
    String name = name();
    List<Symbol> declared = symbolsAhead();
    List<LoopEntry.ArgumentBuffer> arguments =
        list(
            "(",
            ")",
            () -> {
              String argument = name();
              expect(":");
              return new LoopEntry.ArgumentBuffer(argument, dtype(), size());
            });
    symbols();
    expect("{");
    expect("arena");
    long arena = integer();
    var launches = new ArrayList<LoopEntry.Launch>();
    while (!accept("}")) {
      launches.add(launch(kernels, arguments));
    }
    return new LoopEntry(name, declared, arguments, arena, launches);
  }

  private LoopEntry.Launch launch(Map<String, Kernel> kernels, List<LoopEntry.ArgumentBuffer> arguments) {
    boolean barrier = accept("barrier");
    boolean split = accept("split");
    expect("launch");
    Token t = peek();
    Kernel kernel = kernels.get(name());
    if (kernel == null) {
      throw error(t, "there is no kernel " + t);
    }
    return new LoopEntry.Launch(kernel, list("(", ")", () -> ref(arguments)), split, barrier);
  }

  private LoopEntry.Ref ref(List<LoopEntry.ArgumentBuffer> arguments) {
    if (accept("#")) {
      return new LoopEntry.Ref.Argument(small());
    }
    if (accept("arena")) {
      expect("[");
      long offset = integer();
      expect("]");
      return new LoopEntry.Ref.Arena(offset);
    }
    Token t = peek();
    String name = name();
    for (int i = 0; i < arguments.size(); i++) {
      if (arguments.get(i).name().equals(name)) {
        return new LoopEntry.Ref.Argument(i);
      }
    }
    throw error(t, "there is no argument " + t);
  }

  private Kernel kernel() {
    expect("kernel");
    String name = name();
    buffers.clear();
    vars.clear();
    List<Symbol> declared = symbolsAhead();
    List<Buffer> parameters =
        list(
            "(",
            ")",
            () -> {
              Token t = peek();
              String parameter = name();
              expect(":");
              return declare(t, Buffer.global(parameter, dtype(), size()));
            });
    symbols();
    Set<Origin> origins = new HashSet<>();
    while (accept("from")) {
      origins.add(origin());
    }
    return new Kernel(name, parameters, declared, block(), origins);
  }

  private Buffer declare(Token t, Buffer b) {
    if (buffers.put(b.name(), b) != null) {
      throw error(t, "there is a buffer " + b.name() + " already");
    }
    return b;
  }

  private Origin origin() {
    Token t = peek();
    Role role;
    try {
      role = Role.valueOf(name().toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException _) {
      throw error(t, "there is no role " + t);
    }
    String path = string();
    var chain = new ArrayList<Span>();
    if (accept("at")) {
      do {
        String file = string();
        expect(":");
        int line = small();
        expect(":");
        int column = small();
        expect("-");
        int endLine = small();
        expect(":");
        chain.add(new Span(file, line, column, endLine, small()));
      } while (accept(","));
    }
    return new Origin(path, chain, role);
  }

  private DType dtype() {
    Token t = expect(Kind.NAME, "an element type");
    return dtype(t, t.text());
  }

  private static DType dtype(Token t, String text) {
    try {
      return DType.parse(text);
    } catch (IllegalArgumentException _) {
      throw error(t, "there is no element type " + text);
    }
  }

  private Dim size() {
    expect("[");
    Dim d = factor();
    while (accept("*")) {
      d = d.times(factor());
    }
    expect("]");
    return d;
  }

  private Dim factor() {
    return peek().kind() == Kind.NUMBER ? Dim.of(integer()) : Dim.of(symbol());
  }

  private Symbol symbol() {
    Token t = peek();
    Symbol s = symbols.get(name());
    if (s == null) {
      throw error(t, "there is no symbol " + t);
    }
    return s;
  }

  // Statements

  private Stmt.Block block() {
    expect("{");
    var body = new ArrayList<Stmt>();
    while (!accept("}")) {
      body.add(stmt());
    }
    return new Stmt.Block(body);
  }

  private Stmt stmt() {
    Token t = peek();
    if (t.is("{")) {
      return block();
    }
    return switch (expect(Kind.NAME, "a statement").text()) {
      case "for" -> loop(LoopKind.SERIAL);
      case "let" -> {
        Token name = expect(Kind.VAR, "a variable");
        expect(":");
        Token type = expect(Kind.NAME, "a type");
        expect("=");
        Expr value = expr();
        yield new Stmt.Let(bind(name, dtypeOf(type), lanesOf(type)), value);
      }
      case "store" -> {
        Access a = access();
        expect("=");
        Expr value = expr();
        if (a.lanes != value.lanes()) {
          throw error(t, "the value has " + value.lanes() + " lanes, the place " + a.lanes);
        }
        yield new Stmt.Store(a.buffer, a.index, value, a.mask);
      }
      case "alloc" -> alloc();
      case "if" -> {
        Expr condition = expr();
        Stmt then = block();
        yield new Stmt.If(condition, then, accept("else") ? Optional.of(block()) : Optional.empty());
      }
      case "barrier" -> new Stmt.Barrier();
      case "prefetch" -> {
        Access a = access();
        yield new Stmt.Prefetch(a.buffer, a.index);
      }
      case String word -> {
        for (LoopKind kind : LoopKind.values()) {
          if (kind.toString().equals(word)) {
            expect("for");
            yield loop(kind);
          }
        }
        throw error(t, "there is no statement " + t);
      }
    };
  }

  private Stmt loop(LoopKind kind) {
    Token name = expect(Kind.VAR, "a variable");
    expect("=");
    Expr lower = expr();
    expect("to");
    Expr upper = expr();
    long step = accept("step") ? integer() : 1;
    Var v = bind(name, DType.I64, 1);
    return new Stmt.For(kind, v, lower, upper, step, block());
  }

  private Stmt alloc() {
    Token name = peek();
    String text = name();
    expect(":");
    Token type = expect(Kind.NAME, "a type");
    Dim size = size();
    Token space = expect(Kind.NAME, "a memory space");
    for (Space s : Space.values()) {
      if (s.toString().equals(space.text())) {
        return new Stmt.Alloc(declare(name, new Buffer(text, dtypeOf(type), lanesOf(type), size, s)));
      }
    }
    throw error(space, "there is no memory space " + space);
  }

  private Var bind(Token name, DType dtype, int lanes) {
    var v = new Var(name.text(), dtype, lanes);
    if (vars.put(v.name(), v) != null) {
      throw error(name, "there is a variable %" + v.name() + " already");
    }
    return v;
  }

  private static DType dtypeOf(Token type) {
    int x = type.text().lastIndexOf('x');
    return dtype(type, x < 0 ? type.text() : type.text().substring(0, x));
  }

  private static int lanesOf(Token type) {
    int x = type.text().lastIndexOf('x');
    try {
      return x < 0 ? 1 : Integer.parseInt(type.text().substring(x + 1));
    } catch (NumberFormatException _) {
      throw error(type, "there is no type " + type);
    }
  }

  private record Access(Buffer buffer, Expr index, int lanes, Optional<Expr> mask) {}

  private Access access() {
    Token t = peek();
    Buffer b = buffers.get(name());
    if (b == null) {
      throw error(t, "there is no buffer " + t);
    }
    expect("[");
    Expr index = expr();
    int lanes = accept(":") ? small() : LoopPrinter.lanes(b, index);
    Optional<Expr> mask = accept("if") ? Optional.of(expr()) : Optional.empty();
    expect("]");
    return new Access(b, index, lanes, mask);
  }

  // Expressions

  private Expr expr() {
    return infix(1);
  }

  private Expr infix(int least) {
    Expr x = operand();
    for (Optional<LoopPrinter.Infix> op = operator(least); op.isPresent(); op = operator(least)) {
      take();
      x = op.get().make(x, infix(op.get().precedence + 1));
    }
    return x;
  }

  private Optional<LoopPrinter.Infix> operator(int least) {
    if (peek().kind() == Kind.PUNCTUATION) {
      for (LoopPrinter.Infix op : LoopPrinter.Infix.values()) {
        if (peek().is(op.text) && op.precedence >= least) {
          return Optional.of(op);
        }
      }
    }
    return Optional.empty();
  }

  private Expr operand() {
    Token t = take();
    return switch (t.kind()) {
      case VAR -> {
        Var v = vars.get(t.text());
        if (v == null) {
          throw error(t, "there is no variable %" + t.text());
        }
        yield new Expr.VarRef(v);
      }
      case NUMBER -> number(t, "");
      case STRING -> {
        at--;
        yield new Expr.Size(symbol());
      }
      case NAME -> word(t);
      case PUNCTUATION -> {
        if (t.is("(")) {
          Expr e = expr();
          expect(")");
          yield e;
        }
        if (t.is("-")) {
          yield number(take(), "-");
        }
        throw error(t, "expected an expression, found " + t);
      }
      case END -> throw error(t, "expected an expression, found " + t);
    };
  }

  private static Expr number(Token t, String sign) {
    String text = t.text();
    try {
      if (text.endsWith("f64")) {
        return new Expr.Const(DType.F64, real(sign, text.substring(0, text.length() - 3)));
      }
      if (text.endsWith("i32")) {
        return new Expr.Const(DType.I32, Integer.parseInt(sign + text.substring(0, text.length() - 3)));
      }
      if (text.contains(".") || text.contains("E") || !Character.isDigit(text.charAt(0))) {
        boolean finite = Character.isDigit(text.charAt(0));
        return new Expr.Const(DType.F32, finite ? Float.parseFloat(sign + text) : real(sign, text));
      }
      return new Expr.Const(DType.I64, Long.parseLong(sign + text));
    } catch (NumberFormatException _) {
      throw error(t, "expected a number, found " + t);
    }
  }

  private static double real(String sign, String text) {
    return switch (text) {
      case "inf" -> sign.isEmpty() ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
      case "nan" -> Double.NaN;
      default -> Double.parseDouble(sign + text);
    };
  }

  private Expr word(Token t) {
    return switch (t.text()) {
      case "load" -> {
        Access a = access();
        yield new Expr.Load(a.buffer, a.index, a.lanes, a.mask);
      }
      case "true" -> new Expr.Const(DType.BOOL, 1);
      case "false" -> new Expr.Const(DType.BOOL, 0);
      case "inf", "nan", "inff64", "nanf64" -> number(t, "");
      default -> {
        if (peek().is("(")) {
          yield call(t);
        }
        at--;
        yield new Expr.Size(symbol());
      }
    };
  }

  private Expr call(Token t) {
    List<Expr> arguments = list("(", ")", this::expr);
    String name = t.text();
    return switch (name) {
      case "fma" -> new Expr.Fma(argument(t, arguments, 0, 3), arguments.get(1), arguments.get(2));
      case "select" -> new Expr.Select(argument(t, arguments, 0, 3), arguments.get(1), arguments.get(2));
      case "splat" -> new Expr.Splat(argument(t, arguments, 0, 2), constant(t, arguments.get(1)));
      case "ramp" -> new Expr.Ramp(argument(t, arguments, 0, 3), arguments.get(1), constant(t, arguments.get(2)));
      case "lane" -> new Expr.Lane(argument(t, arguments, 0, 2), constant(t, arguments.get(1)));
      case "warp_shuffle_xor" -> new Expr.WarpShuffleXor(argument(t, arguments, 0, 2), constant(t, arguments.get(1)));
      default -> {
        for (UnaryFn fn : UnaryFn.values()) {
          if (fn.toString().equals(name)) {
            yield new Expr.Unary(fn, argument(t, arguments, 0, 1));
          }
        }
        for (BinaryFn fn : BinaryFn.values()) {
          if (fn.toString().equals(name)) {
            yield new Expr.Binary(fn, argument(t, arguments, 0, 2), arguments.get(1));
          }
        }
        for (ReduceFn fn : ReduceFn.values()) {
          if (("horizontal_" + fn).equals(name)) {
            yield new Expr.Horizontal(fn, argument(t, arguments, 0, 1));
          }
        }
        for (DType to : DType.values()) {
          if (to.toString().equals(name)) {
            yield new Expr.Convert(to, argument(t, arguments, 0, 1));
          }
        }
        throw error(t, "there is no function " + t);
      }
    };
  }

  private static Expr argument(Token t, List<Expr> arguments, int index, int count) {
    if (arguments.size() != count) {
      throw error(t, t + " takes " + count + " operands, not " + arguments.size());
    }
    return arguments.get(index);
  }

  private static int constant(Token t, Expr e) {
    if (e instanceof Expr.Const c && c.dtype() == DType.I64 && c.value() == (int) c.value()) {
      return (int) c.value();
    }
    throw error(t, "the last operand of " + t + " is a whole number");
  }
}
