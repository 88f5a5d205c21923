package modelc.ir.loop;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.ReduceFn;
import modelc.ir.Symbol;
import modelc.ir.UnaryFn;
import modelc.ir.loop.LoopLexer.Kind;
import modelc.ir.loop.LoopLexer.Token;

/**
 * Reads expressions and accesses to buffers; {@link LoopParser} reads all else and says which names
 * there are.
 */
final class LoopExprParser {
  final Map<String, Symbol> symbols = new HashMap<>();
  final Map<String, Buffer> buffers = new HashMap<>();
  final Map<String, Var> vars = new HashMap<>();
  private final LoopTokens tokens;

  LoopExprParser(LoopTokens tokens) {
    this.tokens = tokens;
  }

  Symbol symbol() {
    Token t = tokens.peek();
    tokens.name();
    return symbol(t);
  }

  private Symbol symbol(Token t) {
    Symbol s = symbols.get(t.text());
    if (s == null) {
      throw LoopTokens.error(t, "there is no symbol " + t);
    }
    return s;
  }

  record Access(Buffer buffer, Expr index, int lanes, Optional<Expr> mask) {}

  Access access() {
    Token t = tokens.peek();
    Buffer b = buffers.get(tokens.name());
    if (b == null) {
      throw LoopTokens.error(t, "there is no buffer " + t);
    }
    tokens.expect("[");
    Expr index = expr();
    int lanes = tokens.accept(":") ? tokens.small() : LoopPrinter.lanes(b, index);
    Optional<Expr> mask = tokens.accept("if") ? Optional.of(expr()) : Optional.empty();
    tokens.expect("]");
    return new Access(b, index, lanes, mask);
  }

  Expr expr() {
    return infix(1);
  }

  private Expr infix(int least) {
    Expr x = operand();
    for (Optional<Infix> op = operator(least); op.isPresent(); op = operator(least)) {
      tokens.take();
      x = op.get().make(x, infix(op.get().precedence + 1));
    }
    return x;
  }

  private Optional<Infix> operator(int least) {
    if (tokens.peek().kind() == Kind.PUNCTUATION) {
      for (Infix op : Infix.values()) {
        if (tokens.peek().is(op.text) && op.precedence >= least) {
          return Optional.of(op);
        }
      }
    }
    return Optional.empty();
  }

  private Expr operand() {
    Token t = tokens.take();
    return switch (t.kind()) {
      case VAR -> {
        Var v = vars.get(t.text());
        if (v == null) {
          throw LoopTokens.error(t, "there is no variable %" + t.text());
        }
        yield new Expr.VarRef(v);
      }
      case NUMBER -> number(t, "");
      case STRING -> new Expr.Size(symbol(t));
      case NAME -> word(t);
      case PUNCTUATION -> {
        if (t.is("(")) {
          Expr e = expr();
          tokens.expect(")");
          yield e;
        }
        if (t.is("-")) {
          yield number(tokens.take(), "-");
        }
        throw LoopTokens.error(t, "expected an expression, found " + t);
      }
      case END -> throw LoopTokens.error(t, "expected an expression, found " + t);
    };
  }

  private static Expr number(Token t, String sign) {
    String text = t.text();
    try {
      if (text.endsWith("f64")) {
        return new Expr.Const(DType.F64, real(sign, text.substring(0, text.length() - 3)));
      }
      if (text.endsWith("i32")) {
        return new Expr.Const(
            DType.I32, Integer.parseInt(sign + text.substring(0, text.length() - 3)));
      }
      if (text.contains(".") || text.contains("E") || !Character.isDigit(text.charAt(0))) {
        boolean finite = Character.isDigit(text.charAt(0));
        return new Expr.Const(DType.F32, finite ? Float.parseFloat(sign + text) : real(sign, text));
      }
      return new Expr.Const(DType.I64, Long.parseLong(sign + text));
    } catch (NumberFormatException _) {
      throw LoopTokens.error(t, "expected a number, found " + t);
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
      default -> tokens.peek().is("(") ? call(t) : new Expr.Size(symbol(t));
    };
  }

  private Expr call(Token t) {
    List<Expr> arguments = tokens.list("(", ")", this::expr);
    String name = t.text();
    return switch (name) {
      case "fma" -> new Expr.Fma(argument(t, arguments, 0, 3), arguments.get(1), arguments.get(2));
      case "select" ->
          new Expr.Select(argument(t, arguments, 0, 3), arguments.get(1), arguments.get(2));
      case "splat" -> new Expr.Splat(argument(t, arguments, 0, 2), constant(t, arguments.get(1)));
      case "ramp" ->
          new Expr.Ramp(
              argument(t, arguments, 0, 3), arguments.get(1), constant(t, arguments.get(2)));
      case "lane" -> new Expr.Lane(argument(t, arguments, 0, 2), constant(t, arguments.get(1)));
      case "warp_shuffle_xor" ->
          new Expr.WarpShuffleXor(argument(t, arguments, 0, 2), constant(t, arguments.get(1)));
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
        throw LoopTokens.error(t, "there is no function " + t);
      }
    };
  }

  private static Expr argument(Token t, List<Expr> arguments, int index, int count) {
    if (arguments.size() != count) {
      throw LoopTokens.error(t, t + " takes " + count + " operands, not " + arguments.size());
    }
    return arguments.get(index);
  }

  private static int constant(Token t, Expr e) {
    if (e instanceof Expr.Const c && c.dtype() == DType.I64 && c.value() == (int) c.value()) {
      return (int) c.value();
    }
    throw LoopTokens.error(t, "the last operand of " + t + " is a whole number");
  }
}
