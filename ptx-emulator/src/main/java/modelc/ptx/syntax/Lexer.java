package modelc.ptx.syntax;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cuts PTX into tokens; comments and white space go. */
final class Lexer {
  private static final Pattern EXPONENT = Pattern.compile("[0-9]+[eE][0-9]*");
  private static final Pattern FLOAT = Pattern.compile("0[fF][0-9a-fA-F]{8}");
  private static final Pattern DOUBLE = Pattern.compile("0[dD][0-9a-fA-F]{16}");
  private static final Pattern DECIMAL = Pattern.compile("[0-9]+(\\.[0-9]*)?([eE][+-]?[0-9]+)?");

  enum Kind {
    WORD,
    /** A directive or modifier: its text is without the dot. */
    DOT,
    INT,
    REAL,
    STRING,
    MARK,
    END
  }

  /**
   * A token.
   *
   * @param value of an integer; the bits of a real
   * @param width of a real: 32 or 64
   */
  record Token(Kind kind, String text, long value, int width, int line) {}

  private final String s;
  private int at;
  private int line = 1;
  private final List<Token> tokens = new ArrayList<>();

  private Lexer(String text) {
    s = text;
  }

  static List<Token> tokens(String text) {
    var lexer = new Lexer(text);
    while (lexer.skipBlank()) {
      lexer.token();
    }
    lexer.tokens.add(new Token(Kind.END, "the end", 0, 0, lexer.line));
    return lexer.tokens;
  }

  private char peek(int ahead) {
    return at + ahead < s.length() ? s.charAt(at + ahead) : '\0';
  }

  private boolean skipBlank() {
    while (at < s.length()) {
      char c = s.charAt(at);
      if (c == '/' && peek(1) == '/') {
        int end = s.indexOf('\n', at);
        at = end < 0 ? s.length() : end;
      } else if (c == '/' && peek(1) == '*') {
        int end = s.indexOf("*/", at + 2);
        if (end < 0) {
          throw new SyntaxException(line, "comment without end");
        }
        line += (int) s.substring(at, end).chars().filter(x -> x == '\n').count();
        at = end + 2;
      } else if (Character.isWhitespace(c) || c == '\0') {
        line += c == '\n' ? 1 : 0;
        at++;
      } else {
        return true;
      }
    }
    return false;
  }

  private static boolean isWord(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '_'
        || c == '$';
  }

  private String word(int from) {
    int end = from;
    while (end < s.length() && isWord(s.charAt(end))) {
      end++;
    }
    return s.substring(from, end);
  }

  private void add(Kind kind, String text, int length) {
    tokens.add(new Token(kind, text, 0, 0, line));
    at += length;
  }

  private void token() {
    char c = s.charAt(at);
    if (c >= '0' && c <= '9') {
      number();
    } else if (isWord(c) || (c == '%' && isWord(peek(1)))) {
      String w = c + word(at + 1);
      add(Kind.WORD, w, w.length());
    } else if (c == '.' && isWord(peek(1))) {
      var w = new StringBuilder(word(at + 1));
      while (s.startsWith("::", at + 1 + w.length())) {
        w.append("::");
        w.append(word(at + 1 + w.length()));
      }
      add(Kind.DOT, w.toString(), w.length() + 1);
    } else if (c == '"') {
      int end = s.indexOf('"', at + 1);
      if (end < 0 || s.substring(at, end).contains("\n")) {
        throw new SyntaxException(line, "string without end");
      }
      add(Kind.STRING, s.substring(at + 1, end), end + 1 - at);
    } else if ("()[]{},;:@!|+-=<>*".indexOf(c) >= 0) {
      add(Kind.MARK, String.valueOf(c), 1);
    } else {
      throw new SyntaxException(line, "unexpected character '" + c + "'");
    }
  }

  private void number() {
    String w = word(at);
    boolean fraction = peek(w.length()) == '.' && !w.startsWith("0x");
    boolean exponent = EXPONENT.matcher(w).matches();
    if (FLOAT.matcher(w).matches()) {
      real(w, Long.parseLong(w.substring(2), 16), 32);
    } else if (DOUBLE.matcher(w).matches()) {
      real(w, Long.parseUnsignedLong(w.substring(2), 16), 64);
    } else if (fraction || exponent) {
      Matcher m = DECIMAL.matcher(s);
      m.region(at, s.length());
      if (!m.lookingAt()) {
        throw new SyntaxException(line, "bad number " + w);
      }
      real(m.group(), Double.doubleToRawLongBits(Double.parseDouble(m.group())), 64);
    } else {
      integer(w);
    }
  }

  private void real(String text, long bits, int width) {
    tokens.add(new Token(Kind.REAL, text, bits, width, line));
    at += text.length();
  }

  private void integer(String w) {
    String digits = w.endsWith("u") || w.endsWith("U") ? w.substring(0, w.length() - 1) : w;
    try {
      long value =
          digits.startsWith("0x") || digits.startsWith("0X")
              ? Long.parseUnsignedLong(digits.substring(2), 16)
              : digits.startsWith("0b") || digits.startsWith("0B")
                  ? Long.parseUnsignedLong(digits.substring(2), 2)
                  : digits.length() > 1 && digits.startsWith("0")
                      ? Long.parseUnsignedLong(digits, 8)
                      : Long.parseUnsignedLong(digits);
      tokens.add(new Token(Kind.INT, w, value, 0, line));
      at += w.length();
    } catch (NumberFormatException e) {
      throw new SyntaxException(line, "bad number " + w);
    }
  }
}
