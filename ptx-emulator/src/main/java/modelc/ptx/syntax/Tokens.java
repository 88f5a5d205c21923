package modelc.ptx.syntax;

import java.util.List;
import modelc.ptx.syntax.Lexer.Kind;
import modelc.ptx.syntax.Lexer.Token;

/** A place among the tokens of a text. */
final class Tokens {
  private final List<Token> tokens;
  private int at;

  Tokens(String text) {
    tokens = Lexer.tokens(text);
  }

  Token peek() {
    return tokens.get(at);
  }

  Token next() {
    Token t = tokens.get(at);
    if (t.kind() != Kind.END) {
      at++;
    }
    return t;
  }

  int line() {
    return peek().line();
  }

  boolean is(Kind kind) {
    return peek().kind() == kind;
  }

  boolean isMark(String text) {
    return is(Kind.MARK) && peek().text().equals(text);
  }

  /** Whether the token after the next one is this mark. */
  boolean isMarkAhead(String text) {
    Token t = tokens.get(Math.min(at + 1, tokens.size() - 1));
    return t.kind() == Kind.MARK && t.text().equals(text);
  }

  boolean isDot(String text) {
    return is(Kind.DOT) && peek().text().equals(text);
  }

  boolean takeMark(String text) {
    boolean found = isMark(text);
    at += found ? 1 : 0;
    return found;
  }

  boolean takeDot(String text) {
    boolean found = isDot(text);
    at += found ? 1 : 0;
    return found;
  }

  void mark(String text) {
    if (!takeMark(text)) {
      throw expected("'" + text + "'");
    }
  }

  Token take(Kind kind, String what) {
    if (!is(kind)) {
      throw expected(what);
    }
    return next();
  }

  String word(String what) {
    return take(Kind.WORD, what).text();
  }

  long integer() {
    boolean negative = takeMark("-");
    long value = take(Kind.INT, "an integer").value();
    return negative ? -value : value;
  }

  int small(String what, long max) {
    int line = line();
    long value = integer();
    if (value < 0 || value > max) {
      throw new SyntaxException(line, what + " is " + value + ", which is not within 0 .. " + max);
    }
    return (int) value;
  }

  SyntaxException expected(String what) {
    String found = peek().kind() == Kind.DOT ? "." + peek().text() : peek().text();
    return new SyntaxException(line(), "expected " + what + ", found " + found);
  }
}
