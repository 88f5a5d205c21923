package modelc.ir.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import modelc.ir.ParseException;
import modelc.ir.tensor.Lexer.Kind;
import modelc.ir.tensor.Lexer.Token;

/** Reads tokens one by one: names, numbers, lists, keys. It knows no grammar beyond these. */
final class TokenReader {
  private final List<Token> tokens;
  private int at;

  TokenReader(String text) {
    tokens = Lexer.tokens(text);
  }

  List<Long> integers(String key) {
    return key(key, () -> list("[", "]", this::integer));
  }

  List<Integer> axes(String key) {
    return key(key, () -> list("[", "]", this::axis));
  }

  int axis(String key) {
    return key(key, this::axis);
  }

  <T> T key(String key, Supplier<T> value) {
    expect(key);
    expect("=");
    return value.get();
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

  /** The constant of an enum, in lower case. */
  <E extends Enum<E>> E constant(E[] all) {
    Token at = peek();
    String text = name();
    for (E e : all) {
      if (e.name().toLowerCase(Locale.ROOT).equals(text)) {
        return e;
      }
    }
    throw error(
        at, "'" + text + "' is none of " + List.of(all).toString().toLowerCase(Locale.ROOT));
  }

  int axis() {
    Token at = peek();
    long value = integer();
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw error(at, value + " is no axis");
    }
    return (int) value;
  }

  long integer() {
    Token token = take(Kind.NUMBER);
    try {
      return Long.parseLong(token.text());
    } catch (NumberFormatException _) {
      throw error(token, token.show() + " is no integer of 64 bits");
    }
  }

  double number() {
    Token token = tokens.get(at);
    if (token.is("nan") || token.is("inf")) {
      at++;
      return token.is("nan") ? Double.NaN : Double.POSITIVE_INFINITY;
    }
    take(Kind.NUMBER);
    return token.text().equals("-inf")
        ? Double.NEGATIVE_INFINITY
        : Double.parseDouble(token.text());
  }

  String name() {
    Token token = peek();
    if (token.kind() != Kind.NAME && token.kind() != Kind.STRING) {
      throw error(token, "expected a name, not " + token.show());
    }
    at++;
    return token.text();
  }

  void end() {
    if (peek().kind() != Kind.END) {
      throw error(peek(), "expected the end, not " + peek().show());
    }
  }

  Token peek() {
    return tokens.get(at);
  }

  Token take(Kind kind) {
    Token token = peek();
    if (token.kind() != kind) {
      throw error(
          token, "expected a " + kind.name().toLowerCase(Locale.ROOT) + ", not " + token.show());
    }
    at++;
    return token;
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
      throw error(peek(), "expected '" + text + "', not " + peek().show());
    }
  }

  static ParseException error(Token at, String message) {
    return new ParseException(at.line(), at.column(), message);
  }
}
