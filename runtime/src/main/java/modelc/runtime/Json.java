package modelc.runtime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A strict JSON parser: RFC 8259 without leniency, duplicate keys refused, depth bounded. Objects
 * become {@link Map}s in file order, integers {@link Long}s, other numbers {@link Double}s. It
 * knows nothing of what the text means.
 */
final class Json {
  private static final int MAX_DEPTH = 16;

  /** What is wrong, and the index of the character where. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1;

    Malformed(String what, int at) {
      super(what + " at character " + at);
    }
  }

  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  /** The value {@code text} holds, with nothing but spaces around it. */
  static Object parse(String text) throws Malformed {
    var parser = new Json(text);
    parser.spaces();
    Object value = parser.value(0);
    parser.spaces();
    if (parser.at < text.length()) {
      throw parser.malformed("text after the end of the value");
    }
    return value;
  }

  /** {@code value} as a JSON string literal. */
  static String quote(String value) {
    var out = new StringBuilder(value.length() + 2).append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        default -> {
          if (c < 0x20 || Character.isSurrogate(c)) {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString();
  }

  private Malformed malformed(String what) {
    return new Malformed(what, at);
  }

  private void spaces() {
    while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private char peek() throws Malformed {
    if (at >= text.length()) {
      throw malformed("unexpected end");
    }
    return text.charAt(at);
  }

  private void expect(char c) throws Malformed {
    if (peek() != c) {
      throw malformed("expected '" + c + "', found '" + peek() + "'");
    }
    at++;
  }

  private Object value(int depth) throws Malformed {
    if (depth > MAX_DEPTH) {
      throw malformed("nesting deeper than " + MAX_DEPTH);
    }
    return switch (peek()) {
      case '{' -> object(depth);
      case '[' -> array(depth);
      case '"' -> string();
      case 't' -> word("true", Boolean.TRUE);
      case 'f' -> word("false", Boolean.FALSE);
      default -> number();
    };
  }

  private Map<String, Object> object(int depth) throws Malformed {
    var object = new LinkedHashMap<String, Object>();
    expect('{');
    spaces();
    if (peek() == '}') {
      at++;
      return object;
    }
    while (true) {
      spaces();
      int start = at;
      String key = string();
      spaces();
      expect(':');
      spaces();
      if (object.put(key, value(depth + 1)) != null) {
        at = start;
        throw malformed("duplicate key " + quote(key));
      }
      spaces();
      if (peek() == '}') {
        at++;
        return object;
      }
      expect(',');
    }
  }

  private List<Object> array(int depth) throws Malformed {
    var array = new ArrayList<Object>();
    expect('[');
    spaces();
    if (peek() == ']') {
      at++;
      return array;
    }
    while (true) {
      spaces();
      array.add(value(depth + 1));
      spaces();
      if (peek() == ']') {
        at++;
        return array;
      }
      expect(',');
    }
  }

  private String string() throws Malformed {
    expect('"');
    var out = new StringBuilder();
    while (true) {
      char c = peek();
      if (c < 0x20) {
        throw malformed("a control character inside a string");
      }
      at++;
      switch (c) {
        case '"' -> {
          return out.toString();
        }
        case '\\' -> out.append(escape());
        default -> out.append(c);
      }
    }
  }

  private char escape() throws Malformed {
    char c = peek();
    at++;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        int code = 0;
        for (int i = 0; i < 4; i++) {
          int digit = Character.digit(peek(), 16);
          if (digit < 0 || peek() > 'f') {
            throw malformed("not a hexadecimal digit: '" + peek() + "'");
          }
          code = code * 16 + digit;
          at++;
        }
        yield (char) code;
      }
      default -> throw malformed("unknown escape \\" + c);
    };
  }

  private Object word(String word, Object value) throws Malformed {
    if (!text.startsWith(word, at)) {
      throw malformed("not a value");
    }
    at += word.length();
    return value;
  }

  private boolean isDigit() {
    return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
  }

  private void digits() throws Malformed {
    if (!isDigit()) {
      throw malformed("not a value");
    }
    while (isDigit()) {
      at++;
    }
  }

  private Object number() throws Malformed {
    int start = at;
    if (peek() == '-') {
      at++;
    }
    if (isDigit() && text.charAt(at) == '0') {
      at++;
    } else {
      digits();
    }
    boolean integer = true;
    if (at < text.length() && text.charAt(at) == '.') {
      integer = false;
      at++;
      digits();
    }
    if (at < text.length() && "eE".indexOf(text.charAt(at)) >= 0) {
      integer = false;
      at++;
      if (at < text.length() && "+-".indexOf(text.charAt(at)) >= 0) {
        at++;
      }
      digits();
    }
    String literal = text.substring(start, at);
    try {
      return integer ? (Object) Long.valueOf(literal) : (Object) Double.valueOf(literal);
    } catch (NumberFormatException tooLarge) {
      at = start;
      throw malformed("a number out of range");
    }
  }
}
