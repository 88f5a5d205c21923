package modelc.ir.loop;

import java.util.ArrayList;
import java.util.List;
import modelc.ir.ParseException;

/**
 * Cuts the text form of Loop IR into tokens. Comments run from {@code //} to the end of the line.
 */
final class LoopLexer {
  enum Kind {
    NAME,
    VAR,
    NUMBER,
    STRING,
    PUNCTUATION,
    END
  }

  /**
   * A name, number or mark; {@code text} is without the {@code %} of a variable and the quotes of a
   * string.
   */
  record Token(Kind kind, String text, int line, int column) {
    boolean is(String punctuationOrWord) {
      return (kind == Kind.PUNCTUATION || kind == Kind.NAME) && text.equals(punctuationOrWord);
    }

    @Override
    public String toString() {
      return kind == Kind.END ? "the end" : "'" + text + "'";
    }
  }

  private static final List<String> LONG_MARKS = List.of(">>>", "<<", "<=", ">=", "==", "!=");

  private final String text;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private int lineStart;

  private LoopLexer(String text) {
    this.text = text;
  }

  static List<Token> tokens(String text) {
    var lexer = new LoopLexer(text);
    while (lexer.skipBlank()) {
      lexer.next();
    }
    lexer.tokens.add(new Token(Kind.END, "", lexer.line, lexer.at - lexer.lineStart + 1));
    return lexer.tokens;
  }

  private char peek(int ahead) {
    return at + ahead < text.length() ? text.charAt(at + ahead) : '\0';
  }

  private boolean skipBlank() {
    while (at < text.length()) {
      if (peek(0) == '\n') {
        line++;
        lineStart = at + 1;
        at++;
      } else if (Character.isWhitespace(peek(0))) {
        at++;
      } else if (peek(0) == '/' && peek(1) == '/') {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end;
      } else {
        return true;
      }
    }
    return false;
  }

  private void next() {
    int column = at - lineStart + 1;
    char c = peek(0);
    Token token;
    if (c == '"') {
      token = new Token(Kind.STRING, string(), line, column);
    } else if (c == '%' && peek(1) == '"') {
      at++;
      token = new Token(Kind.VAR, string(), line, column);
    } else if (c == '%' && isNamePart(peek(1))) {
      at++;
      token = new Token(Kind.VAR, name(), line, column);
    } else if (Character.isDigit(c)) {
      token = new Token(Kind.NUMBER, number(), line, column);
    } else if (isNamePart(c) && c != '.') {
      token = new Token(Kind.NAME, name(), line, column);
    } else {
      String mark =
          LONG_MARKS.stream()
              .filter(m -> text.startsWith(m, at))
              .findFirst()
              .orElse(String.valueOf(c));
      at += mark.length();
      token = new Token(Kind.PUNCTUATION, mark, line, column);
    }
    tokens.add(token);
  }

  private static boolean isNamePart(char c) {
    return c == '_'
        || c == '.'
        || (c >= '0' && c <= '9')
        || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z');
  }

  private String name() {
    int start = at;
    while (isNamePart(peek(0))) {
      at++;
    }
    return text.substring(start, at);
  }

  private String number() {
    int start = at;
    while (isNamePart(peek(0)) || (peek(0) == '-' && peek(-1) == 'E')) {
      at++;
    }
    return text.substring(start, at);
  }

  private String string() {
    var s = new StringBuilder();
    int start = at - lineStart + 1;
    for (at++; peek(0) != '"'; at++) {
      if (at >= text.length() || peek(0) == '\n') {
        throw new ParseException(line, start, "this string does not end");
      }
      if (peek(0) == '\\') {
        at++;
        s.append(peek(0) == 'n' ? '\n' : peek(0));
      } else {
        s.append(peek(0));
      }
    }
    at++;
    return s.toString();
  }
}
