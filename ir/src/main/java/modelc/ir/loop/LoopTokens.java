package modelc.ir.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import modelc.ir.DType;
import modelc.ir.ParseException;
import modelc.ir.loop.LoopLexer.Kind;
import modelc.ir.loop.LoopLexer.Token;

/**
 * The tokens of a text of Loop IR, and how far it was read. It knows words and types, no grammar.
 */
final class LoopTokens {
  private final List<Token> tokens;
  private int at;

  LoopTokens(String text) {
    tokens = LoopLexer.tokens(text);
  }

  Token peek() {
    return tokens.get(at);
  }

  Token take() {
    Token t = tokens.get(at);
    if (t.kind() != Kind.END) {
      at++;
    }
    return t;
  }

  boolean accept(String text) {
    if (peek().is(text)) {
      at++;
      return true;
    }
    return false;
  }

  void expect(String text) {
    if (!accept(text)) {
      throw error("expected '" + text + "', found " + peek());
    }
  }

  Token expect(Kind kind, String what) {
    if (peek().kind() != kind) {
      throw error("expected " + what + ", found " + peek());
    }
    return take();
  }

  ParseException error(String message) {
    return error(peek(), message);
  }

  static ParseException error(Token where, String message) {
    return new ParseException(where.line(), where.column(), message);
  }

  String string() {
    return expect(Kind.STRING, "a string").text();
  }

  String name() {
    return peek().kind() == Kind.STRING ? take().text() : expect(Kind.NAME, "a name").text();
  }

  long integer() {
    boolean negative = accept("-");
    Token t = expect(Kind.NUMBER, "a number");
    try {
      return negative ? -Long.parseLong(t.text()) : Long.parseLong(t.text());
    } catch (NumberFormatException _) {
      throw error(t, "expected a whole number, found " + t);
    }
  }

  int small() {
    Token t = peek();
    long n = integer();
    if (n != (int) n) {
      throw error(t, n + " is too large");
    }
    return (int) n;
  }

  <T> List<T> list(String open, String close, Supplier<T> item) {
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

  int position() {
    return at;
  }

  /** Goes back, or forward, to where {@link #position} was. */
  void seek(int position) {
    at = position;
  }

  DType dtype() {
    Token t = expect(Kind.NAME, "an element type");
    return dtype(t, t.text());
  }

  static DType dtype(Token t, String text) {
    try {
      return DType.parse(text);
    } catch (IllegalArgumentException _) {
      throw error(t, "there is no element type " + text);
    }
  }

  static DType dtypeOf(Token type) {
    int x = type.text().lastIndexOf('x');
    return dtype(type, x < 0 ? type.text() : type.text().substring(0, x));
  }

  static int lanesOf(Token type) {
    int x = type.text().lastIndexOf('x');
    try {
      return x < 0 ? 1 : Integer.parseInt(type.text().substring(x + 1));
    } catch (NumberFormatException _) {
      throw error(type, "there is no type " + type);
    }
  }
}
