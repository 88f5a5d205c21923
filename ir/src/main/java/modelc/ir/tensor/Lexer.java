package modelc.ir.tensor;

import java.util.ArrayList;
import java.util.List;
import modelc.ir.ParseException;

/**
 * Splits the text form of Tensor IR into tokens with their places. It knows no grammar; comments
 * run from {@code //} to the end of the line.
 */
final class Lexer {
  enum Kind {
    NAME,
    /** A quoted name; the text is without the quotes. */
    STRING,
    /** {@code %name}; the text is without the sigil. */
    VALUE,
    /** {@code %5}: a value named by its place. */
    TEMPORARY,
    /** {@code @name}; the text is without the sigil. */
    CALLABLE,
    NUMBER,
    PUNCTUATION,
    END
  }

  record Token(Kind kind, String text, int line, int column) {
    boolean is(String punctuationOrName) {
      return (kind == Kind.PUNCTUATION || kind == Kind.NAME) && text.equals(punctuationOrName);
    }

    String show() {
      return switch (kind) {
        case VALUE, TEMPORARY -> "%" + text;
        case CALLABLE -> "@" + text;
        case END -> "the end";
        case NAME, STRING, NUMBER, PUNCTUATION -> "'" + text + "'";
      };
    }
  }

  private final String text;
  private int at;
  private int line = 1;
  private int lineStart;

  private Lexer(String text) {
    this.text = text;
  }

  static List<Token> tokens(String text) {
    var lexer = new Lexer(text);
    var tokens = new ArrayList<Token>();
    do {
      tokens.add(lexer.next());
    } while (tokens.getLast().kind() != Kind.END);
    return tokens;
  }

  private Token next() {
    skipBlanks();
    int start = at;
    char c = peek();
    if (at >= text.length()) {
      return token(Kind.END, start, "");
    }
    if (c == '"') {
      return token(Kind.STRING, start, string());
    }
    if (c == '%' || c == '@') {
      at++;
      Kind kind = c == '@' ? Kind.CALLABLE : isDigit(peek()) ? Kind.TEMPORARY : Kind.VALUE;
      boolean quoted = peek() == '"';
      String name = quoted ? string() : run("_.[]");
      if (name.isEmpty() && !quoted) {
        throw error(start, "a name must follow " + c);
      }
      return token(kind, start, name);
    }
    if (isLetter(c) || c == '_') {
      return token(Kind.NAME, start, run("_."));
    }
    if (text.startsWith("->", at)) {
      at += 2;
      return token(Kind.PUNCTUATION, start, "->");
    }
    if (text.startsWith("-inf", at)) {
      at += 4;
      return token(Kind.NUMBER, start, "-inf");
    }
    if (isDigit(c) || c == '-') {
      return token(Kind.NUMBER, start, number(start));
    }
    if ("{}()[]=:,*#".indexOf(c) < 0) {
      throw error(start, "unexpected character '" + c + "'");
    }
    at++;
    return token(Kind.PUNCTUATION, start, String.valueOf(c));
  }

  private void skipBlanks() {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (text.startsWith("//", at)) {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end;
      } else if (c == '\n') {
        at++;
        line++;
        lineStart = at;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        at++;
      } else {
        return;
      }
    }
  }

  /**
   * A quoted string, without its quotes; {@code \n}, {@code \r}, {@code \"} and {@code \\} are
   * escapes.
   */
  private String string() {
    int start = at++;
    var result = new StringBuilder();
    while (peek() != '"') {
      char c = peek();
      if (at >= text.length() || c == '\n') {
        throw error(start, "a string without its closing quote");
      }
      at++;
      if (c == '\\') {
        c =
            switch (peek()) {
              case 'n' -> '\n';
              case 'r' -> '\r';
              case '"' -> '"';
              case '\\' -> '\\';
              default -> throw error(at, "unknown escape \\" + peek());
            };
        at++;
      }
      result.append(c);
    }
    at++;
    return result.toString();
  }

  private String run(String extra) {
    int start = at;
    while (isLetter(peek())
        || isDigit(peek())
        || (at < text.length() && extra.indexOf(peek()) >= 0)) {
      at++;
    }
    return text.substring(start, at);
  }

  private String number(int start) {
    if (peek() == '-') {
      at++;
    }
    digits(start);
    if (peek() == '.') {
      at++;
      digits(start);
    }
    if (peek() == 'e') {
      at++;
      if (peek() == '-') {
        at++;
      }
      digits(start);
    }
    return text.substring(start, at);
  }

  private void digits(int start) {
    if (!isDigit(peek())) {
      throw error(start, "a malformed number");
    }
    while (isDigit(peek())) {
      at++;
    }
  }

  private char peek() {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private Token token(Kind kind, int start, String content) {
    return new Token(kind, content, line, start - lineStart + 1);
  }

  private ParseException error(int offset, String message) {
    return new ParseException(line, offset - lineStart + 1, message);
  }
}
